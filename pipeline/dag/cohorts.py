"""Plaiting: train instances of equal structure become cohorts, each trained as one batched computation.

Members of one seed and one data set stand together: they share their minibatches.  Where too few of them
would, seeds are mixed instead.  A cohort is at most `width` wide, and the last ones of a node are split
further where that keeps every worker busy and leaves them wide enough.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heapreplace
from typing import TypeVar

from pipeline.dag.instances import Instance, Place, trial_id
from pipeline.dag.spec import NodeSpec
from pipeline.dag.trials import Expansion
from pipeline.stages.cohort import CohortSpec, Member, Part

WIDTH = 16
# Below this, a cohort's calls cost more than another worker or shared minibatches gain.
LEAST_WORTHWHILE = 4
TOLERATED_IMBALANCE = 1.1

Members = list[Instance]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Cohort:
    """Instances of one train node that train together, those of one seed and data set side by side."""

    node: str
    members: tuple[Instance, ...]

    def spec(self, key_of: Callable[[int], str], dtype: str, backend: str) -> CohortSpec:
        """Return the task for a worker; `key_of` gives the content key of an instance by its id."""
        first = self.members[0]
        place = first.place
        train = Part(place.spec.name, place.spec.stage, first.options)
        members = tuple(_member(instance, key_of) for instance in self.members)
        return CohortSpec(self.node, train, first.parts, members, dtype, backend)


def _member(instance: Instance, key_of: Callable[[int], str]) -> Member:
    floats = {
        spec.name: {name: value for name, value in instance.options_of(spec).items() if name in spec.varying}
        for spec in _components(instance.place)
    }
    (data,) = instance.inputs["data"]
    return Member(trial_id(instance.trial), key_of(instance.id), instance.seed, key_of(data), floats)


def cohorts(
    expansion: Expansion, width: int = WIDTH, workers: int = 2, among: Collection[int] | None = None
) -> list[Cohort]:
    """Return the cohorts of every train node, in the order of nodes and of trials.

    `among` holds the ids of the instances to train, where not all have to be.
    """
    found = []
    for node, place in expansion.places.items():
        if place.spec.kind == "train":
            wanted = [i for i in expansion.of(node) if among is None or i.id in among]
            packed = [members for group in _by_structure(place, wanted) for members in _pack(group, width)]
            found += [Cohort(node, tuple(members)) for members in _share(packed, workers)]
    return found


def _components(place: Place) -> Iterator[NodeSpec]:
    for specs in place.parts.values():
        yield from specs


def _by_structure(place: Place, instances: Sequence[Instance]) -> list[Members]:
    """Group instances that differ in nothing but floats of traced stages, data and seeds."""
    owners = [place.spec, *_components(place)]
    structural = [i for spec in owners for i, axis in place.varied(spec) if axis.option not in spec.varying]
    return _grouped(instances, lambda instance: tuple(instance.point[i] for i in structural))


def _pack(group: Members, width: int) -> Iterator[Members]:
    """Split a group into cohorts: by seed and data set, where enough members share these."""
    shared = _grouped(group, lambda instance: (instance.seed, *instance.sources))
    few = [members for members in shared if len(members) < LEAST_WORTHWHILE]
    if few:
        # Whole seeds stay together: as many a cohort as fit, evenly.
        for some in _evenly(few, max(1, width // max(map(len, few)))):
            yield from _evenly([instance for members in some for instance in members], width)
    for members in shared:
        if len(members) >= LEAST_WORTHWHILE:
            yield from _evenly(members, width)


def _share(packed: list[Members], workers: int) -> list[Members]:
    """Halve the widest cohorts while that evens out the workers' loads and leaves them wide enough."""
    loads = _loads(packed, workers)
    while packed and max(loads) * workers > TOLERATED_IMBALANCE * sum(loads):
        # Of equally wide ones the last, so that the trials that come first stay together.
        widest = max(range(len(packed)), key=lambda i: (len(packed[i]), i))
        half = (len(packed[widest]) + 1) // 2
        halves = [packed[widest][:half], packed[widest][half:]]
        split = [*packed[:widest], *halves, *packed[widest + 1 :]]
        better = _loads(split, workers)
        if len(halves[1]) < LEAST_WORTHWHILE or _unevenness(better) >= _unevenness(loads):
            break
        packed, loads = split, better
    return packed


def _loads(packed: Sequence[Members], workers: int) -> list[int]:
    """Return how many members each worker trains, the widest cohorts being taken first."""
    loads = [0] * max(1, workers)
    heapify(loads)
    for width in sorted(map(len, packed), reverse=True):
        heapreplace(loads, loads[0] + width)
    return loads


def _unevenness(loads: Iterable[int]) -> int:
    return sum(load * load for load in loads)


def _grouped(items: Iterable[Item], key: Callable[[Item], Hashable]) -> list[list[Item]]:
    groups: dict[Hashable, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())


def _evenly(items: Sequence[Item], most: int) -> Iterator[list[Item]]:
    """Cut `items` into as few pieces of at most `most` as there can be, equally long but for one item."""
    pieces = -(-len(items) // most)
    for i in range(pieces):
        yield list(items[i * len(items) // pieces : (i + 1) * len(items) // pieces])
