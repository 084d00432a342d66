"""`plait schema`: the JSON Schema of DAG files, from the stages that are installed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.arguments import Json
from pipeline.cli.failures import guarded
from pipeline.cli.output import write_json


@guarded
def schema(
    local: Annotated[
        list[Path], typer.Option("--local", metavar="FILE", help="A file with stages of your own.")
    ] = [],  # noqa: B006 - typer reads the default, nothing changes it
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the reference as Markdown instead.")
    ] = False,
    json: Json = False,
) -> None:
    """Print the JSON Schema of DAG files, for completion in an editor."""
    from pipeline.dag.schema import json_schema
    from pipeline.stages.registry import Registry

    found = json_schema(Registry(local))
    if markdown and not json:
        from pipeline.report.reference import reference

        print(reference(found), end="")
    else:
        write_json(found)
