"""The `gather` of a node: its form, and whether there is anything to gather along the axes that it names."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pipeline.dag import reading
from pipeline.dag.axes import NodeAxes, gathering_port, node_axes
from pipeline.dag.gather import VALIDATION_METRICS, Gather, mode_of
from pipeline.dag.labels import article
from pipeline.dag.located import Entry, Located, describe
from pipeline.dag.nodes import Draft
from pipeline.dag.problems import Problems
from pipeline.dag.spec import NodeSpec, Sweep
from pipeline.dag.sweeps import lengths
from pipeline.hooks import KINDS

KEYS = ("best", "metric", "mode", "group", "over")
_FORMS = ("all", "{best: 5, metric: accuracy}", "{group: [node.option]}", "{over: [seed]}")


def read(draft: Draft, problems: Problems) -> Gather | None:
    """Read a node's gather, its form alone; None where it has none, or a wrong one."""
    at = draft.gather
    if at is None:
        return None
    if draft.kind and gathering_port(draft.kind.name) is None:
        able = [f"{kind} nodes" for kind in KINDS if gathering_port(kind)]
        problems.add(at, f"{article(draft.kind.name)} node cannot gather", allowed=able)
        return None
    if at.value == "all":
        return Gather()
    if not isinstance(at.value, Mapping):
        problems.add(at, f"gather is {describe(at.value)}", allowed=_FORMS)
        return None
    before = len(problems.found)
    gather = _read_mapping(at, reading.entries(at, "gather", problems, KEYS), problems)
    return gather if len(problems.found) == before else None


def _read_mapping(at: Located, found: Mapping[str, Entry], problems: Problems) -> Gather | None:
    if not {"best", "group", "over"} & found.keys():
        problems.add(at, "gather says neither best nor group nor over", allowed=_FORMS)
        return None
    if {"group", "over"} <= found.keys():
        problems.add(found["over"].key, "group and over exclude each other", hint="keep one of the two")
    for key in ("metric", "mode"):
        if key in found and "best" not in found:
            problems.add(found[key].key, f"{key} without best", hint="add best: how many to keep")
    best = reading.whole(found["best"].value, "best", 1, problems) if "best" in found else None
    metric = "loss"
    if "metric" in found:
        metric = reading.choice(found["metric"].value, "the metric", VALIDATION_METRICS, problems) or metric
    mode = reading.choice(found["mode"].value, "mode", ("max", "min"), problems) if "mode" in found else None
    group, over = (
        _axes(found[key].value, key, problems) if key in found else None for key in ("group", "over")
    )
    return Gather(best, metric, "max" if (mode or mode_of(metric)) == "max" else "min", group, over)


def _axes(at: Located, key: str, problems: Problems) -> tuple[str, ...]:
    return tuple(str(name.value) for name in reading.names(at, f"{key} of gather", problems) or ())


def check(
    nodes: Mapping[str, NodeSpec], sweep: Sweep, drafts: Mapping[str, Draft], problems: Problems
) -> None:
    """Check that each gather names axes there are and receives more than one.

    Nodes that are not sound, and what follows them, are left out: what they would receive is not known.
    """
    sound = _sound(nodes, drafts)
    axes = node_axes(sound, sweep)
    for name, spec in sound.items():
        if gathering_port(spec.kind):
            _check_node(spec, drafts[name], _Gathered(sound, sweep, axes, spec), problems)


def _sound(nodes: Mapping[str, NodeSpec], drafts: Mapping[str, Draft]) -> dict[str, NodeSpec]:
    """Return the nodes that are sound and follow only sound ones."""
    sound = {name: spec for name, spec in nodes.items() if drafts[name].sound}
    while bad := [name for name in sound if not drafts[name].takes <= sound.keys()]:
        for name in bad:
            del sound[name]
    return sound


class _Gathered:
    """What a node would gather: from which nodes, along which axes, how many results at most."""

    def __init__(
        self, nodes: Mapping[str, NodeSpec], sweep: Sweep, axes: Mapping[str, NodeAxes], spec: NodeSpec
    ):
        port = gathering_port(spec.kind)
        self.kinds = {name: nodes[name].kind for name in spec.inputs.get(port or "", ())}
        self.axes = axes[spec.name].gathered
        self.lengths = lengths(sweep)
        self.count = sum(self._count(axes[name].axes, spec.gather) for name in self.kinds)

    def _count(self, axes: tuple[str, ...], gather: Gather | None) -> int:
        """Return how many results of a node with `axes` come together: one where nothing is gathered."""
        if gather is None:
            return 1
        kept = gather.kept(axes)
        return math.prod(self.lengths[axis] for axis in axes if axis not in kept)


def _check_node(spec: NodeSpec, draft: Draft, gathered: _Gathered, problems: Problems) -> None:
    gather, at = spec.gather, draft.gather
    if gather is None or at is None:
        if at is None and gathered.count == 1:
            hint = "add gather: all, or name several nodes"
            problems.add(draft.at, f"{spec.name!r} receives one model for each trial", hint=hint)
        return
    missing = [axis for axis in (*(gather.group or ()), *(gather.over or ())) if axis not in gathered.axes]
    for axis in missing:
        named = next((item for item in _named(at) if item.value == axis), at)
        message = f"{', '.join(gathered.kinds)} does not vary along {axis!r}"
        reading.unknown(named, message, gathered.axes, problems)
    if not missing:
        _check_count(spec, gather, at, gathered, problems)


def _check_count(
    spec: NodeSpec, gather: Gather, at: Located, gathered: _Gathered, problems: Problems
) -> None:
    if gather.best is None and gathered.count == 1:
        hint = "sweep what it gathers over, or remove the gather and name several nodes"
        problems.add(at, f"a gather of one: {spec.name!r} would receive a single model", hint=hint)
    if gather.best is None:
        return
    if gather.best > gathered.count:
        problems.add(at, f"the best {gather.best} of {gathered.count}: there are not so many to choose from")
    for name, kind in gathered.kinds.items():
        if kind != "train":
            problems.add(at, f"best needs validation metrics, which only train nodes have; {name!r} has none")


def _named(at: Located) -> list[Located]:
    if not isinstance(at.value, Mapping):
        return []
    values = [at.value[key].value for key in ("group", "over") if key in at.value]
    return [item for value in values for item in (value if isinstance(value.value, tuple) else (value,))]
