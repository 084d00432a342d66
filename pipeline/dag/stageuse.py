"""Naming a stage and giving it options, wherever a DAG file does so."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.dag import reading
from pipeline.dag.labels import article
from pipeline.dag.located import Entry, Located
from pipeline.dag.problems import Problems
from pipeline.dag.spec import StageUse
from pipeline.errors import PlaitError
from pipeline.hooks import KINDS

if TYPE_CHECKING:
    from pipeline.stages.registry import Registry
    from pipeline.stages.stage import Stage


def find(
    at: Located, ref: str, kinds: Collection[str], registry: Registry, problems: Problems
) -> Stage | None:
    """Return the stage called `ref`; note it if it is unknown, cannot be loaded or is of another kind."""
    from pipeline.stages.registry import UnknownStage

    kind = ref.partition(".")[0]
    if kind in KINDS and kind not in kinds:
        hint = "a search belongs under sweep, a tracker under trackers" if not KINDS[kind].is_node else ""
        problems.add(
            at, f"{article(kind)} stage has no place here", allowed=[f"{kind}.…" for kind in kinds], hint=hint
        )
        return None
    try:
        return registry.stage(ref)
    except UnknownStage as error:
        allowed = [name for kind in ([kind] if kind in kinds else kinds) for name in registry.names(kind)]
        also = str(error).partition("; a plugin that might")
        problems.add(at, f"there is no stage {ref!r}{also[1]}{also[2]}", allowed=allowed, hint=error.hint)
    except PlaitError as error:
        problems.add(at, str(error))
    return None


def check_options(
    stage: Stage, at: Located, given: Located | None, swept: Mapping[str, Any], problems: Problems
) -> dict[str, Any]:
    """Return a stage's options, checked and complete; note what is wrong where it is written, or `at`.

    `swept` holds a value for each option that a sweep sets; what is wrong with those is noted elsewhere.
    """
    from pipeline.stages.options import InvalidOptions

    entries = reading.entries(given, f"the options of {stage.ref}", problems) if given else {}
    options = {name: entry.value.plain() for name, entry in entries.items()}
    try:
        return stage.check({**options, **swept})
    except InvalidOptions as error:
        for wrong in error.problems:
            if wrong.option not in swept:
                place = _place(wrong.option, wrong.message, entries, at)
                allowed = (wrong.allowed,) if wrong.allowed else ()
                problems.add(place, f"{stage.ref}: {wrong.message}", allowed=allowed, hint=wrong.hint)
    return {}


def check_value(stage: Stage, option: str, at: Located, base: Mapping[str, Any], problems: Problems) -> Any:
    """Return one swept value, checked; None, with the problem noted at its place, if it does not fit."""
    from pipeline.stages.options import InvalidOptions

    try:
        return stage.check({**base, option: at.plain()})[option]
    except InvalidOptions as error:
        for wrong in error.problems:
            if wrong.option == option:
                allowed = (wrong.allowed,) if wrong.allowed else ()
                problems.add(at, f"{stage.ref}: {wrong.message}", allowed=allowed, hint=wrong.hint)
    return None


def use(at: Located, kind: str, registry: Registry, problems: Problems) -> StageUse | None:
    """Read a search or a tracker: its name, with or without the kind, or a mapping of stage and options."""
    if isinstance(at.value, Mapping):
        found = reading.entries(at, f"a {kind}", problems, ("stage", "options"))
        if "stage" not in found:
            problems.add(at, f"a {kind} without a stage", allowed=registry.names(kind))
            return None
        name, given = found["stage"].value, found.get("options")
    else:
        name, given = at, None
    ref = reading.text(name, f"a {kind}", problems)
    if ref is None:
        return None
    stage = find(name, ref if "." in ref else f"{kind}.{ref}", (kind,), registry, problems)
    if stage is None:
        return None
    return StageUse(stage.ref, check_options(stage, name, given.value if given else None, {}, problems))


def _place(option: str, message: str, entries: Mapping[str, Entry], at: Located) -> Located:
    if option not in entries:
        return at
    return entries[option].key if message.startswith("unknown") else entries[option].value
