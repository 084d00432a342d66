"""Content keys of all instances of an expansion, each made from the keys of what it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipeline.run.code import CodeDigests
from pipeline.run.keys import KeyMaker, StageIdentity

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
        self._given = given
        self._makers = {
            node: _maker(place, registry, digests, dtype, backend) for node, place in expansion.places.items()
        }
        self._keys: list[str] = []
        for instance in expansion.instances:
            given_key = given.get(instance.node)
            self._keys.append(given_key or self._makers[instance.node].key(*self._ingredients(instance)))

    def __getitem__(self, instance: int) -> str:
        return self._keys[instance]

    def components(self, instance: Instance) -> dict[str, Any]:
        """Return what the instance's key is a hash of."""
        if instance.node in self._given:
            return {"shared": {"node": instance.node, "given": self._given[instance.node]}}
        return self._makers[instance.node].components(*self._ingredients(instance))

    def _ingredients(self, instance: Instance) -> tuple[dict[str, Any], dict[str, list[str]], int]:
        spec = instance.place.spec
        options: dict[str, Any] = {spec.name: instance.options}
        for parts in instance.place.parts.values():
            options |= {part.name: instance.options_of(part) for part in parts}
        if spec.gather is not None and spec.gather.best is not None:
            options[f"{spec.name} gather"] = asdict(spec.gather)  # a blank: no node has such a name
        inputs = {port: [self._keys[i] for i in ids] for port, ids in instance.inputs.items()}
        return options, inputs, instance.seed


def _maker(place: Place, registry: Registry, digests: CodeDigests, dtype: str, backend: str) -> KeyMaker:
    spec = place.spec
    parts = [
        StageIdentity.of(part.name, registry.stage(part.stage), digests, port)
        for port, specs in place.parts.items()
        for part in specs
    ]
    own = StageIdentity.of(spec.name, registry.stage(spec.stage), digests)
    return KeyMaker(own, parts, dtype=dtype, backend=backend)
