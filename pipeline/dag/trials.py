"""Map and gather: from a DAG with a sweep to trials, and to the instances of nodes that they need.

The one rule: a node depends on its own axes and on those of what it takes, less what it gathers; it has one
instance for each point of these axes that a trial lies on.  So what trials share exists once, whether
the search gives a grid or scattered settings.  An instance of a gathering node receives every instance of
what it gathers that agrees with it on the axes that are kept.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.dag.axes import gathering_port, is_component, node_axes
from pipeline.dag.instances import Axis, Instance, Place, Trial
from pipeline.dag.settings import Point, propose
from pipeline.dag.spec import MOST_TRIALS, SEED, Dag, NodeSpec
from pipeline.errors import UserError


@dataclass(frozen=True)
class Expansion:
    """All trials and all instances; an instance comes after everything that it takes.

    `places` has, by node, what its instances share; components of train nodes have neither.
    """

    dag: Dag
    trials: Sequence[Trial]
    axes: Mapping[str, Axis]
    instances: list[Instance] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    ids: dict[str, range] = field(default_factory=dict)
    of_trial: dict[str, array[int]] = field(default_factory=dict)

    def of(self, node: str) -> list[Instance]:
        """Return the instances of `node`, in the order of the trials that first need them."""
        return self.instances[self.ids[node].start : self.ids[node].stop]

    def at(self, node: str, trial: Trial) -> Instance:
        """Return the instance of `node` that serves `trial`."""
        return self.instances[self.of_trial[node][trial.number]]


def expand(dag: Dag) -> Expansion:
    """Expand `dag`; raise UserError where its search proposes what cannot be trained."""
    seeds = dag.sweep.seeds or (dag.seed,)
    axes, points = propose(dag, MOST_TRIALS // len(seeds))
    trials = list(_trials(axes, points, seeds, bool(dag.sweep.seeds)))
    columns = {axis.name: [point[i] for point in points for _ in seeds] for i, axis in enumerate(axes)}
    if dag.sweep.seeds:
        axes = [*axes, Axis(SEED, seeds)]
        columns[SEED] = list(range(len(seeds))) * len(points)
    expansion = Expansion(dag, trials, {axis.name: axis for axis in axes})
    return _Expander(expansion, columns).run()


def _trials(
    axes: Sequence[Axis], points: Sequence[Point], seeds: Sequence[int], sweeps_seed: bool
) -> Iterator[Trial]:
    """Yield the trials: the seeds of a setting follow each other and share its values."""
    for number, point in enumerate(points):
        values = {axis.name: axis.values[index] for axis, index in zip(axes, point, strict=True)}
        for place, seed in enumerate(seeds):
            yield Trial(number * len(seeds) + place, values, seed, sweeps_seed)


def _check_gather(spec: NodeSpec, instances: Sequence[Instance]) -> None:
    """Check what a scattered search left to gather: for a grid, the file's own checks have said enough."""
    if spec.gather is None:
        return
    most = max(sum(map(len, instance.sources)) for instance in instances)
    if most < (spec.gather.best or 2):
        wanted = f"the best {spec.gather.best} of" if spec.gather.best else "more than"
        raise UserError(
            f"{spec.name!r} gathers {wanted} {most}: the search proposes too few settings\n"
            "    give the search more trials, or gather along other axes"
        )


class _Expander:
    """Fills an expansion, node after node; `columns` has, by axis, each trial's index of its value."""

    def __init__(self, expansion: Expansion, columns: Mapping[str, list[int]]):
        self.expansion, self.columns = expansion, columns
        self.dag = expansion.dag

    def run(self) -> Expansion:
        nodes = self.dag.nodes
        for name, found in node_axes(nodes, self.dag.sweep).items():
            if not is_component(nodes[name].kind):
                self.add(self.place(nodes[name], found.axes, nodes))
        return self.expansion

    def place(self, spec: NodeSpec, axes: tuple[str, ...], nodes: Mapping[str, NodeSpec]) -> Place:
        port_of_gather = gathering_port(spec.kind) if spec.gather else None
        parts: dict[str, tuple[NodeSpec, ...]] = {}
        mapped: list[tuple[str, str]] = []
        gathered: list[tuple[str, str]] = []
        for port, sources in spec.inputs.items():
            specs = tuple(nodes[source] for source in sources)
            if specs and is_component(specs[0].kind):
                parts[port] = specs
            else:
                (gathered if port == port_of_gather else mapped).extend((port, source) for source in sources)
        own = tuple(self.expansion.axes[axis] for axis in axes)
        return Place(spec, own, parts, tuple(mapped), tuple(gathered))

    def add(self, place: Place) -> None:
        """Make the instances of one node, one for each point that a trial lies on."""
        spec, instances = place.spec, self.expansion.instances
        seeded = bool(self.dag.sweep.seeds) and spec.name in self.dag.sweep.seed_nodes
        of_trial = array("q")
        ids: dict[Point, int] = {}
        start = len(instances)
        gathered = [self.candidates(place, source) for _, source in place.gathered]
        last: tuple[tuple[int, ...], ...] = ()
        for number, point in enumerate(self.points(place.axes)):
            known = ids.get(point)
            if known is None:
                known = ids[point] = len(instances)
                seed = self.expansion.trials[number].seed if seeded else self.dag.seed
                sources = (*self.mapped(place, number), *(find(point) for find in gathered))
                last = last if sources == last else sources  # neighbours mostly take the same: kept once
                instances.append(Instance(known, place, point, number, seed, last))
            of_trial.append(known)
        _check_gather(spec, instances[start:])
        self.expansion.places[spec.name] = place
        self.expansion.ids[spec.name] = range(start, len(instances))
        self.expansion.of_trial[spec.name] = of_trial

    def points(self, axes: Sequence[Axis]) -> Iterator[Point]:
        """Yield each trial's point on `axes`."""
        if not axes:
            return iter([()] * len(self.expansion.trials))
        return zip(*(self.columns[axis.name] for axis in axes), strict=True)

    def mapped(self, place: Place, trial: int) -> Iterator[tuple[int]]:
        for _, source in place.mapped:
            yield (self.expansion.of_trial[source][trial],)

    def candidates(self, place: Place, source: str) -> Callable[[Point], tuple[int, ...]]:
        """Return what finds, for a point of `place`, the instances of `source` that are gathered there."""
        axes = self.expansion.places[source].axes
        kept = place.spec.gather.kept(axis.name for axis in axes) if place.spec.gather else ()
        there = [i for i, axis in enumerate(axes) if axis.name in kept]
        here = [[axis.name for axis in place.axes].index(axes[i].name) for i in there]
        groups: dict[Point, list[int]] = {}
        for instance in self.expansion.of(source):
            groups.setdefault(tuple(instance.point[i] for i in there), []).append(instance.id)
        shared = {key: tuple(ids) for key, ids in groups.items()}
        return lambda point: shared[tuple(point[i] for i in here)]
