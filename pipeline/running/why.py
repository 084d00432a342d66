"""Why a node ran or was cached: how the components of its keys differ from an earlier run's.

The instances of a node are compared with those of the latest earlier run that has the node: with the one
of the same key, else with the one whose trials have the same settings, else, where there is one instance
in both runs, with that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import UserError, nearest
from pipeline.running.records import NodeRow, Records, RunRow


@dataclass(frozen=True)
class Difference:
    """One reason why instances of a node ran or did not; `trials` are the instances' settings.

    `what` is "option", "input", "code", "version", "part", "stage", "seed", "dtype", "backend", "file",
    "given" (data from Python), all with `old` and `new`, None for what was not there.  Or else it is
    "first" (never made before), "object" (made before, but missing, damaged or asked for again), "cached",
    "unchanged", "state" (not made).  `name` says which option, file, part, run or state.
    """

    what: str
    name: str
    old: Any = None
    new: Any = None
    trials: tuple[str, ...] = ()

    def __str__(self) -> str:
        return _SENTENCES[self.what](self) + _whom(self.trials)


_SENTENCES: Mapping[str, Callable[[Difference], str]] = {
    "option": lambda d: f"option {d.name} changed: {_value(d.old)} -> {_value(d.new)}",
    "given": lambda d: "the data handed over from Python are others",
    "input": lambda d: (
        f"input {d.name} is another result of {d.new}: ask why {d.new.split()[-1]} changed"
        if d.old == d.new
        else _change(f"input {d.name}", d)
    ),
    "code": lambda d: _new_or_gone(f"code file {d.name}", d) or f"code changed in {d.name}",
    "version": lambda d: _change(f"version of {d.name}", d),
    "part": lambda d: _change(f"part {d.name}", d),
    "stage": lambda d: _change("stage", d),
    "seed": lambda d: f"seed changed: {d.old} -> {d.new}",
    "dtype": lambda d: _change("dtype", d),
    "backend": lambda d: _change("backend", d),
    "file": lambda d: _new_or_gone(f"data file {d.name}", d) or f"data file {d.name} has other content",
    "first": lambda d: (
        f"first time: not in run {d.name}" if d.name else "first time: no earlier run of this DAG made it"
    ),
    "object": lambda d: (
        f"nothing changed since run {d.name}, but it was asked for again (--from), or its result was missing "
        "or damaged in the store"
    ),
    "cached": lambda d: f"cached: the store had this result from run {d.name}",
    "unchanged": lambda d: f"cached: nothing changed since run {d.name}",
    "state": lambda d: f"not made: {d.name}",
}


def explain(records: Records, run: str, node: str) -> list[Difference]:
    """Return why the instances of a node ran or were cached; equal reasons are one Difference.

    UserError if the run has no such node.
    """
    this = records.run(run)
    instances = records.nodes(this.id, node)
    if not instances:
        raise UserError(_no_node(records, this, node))
    before = records.previous(this.id, node)
    past = _Past(records, before, node)
    settings = _settings(records, this.id, instances)
    reasons: dict[str, tuple[Difference, list[str]]] = {}
    for instance in instances:
        old = past.match(instance, settings[instance.instance], alone=len(instances) == 1)
        for difference in _reasons(records, instance, old, before):
            text = _words(settings[instance.instance])
            reasons.setdefault(repr(difference), (difference, []))[1].append(text)
    return [_of_trials(difference, trials, len(instances)) for difference, trials in reasons.values()]


def _of_trials(difference: Difference, trials: list[str], instances: int) -> Difference:
    named = () if len(trials) == instances else tuple(trials)
    return Difference(difference.what, difference.name, difference.old, difference.new, named)


class _Past:
    """The instances of a node in an earlier run."""

    def __init__(self, records: Records, run: RunRow | None, node: str):
        instances = records.nodes(run.id, node) if run else []
        settings = _settings(records, run.id, instances) if run else {}
        self._instances = instances
        self._by_key = {instance.key: instance for instance in instances}
        self._by_settings = {_words(settings[i.instance]): i for i in instances}

    def match(self, instance: NodeRow, settings: Mapping[str, Any], *, alone: bool) -> NodeRow | None:
        """Return the instance to compare with, or None."""
        found = self._by_key.get(instance.key) or self._by_settings.get(_words(settings))
        if found is None and alone and len(self._instances) == 1:
            return self._instances[0]
        return found


def _settings(records: Records, run: str, instances: list[NodeRow]) -> dict[str, dict[str, Any]]:
    """Return for each instance the settings that all its trials have in common, the seed among them."""
    of = {trial.id: {**trial.settings, "seed": trial.seed} for trial in records.trials(run)}
    return {i.instance: _common([of[trial] for trial in i.trials if trial in of]) for i in instances}


def _common(settings: list[dict[str, Any]]) -> dict[str, Any]:
    first = settings[0] if settings else {}
    return {
        name: value
        for name, value in first.items()
        if all(name in other and other[name] == value for other in settings)
    }


def _reasons(
    records: Records, new: NodeRow, old: NodeRow | None, before: RunRow | None
) -> Iterator[Difference]:
    run = before.id if before else ""
    made = new.state in ("done", "failed", "running")
    changes = [_made_before(records, new) or Difference("first", run)]
    if old is not None:
        changes = [] if old.key == new.key else list(_changes(records, old.key, new.key))
    yield from changes
    if new.state == "cached":
        yield Difference("unchanged", run) if old and not changes else _cached(records, new)
    elif not made:
        yield Difference("state", new.state)
    elif not changes and old is not None:
        again = old.state in ("done", "cached")
        yield Difference("object", run) if again else Difference("first", "")


def _made_before(records: Records, instance: NodeRow) -> Difference | None:
    """Return that another run, not the one compared with, made this very result, if one did."""
    runs = [row.run for row in records.nodes_with_key(instance.key) if row.state == "done"]
    others = [run for run in runs if run != instance.run]
    return Difference("object", others[0]) if others and instance.state != "cached" else None


def _cached(records: Records, instance: NodeRow) -> Difference:
    made = [row for row in records.nodes_with_key(instance.key) if row.state == "done"]
    return Difference("cached", made[0].run if made else "another DAG's file")


def _changes(records: Records, old_key: str, new_key: str) -> Iterator[Difference]:
    old, new = records.components(old_key) or {}, records.components(new_key) or {}
    before, after = old.get("shared", {}), new.get("shared", {})
    yield from _stage_changes(before.get("stage", {}), after.get("stage", {}))
    yield from _version("plait", before, after, "plait")
    yield from _part_changes(before.get("parts", []), after.get("parts", []))
    yield from _option_changes(old.get("options", {}), new.get("options", {}))
    yield from _input_changes(records, old.get("inputs", {}), new.get("inputs", {}))
    yield from _each("file", old.get("files", {}), new.get("files", {}))
    for name in ("given", "dtype", "backend"):
        yield from _each(name, {"": before.get(name)}, {"": after.get(name)})
    yield from _each("seed", {"": old.get("seed")}, {"": new.get("seed")})


def _stage_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    yield from _each("stage", {"": old.get("stage")}, {"": new.get("stage")})
    yield from _each("code", old.get("code", {}), new.get("code", {}))
    if new.get("distribution") != "plait" or old.get("distribution") != "plait":
        yield from _version(new.get("distribution", ""), old, new, "version")


def _version(
    distribution: str, old: Mapping[str, Any], new: Mapping[str, Any], name: str
) -> Iterator[Difference]:
    yield from _each("version", {distribution: old.get(name)}, {distribution: new.get(name)})


def _part_changes(old: list[Mapping[str, Any]], new: list[Mapping[str, Any]]) -> Iterator[Difference]:
    before = {f"{part['node']} ({part['port']})": part for part in old}
    after = {f"{part['node']} ({part['port']})": part for part in new}
    stages = [{name: part["stage"] for name, part in parts.items()} for parts in (before, after)]
    yield from _each("part", *stages)
    for name in before.keys() & after.keys():
        if before[name]["stage"] == after[name]["stage"]:
            yield from _stage_changes(before[name], after[name])
    if list(before) != list(after) and before.keys() == after.keys():
        yield Difference("part", "order", ", ".join(before), ", ".join(after))


def _option_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for node in sorted(old.keys() & new.keys()):  # a node that came or went is a part's difference
        before, after = ({f"{node}.{name}": v for name, v in options[node].items()} for options in (old, new))
        yield from _each("option", before, after)


def _input_changes(records: Records, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for port in sorted(old.keys() | new.keys()):
        before, after = old.get(port, []), new.get(port, [])
        if before != after:
            yield Difference("input", port, _givers(records, before), _givers(records, after))


def _givers(records: Records, keys: list[str]) -> str | None:
    """Name the node that an input comes from, and how many results there are of it: "24 of fit"."""
    if not keys:
        return None
    rows = records.nodes_with_key(keys[0])
    node = rows[-1].node if rows else keys[0]
    return node if len(keys) == 1 else f"{len(keys)} of {node}"


def _each(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield Difference(what, name, old.get(name), new.get(name))


def _change(subject: str, difference: Difference) -> str:
    old, new = difference.old, difference.new
    return _new_or_gone(subject, difference) or f"{subject} changed: {_value(old)} -> {_value(new)}"


def _new_or_gone(subject: str, difference: Difference) -> str:
    shown = "" if difference.what in ("code", "file") else f" ({_value(difference.new or difference.old)})"
    if difference.old is None:
        return f"{subject} is new{shown}"
    return f"{subject} is gone{shown}" if difference.new is None else ""


def _value(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def _words(settings: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={_value(value)}" for name, value in sorted(settings.items()))


def _whom(trials: tuple[str, ...]) -> str:
    if not trials:
        return ""
    more = f" and {len(trials) - 3} more" if len(trials) > 3 else ""
    return f" [{'; '.join(trials[:3])}{more}]"


def _no_node(records: Records, run: RunRow, node: str) -> str:
    firsts = {row.node: row for row in reversed(records.nodes(run.id))}
    for user, row in firsts.items():
        parts = (records.components(row.key) or {}).get("shared", {}).get("parts", [])
        if node in {part["node"] for part in parts}:
            return f"{node} is a part of {user}, it does not run by itself\n    ask why {user} ran"
    hint = nearest(node, firsts)
    names = ", ".join(reversed(firsts))
    return f"run {run.id} has no node {node!r}; it has {names}" + (f"\n    {hint}" if hint else "")
