"""The `sweep` of a DAG file: which options take which values, how to search them, and the seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.dag import reading, stageuse
from pipeline.dag.axes import is_component
from pipeline.dag.labels import shown
from pipeline.dag.located import Entry, Located
from pipeline.dag.nodes import Draft
from pipeline.dag.problems import Problems
from pipeline.dag.spec import MOST_TRIALS, StageUse, Sweep

if TYPE_CHECKING:
    from pipeline.stages.registry import Registry

KEYS = ("search", "space", "seeds")
GRID = StageUse("search.grid")
_SEEDED = ("transform", "train")


@dataclass
class SweepDraft:
    """A sweep while it is being read: `space` has, by key, the key's place and the written values."""

    at: Located
    search: StageUse = GRID
    space: dict[str, tuple[Located, tuple[Located, ...]]] = field(default_factory=dict)
    seeds: tuple[int, ...] = ()
    seed_nodes: tuple[str, ...] = ()

    def first_values(self) -> dict[str, dict[str, Any]]:
        """Return, by node, the first value of each option that is swept."""
        values: dict[str, dict[str, Any]] = {}
        for key, (_, written) in self.space.items():
            node, _, option = key.partition(".")
            values.setdefault(node, {})[option] = written[0].plain()
        return values


def read(
    at: Located, drafts: Mapping[str, Draft], seed: int, registry: Registry, problems: Problems
) -> SweepDraft:
    """Read the sweep; the values of its space are checked by `finish`, once the nodes' options are known."""
    found = reading.entries(at, "sweep", problems, KEYS)
    sweep = SweepDraft(at)
    if "search" in found:
        sweep.search = stageuse.use(found["search"].value, "search", registry, problems) or GRID
    if "space" in found:
        sweep.space = _space(found["space"].value, drafts, problems)
    elif "search" in found:
        problems.add(
            found["search"].key, "a search without a space", hint="add space: {node.option: [values]}"
        )
    if "seeds" in found:
        _read_seeds(sweep, found["seeds"].value, drafts, seed, problems)
    if isinstance(at.value, Mapping) and not at.value:
        problems.add(at, "sweep is empty", allowed=KEYS, hint="remove it, or say what to sweep")
    return sweep


def _space(at: Located, drafts: Mapping[str, Draft], problems: Problems) -> dict[str, Any]:
    if isinstance(at.value, Mapping) and not at.value:
        problems.add(at, "the space is empty; there is nothing to search", hint="add node.option: [values]")
    space = {}
    for key, entry in reading.entries(at, "the space", problems).items():
        if _key_fits(key, entry, drafts, problems):
            values = reading.several(entry.value, f"the values of {key}", problems)
            if values:
                space[key] = (entry.key, tuple(values))
    return space


def _key_fits(key: str, entry: Entry, drafts: Mapping[str, Draft], problems: Problems) -> bool:
    from pipeline.stages.options import fields_by_option

    node, _, option = key.partition(".")
    every = [f"{name}.{option or '…'}" for name in drafts]
    if not option:
        problems.add(entry.key, f"{key!r} names no option; a key of the space is node.option", allowed=every)
    elif node not in drafts:
        reading.unknown(entry.key, f"there is no node {node!r} to sweep", every, problems)
    else:
        stage = drafts[node].stage
        options = [f"{node}.{name}" for name in fields_by_option(stage.options)] if stage else [key]
        if key in options:
            return True
        reading.unknown(
            entry.key, f"{stage.ref if stage else node} has no option {option!r}", options, problems
        )
    return False


def _read_seeds(
    sweep: SweepDraft, at: Located, drafts: Mapping[str, Draft], seed: int, problems: Problems
) -> None:
    values, nodes = at, None
    if isinstance(at.value, Mapping):
        found = reading.entries(at, "seeds", problems, ("values", "nodes"))
        nodes = found["nodes"].value if "nodes" in found else None
        if "values" not in found:
            problems.add(at, "seeds without values", hint="add values: a count or a list of seeds")
            return
        values = found["values"].value
    sweep.seeds = _seeds(values, seed, problems)
    sweep.seed_nodes = _seed_nodes(at, nodes, drafts, problems)


def _seeds(at: Located, seed: int, problems: Problems) -> tuple[int, ...]:
    if not isinstance(at.value, tuple):
        count = reading.whole(at, "the number of seeds", 1, problems) or 0
        if count > MOST_TRIALS:
            problems.add(at, f"{count:,} seeds; at most {MOST_TRIALS:,}")
            return ()
        return tuple(range(seed, seed + count))
    items = reading.several(at, "seeds", problems) or []
    read = [(item, reading.whole(item, "a seed", 0, problems)) for item in items]
    seeds: dict[int, None] = {}
    for item, value in read:
        if value in seeds:
            problems.add(item, f"the seed {value} is twice in the list")
        if value is not None:
            seeds[value] = None
    return tuple(seeds)


def _seed_nodes(
    at: Located, nodes: Located | None, drafts: Mapping[str, Draft], problems: Problems
) -> tuple[str, ...]:
    seeded = [draft.name for draft in drafts.values() if draft.stage is None or draft.stage.kind in _SEEDED]
    if nodes is not None:
        named = reading.names(nodes, "the nodes that take the seed", problems) or []
        for name in named:
            if name.value not in seeded:
                why = _why_not_seeded(drafts.get(str(name.value)))
                reading.unknown(name, f"the node {name.value!r} {why}", seeded, problems)
        return tuple(str(name.value) for name in named if name.value in seeded)
    trained = tuple(name for name in seeded if (stage := drafts[name].stage) and stage.kind == "train")
    if not trained and all(draft.stage for draft in drafts.values()):
        hint = "name nodes: seeds: {values: 3, nodes: [boot]}"
        problems.add(at, "seeds without a train node that would take them", hint=hint)
    return trained


def _why_not_seeded(draft: Draft | None) -> str:
    if draft is None:
        return "does not exist"
    part = draft.stage is not None and is_component(draft.stage.kind)
    return "takes its train node's seed" if part else "takes no seed"


def finish(draft: SweepDraft, drafts: Mapping[str, Draft], problems: Problems) -> Sweep:
    """Check every value of the space, and how many trials there are; return the sweep."""
    space = {
        key: _values(key, values, drafts[key.partition(".")[0]], problems)
        for key, (_, values) in draft.space.items()
    }
    sweep = Sweep(draft.search, space, draft.seeds, draft.seed_nodes)
    trials = math.prod(map(len, space.values())) * max(1, len(sweep.seeds))
    if sweep.search.stage == GRID.stage and trials > MOST_TRIALS:
        hint = "sweep less, or draw from the grid: search: {stage: search.random, options: {trials: 100}}"
        problems.add(draft.at, f"the grid has {trials:,} trials; at most {MOST_TRIALS:,}", hint=hint)
    return sweep


def _values(key: str, written: tuple[Located, ...], draft: Draft, problems: Problems) -> tuple[Any, ...]:
    """Return an axis's checked values; note those that do not fit and those that are there twice."""
    option = key.partition(".")[2]
    found: dict[str, Any] = {}
    for at in written:
        count = len(problems.found)
        value = at.plain()
        if draft.stage:
            value = stageuse.check_value(draft.stage, option, at, draft.options, problems)
        if len(problems.found) == count and shown(value) in found:
            problems.add(at, f"the value {shown(value)} of {key} is there twice")
        found.setdefault(shown(value), value)
    return tuple(found.values())
