"""The `sweep` of a DAG file: which options take which values, how to search them, and the seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.dag import ranges, reading, rules, stageuse
from pipeline.dag.axes import is_component
from pipeline.dag.labels import shown
from pipeline.dag.located import Entry, Located
from pipeline.dag.nodes import Draft
from pipeline.dag.problems import Problems
from pipeline.dag.ranges import RangeDraft
from pipeline.dag.rules import When, Where
from pipeline.dag.spec import MOST_TRIALS, SEED, StageUse, Sweep
from pipeline.space import Range

if TYPE_CHECKING:
    from pipeline.stages.registry import Registry

KEYS = ("search", "space", "when", "where", "settings", "seeds")
GRID = StageUse("search.grid")
_SEEDED = ("transform", "train")


@dataclass
class SweepDraft:
    """A sweep while it is being read: `space` has, by key, the values or the range as written."""

    at: Located
    search: StageUse = GRID
    space: dict[str, tuple[Located, ...] | RangeDraft] = field(default_factory=dict)
    when: tuple[When, ...] = ()
    where: tuple[Where, ...] = ()
    settings: tuple[dict[str, Located], ...] = ()
    seeds: tuple[int, ...] = ()
    seed_nodes: tuple[str, ...] = ()

    def first_values(self) -> dict[str, dict[str, Any]]:
        """Return, by node, the first value of each option that is swept."""
        values: dict[str, dict[str, Any]] = {}
        for key, written in self.space.items():
            node, _, option = key.partition(".")
            first = written.low if isinstance(written, RangeDraft) else written[0]
            values.setdefault(node, {})[option] = first.plain()
        return values


def read(
    at: Located, drafts: Mapping[str, Draft], seed: int, registry: Registry, problems: Problems
) -> SweepDraft:
    """Read the sweep; the values of its space are checked by `finish`, once the nodes' options are known."""
    found = reading.entries(at, "sweep", problems, KEYS)
    sweep = SweepDraft(at)
    if "search" in found:
        sweep.search = stageuse.use(found["search"].value, "search", registry, problems) or GRID
    if "settings" in found:
        _read_settings(sweep, found, drafts, problems)
    elif "space" in found:
        sweep.space = _space(found["space"].value, drafts, problems)
    elif "search" in found:
        problems.add(
            found["search"].key, "a search without a space", hint="add space: {node.option: [values]}"
        )
    _read_rules(sweep, found, problems)
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
            values = _written(entry.value, key, problems)
            if values:
                space[key] = values
    return space


def _written(at: Located, key: str, problems: Problems) -> tuple[Located, ...] | RangeDraft | None:
    if ranges.is_range(at):
        return ranges.read(at, key, problems)
    return tuple(reading.several(at, f"the values of {key}", problems) or ())


def _read_rules(sweep: SweepDraft, found: Mapping[str, Entry], problems: Problems) -> None:
    if "when" in found:
        sweep.when = rules.read_when(found["when"].value, sweep.space, problems)
    if "where" in found:
        sweep.where = rules.read_where(found["where"].value, sweep.space, problems)


def _read_settings(
    sweep: SweepDraft, found: Mapping[str, Entry], drafts: Mapping[str, Draft], problems: Problems
) -> None:
    """Read settings that are listed one by one; together they are the space."""
    for key in ("search", "space"):
        if key in found:
            problems.add(found[key].key, f"settings and {key} exclude each other", hint="keep one of the two")
    listed: list[dict[str, Located]] = []
    for item in reading.several(found["settings"].value, "settings", problems) or []:
        entries = reading.entries(item, "a setting", problems)
        fits = [_key_fits(key, entry, drafts, problems) for key, entry in entries.items()]
        if listed and entries.keys() != listed[0].keys():
            problems.add(item, "settings name different options", allowed=list(listed[0]))
        elif entries and all(fits):
            listed.append({key: entry.value for key, entry in entries.items()})
    sweep.settings = tuple(listed)
    for key in listed[0] if listed else ():
        by_text = {shown(setting[key].plain()): setting[key] for setting in listed if key in setting}
        sweep.space[key] = tuple(by_text.values())


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
        for key, values in draft.space.items()
    }
    settings = tuple(_checked(setting, drafts) for setting in draft.settings)
    sweep = Sweep(draft.search, space, draft.when, draft.where, settings, draft.seeds, draft.seed_nodes)
    if sweep.search.stage != GRID.stage or settings:
        return sweep
    for key, values in draft.space.items():
        if isinstance(values, RangeDraft) and values.count is None:
            problems.add(
                values.at,
                f"a grid of the range of {key}, which has no end of values",
                hint="give it a count, list values, or draw from it: search: random",
            )
    trials = math.prod(lengths(sweep).values())
    if trials > MOST_TRIALS:
        hint = "sweep less, or draw from the grid: search: {stage: search.random, options: {trials: 100}}"
        problems.add(draft.at, f"the grid has {trials:,} trials; at most {MOST_TRIALS:,}", hint=hint)
    return sweep


def lengths(sweep: Sweep) -> dict[str, int]:
    """Return how many values each axis has, `MOST_TRIALS` for a range, the axis of seeds among them."""
    found = {
        key: MOST_TRIALS if isinstance(values, Range) else len(values) for key, values in sweep.space.items()
    }
    return {**found, SEED: max(1, len(sweep.seeds))}


def _checked(setting: Mapping[str, Located], drafts: Mapping[str, Draft]) -> dict[str, Any]:
    """Return a listed setting with values as its stages take them; what is wrong was noted in the space."""
    found = {}
    for key, at in setting.items():
        node, _, option = key.partition(".")
        stage = drafts[node].stage
        quiet = Problems()
        checked = stageuse.check_value(stage, option, at, drafts[node].options, quiet) if stage else None
        found[key] = at.plain() if checked is None else checked
    return found


def _values(
    key: str, written: tuple[Located, ...] | RangeDraft, draft: Draft, problems: Problems
) -> tuple[Any, ...] | Range:
    """Return an axis's checked values; note those that do not fit and those that are there twice."""
    if isinstance(written, RangeDraft):
        return ranges.finish(key, written, draft, problems)
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
