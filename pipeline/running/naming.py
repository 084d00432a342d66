"""Content keys of all instances of an expansion, each made from the keys of what it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipeline.running.code import CodeDigests
from pipeline.running.keys import KeyMaker, StageIdentity

if TYPE_CHECKING:
    from pipeline.dag.instances import Instance, Place
    from pipeline.dag.trials import Expansion
    from pipeline.stages.registry import Registry


class Keys:
    """The key of every instance, by its id.

    `given` holds keys of nodes whose data were handed over in Python: they have no other instance and
    are not computed.  The key of a choice by metric covers all candidates, so that it is known now.
    """

    def __init__(
        self, expansion: Expansion, registry: Registry, dtype: str, backend: str, given: Mapping[str, str]
    ):
        digests = CodeDigests()
        self._expansion = expansion
        self.given = given
        self._makers = {
            node: _maker(place, registry, digests, dtype, backend) for node, place in expansion.places.items()
        }
        self._options = {node: _Options(place) for node, place in expansion.places.items()}
        self._keys: list[str] = []
        for instance in expansion.instances:
            given_key = given.get(instance.node)
            self._keys.append(given_key or self._makers[instance.node].key(*self._ingredients(instance)))

    def __getitem__(self, instance: int) -> str:
        return self._keys[instance]

    def components(self, instance: Instance) -> dict[str, Any]:
        """Return what the instance's key is a hash of."""
        if instance.node in self.given:
            return {"shared": {"node": instance.node, "given": self.given[instance.node]}}
        return self._makers[instance.node].components(*self._ingredients(instance))

    def _ingredients(self, instance: Instance) -> tuple[dict[str, Any], dict[str, list[str]], int]:
        inputs = {port: [self._keys[i] for i in ids] for port, ids in instance.inputs.items()}
        return self._options[instance.node].at(instance), inputs, instance.seed


class _Options:
    """The options of all instances of a node, by node: its own and its parts'.

    What instances share is made once: a grid has far fewer values than points.
    """

    def __init__(self, place: Place):
        specs = [place.spec, *(part for parts in place.parts.values() for part in parts)]
        varied = [(spec, [position for position, _ in place.varied(spec)]) for spec in specs]
        self._varied = [(spec, positions) for spec, positions in varied if positions]
        self._axes = len(place.axes)
        self._known: dict[tuple[str, tuple[int, ...]], dict[str, Any]] = {}
        self._fixed: dict[str, Any] = {spec.name: dict(spec.options) for spec in specs}
        gather = place.spec.gather
        if gather is not None and gather.best is not None:
            self._fixed[f"{place.spec.name} gather"] = asdict(gather)  # a blank: no node has such a name

    def at(self, instance: Instance) -> dict[str, Any]:
        """Return an instance's options."""
        found = dict(self._fixed)
        for spec, positions in self._varied:
            if len(positions) == self._axes:  # no other instance has these options
                found[spec.name] = instance.options_of(spec)
                continue
            point = (spec.name, tuple([instance.point[position] for position in positions]))
            if point not in self._known:
                self._known[point] = instance.options_of(spec)
            found[spec.name] = self._known[point]
        return found


def _maker(place: Place, registry: Registry, digests: CodeDigests, dtype: str, backend: str) -> KeyMaker:
    spec = place.spec
    parts = [
        StageIdentity.of(part.name, registry.stage(part.stage), digests, port)
        for port, specs in place.parts.items()
        for part in specs
    ]
    own = StageIdentity.of(spec.name, registry.stage(spec.stage), digests)
    return KeyMaker(own, parts, dtype=dtype, backend=backend)
