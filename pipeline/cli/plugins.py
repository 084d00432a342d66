"""`plait plugins list` and `plait plugins show`: the stages that are installed."""

from __future__ import annotations

import inspect
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.arguments import Json
from pipeline.cli.failures import guarded
from pipeline.cli.output import write, write_json

if TYPE_CHECKING:
    from pipeline.stages.registry import Registry, Stage

Local = Annotated[list[Path], typer.Option("--local", metavar="FILE", help="A file with stages of your own.")]


@guarded
def show_list(
    kind: Annotated[str, typer.Argument(help="Only this kind: optimizer, say.")] = "",
    local: Local = [],  # noqa: B006 - typer reads the default, nothing changes it
    json: Json = False,
) -> None:
    """List the stages that are installed, and the plugins that are broken."""
    from pipeline.errors import UserError, nearest
    from pipeline.hooks import KINDS
    from pipeline.stages.registry import Registry

    if kind and kind not in KINDS:
        hint = nearest(kind, KINDS) or f"the kinds are {', '.join(KINDS)}"
        raise UserError(f"there is no kind of stage {kind!r}; {hint}")
    record = stage_records(Registry(local), kind)
    if json:
        return write_json(record)
    from pipeline.report.plugins import stage_table

    return write(stage_table(record))


@guarded
def show_stage(
    stage: Annotated[str, typer.Argument(help="optimizer.adam, or adam.", show_default=False)],
    local: Local = [],  # noqa: B006 - typer reads the default, nothing changes it
    json: Json = False,
) -> None:
    """Show one stage: what it does, where it comes from, its options."""
    from pipeline.stages.registry import Registry

    registry = Registry(local)
    record = stage_record(registry.stage(_full_name(stage, registry)))
    if json:
        return write_json(record)
    from pipeline.report.plugins import stage_page

    return write(stage_page(record))


def stage_records(registry: Registry, kind: str = "") -> dict[str, Any]:
    """Return every stage (of `kind`) in short, the plugins that are broken and the names claimed twice."""
    from pipeline.stages.registry import BlockedStage, BrokenStage, StageConflict

    registry.load_all()
    stages, conflicts = [], []
    for name in registry.names(kind or None):
        try:
            stages.append(_short(registry.stage(name)))
        except StageConflict as conflict:
            conflicts.append({"stage": name, "error": str(conflict)})
        except (BrokenStage, BlockedStage):
            continue  # broken ones are listed below with the line that failed
    broken = [asdict(plugin) for plugin in registry.broken]
    return {"stages": stages, "broken": broken, "conflicts": conflicts}


def stage_record(stage: Stage) -> dict[str, Any]:
    """Return one stage with its documentation, ports and options (name -> JSON Schema)."""
    from pipeline.hooks import KINDS
    from pipeline.stages.pairing import spared

    ports = KINDS[stage.kind].ports
    taken = [name for name in ports if stage.kind != "train" or not spared(stage, name)]
    return {
        **_short(stage),
        "module": stage.module,
        "documentation": inspect.getdoc(stage.function) or "",
        "takes": {name: asdict(ports[name]) for name in taken},
        "required": sorted(stage.required),
        "varying": sorted(stage.varying),
        "options": stage.schema().get("properties", {}),
    }


def _short(stage: Stage) -> dict[str, Any]:
    return {
        "stage": stage.ref,
        "kind": stage.kind,
        "distribution": stage.distribution,
        "version": stage.version,
        "summary": stage.summary,
    }


def _full_name(name: str, registry: Registry) -> str:
    """Return "optimizer.adam" for "adam" where only one kind has such a stage."""
    from pipeline.errors import UserError, nearest

    matches = [ref for ref in registry.names() if name in (ref, ref.partition(".")[2])]
    if len(matches) == 1 or "." in name:
        return matches[0] if matches else name
    if matches:
        raise UserError(f"several kinds have a stage {name!r}: {', '.join(matches)}; say which")
    hint = nearest(name, [ref.partition(".")[2] for ref in registry.names()])
    raise UserError(f"there is no stage {name!r}; {hint or 'see plait plugins list'}")
