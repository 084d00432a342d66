"""Trials and instances of nodes as lean values: what they share is stored once, the rest made on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.dag.labels import label
from pipeline.dag.spec import SEED, NodeSpec
from pipeline.stages.cohort import Part


def trial_id(number: int) -> str:
    """Return the id of the trial with this number: t0001 for number 0."""
    return f"t{number + 1:04d}"


@dataclass(frozen=True, slots=True)
class Trial:
    """One point of the sweep: a choice for every swept option, and a seed.

    `number` counts from 0 in the order of expansion; `settings` maps "node.option" to its value.
    """

    number: int
    settings: Mapping[str, Any]
    seed: int
    sweeps_seed: bool = False

    @property
    def id(self) -> str:
        """The short name: t0001 for the first trial."""
        return trial_id(self.number)

    @property
    def label(self) -> str:
        """The readable name: "adam.lr=0.001 decay.strength=0 seed=2"."""
        shows_seed = self.sweeps_seed or not self.settings
        return label([*self.settings.items(), *([(SEED, self.seed)] if shows_seed else ())])


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis of the sweep and the values that trials take on it."""

    name: str
    values: Sequence[Any]
    _shown: dict[int, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def shown(self, index: int) -> str:
        """Return the value at an index as labels have it, "adam.lr=0.001": written once for all instances."""
        text = self._shown.get(index)
        if text is None:
            text = self._shown[index] = label([(self.name, self.values[index])])
        return text

    @property
    def node(self) -> str:
        """The node whose option this is; for the seed, a name that no node has."""
        return self.name.partition(".")[0]

    @property
    def option(self) -> str:
        """The option that varies, or "seed"."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Place:
    """What all instances of a node have in common.

    `axes` are those that the node varies along; `parts` has, for a train node, its components by port;
    `mapped` and `gathered` name the nodes taken by each port, one instance of each and many of each.
    """

    spec: NodeSpec
    axes: tuple[Axis, ...]
    parts: Mapping[str, tuple[NodeSpec, ...]]
    mapped: tuple[tuple[str, str], ...] = ()
    gathered: tuple[tuple[str, str], ...] = ()

    def varied(self, spec: NodeSpec) -> Iterator[tuple[int, Axis]]:
        """Yield the axes, with their positions, that are options of `spec`."""
        for position, axis in enumerate(self.axes):
            if axis.node == spec.name:
                yield position, axis


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """A node at one point of the axes that it varies along; `id` is its place in `Expansion.instances`.

    `point` has an index into the values of each of its axes, `trial` the number of the first trial that
    it serves, `seed` the seed it runs with, `sources` the ids of what it takes, in the order of ports.
    """

    id: int
    place: Place
    point: tuple[int, ...]
    trial: int
    seed: int
    sources: tuple[tuple[int, ...], ...]

    @property
    def node(self) -> str:
        """The node's name."""
        return self.place.spec.name

    @property
    def settings(self) -> dict[str, Any]:
        """The value on each axis that the node varies along."""
        pairs = zip(self.place.axes, self.point, strict=True)
        return {axis.name: axis.values[index] for axis, index in pairs}

    @property
    def label(self) -> str:
        """The readable name: "fit[adam.lr=0.001 seed=2]"."""
        if not self.point:
            return self.node
        shown = [axis.shown(index) for axis, index in zip(self.place.axes, self.point, strict=True)]
        return f"{self.node}[{' '.join(shown)}]"

    @property
    def options(self) -> dict[str, Any]:
        """The node's own options at this point."""
        return self.options_of(self.place.spec)

    @property
    def inputs(self) -> dict[str, tuple[int, ...]]:
        """The ids of the instances taken, by port: for a gather all candidates, in the order of trials."""
        found: dict[str, tuple[int, ...]] = {}
        ports = [port for port, _ in (*self.place.mapped, *self.place.gathered)]
        for port, ids in zip(ports, self.sources, strict=True):
            found[port] = found.get(port, ()) + ids
        return found

    @property
    def parts(self) -> dict[str, tuple[Part, ...]]:
        """A train node's components at this point, by port, with complete options."""
        return {
            port: tuple(Part(spec.name, spec.stage, self.options_of(spec)) for spec in specs)
            for port, specs in self.place.parts.items()
        }

    def options_of(self, spec: NodeSpec) -> dict[str, Any]:
        """Return the options at this point of this node, or of a component of it."""
        swept = {axis.option: axis.values[self.point[i]] for i, axis in self.place.varied(spec)}
        return {**spec.options, **swept}
