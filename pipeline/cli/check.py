"""`plait check`: every mistake in a DAG file that can be found before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.cli.arguments import File, Json, Sets
from pipeline.cli.failures import guarded
from pipeline.cli.output import write_json

if TYPE_CHECKING:
    from pipeline.dag.spec import Dag, Sweep


@guarded
def check(
    file: File,
    set_: Sets = [],  # noqa: B006 - typer reads the default, nothing changes it
    json: Json = False,
) -> None:
    """Check a DAG file: every problem at once, with its place and what would be right."""
    from pipeline.dag.file import read
    from pipeline.stages.registry import Registry

    record = summary(read(file, Registry(), set_))
    if json:
        write_json(record)
    else:
        print(sentence(record))


def summary(dag: Dag) -> dict[str, Any]:
    """Return what a good file holds: its nodes with their stages, its sweep."""
    sweep = dag.sweep
    return {
        "file": str(dag.path),
        "name": dag.name,
        "problems": [],
        "nodes": {name: spec.stage for name, spec in dag.nodes.items()},
        "sweep": {"search": sweep.search.stage, "space": _space(sweep), "seeds": list(sweep.seeds)},
    }


def _space(sweep: Sweep) -> dict[str, Any]:
    """Return the space as plain values: lists, and ranges as a file writes them."""
    from pipeline.space import Range

    return {
        key: {"from": values.low, "to": values.high, "scale": "log" if values.log else "linear"}
        if isinstance(values, Range)
        else values
        for key, values in sweep.space.items()
    }


def _axis(name: str, values: Any) -> str:
    if isinstance(values, dict):
        from pipeline.dag.labels import shown

        return f"{name} from {shown(values['from'])} to {shown(values['to'])}"
    return f"{name} x {len(values)}"


def sentence(record: dict[str, Any]) -> str:
    """Return "dags/digits.yaml is good: 9 nodes; adam.lr x 4, decay.strength x 2, seeds x 3"."""
    sweep = record["sweep"]
    axes = [_axis(name, values) for name, values in sweep["space"].items()]
    axes += [f"seeds x {len(sweep['seeds'])}"] if sweep["seeds"] else []
    varied = f"; {', '.join(axes)}" if axes else ""
    return f"{record['file']} is good: {len(record['nodes'])} nodes{varied}"
