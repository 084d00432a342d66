"""The command `plait`: its subcommands, each in a file of its own.

What a subcommand needs is imported when it runs, so that `plait --help` and `plait check` start fast.
"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline import __version__
from pipeline.cli import (
    cache,
    check,
    doctor,
    plan,
    plugins,
    predict,
    replay,
    report,
    resume,
    run,
    runs,
    schema,
    verify,
    why,
)

# Rich would draw frames around the help, and take longer to import than everything else together.
app = typer.Typer(
    name="plait",
    help="Train many neural networks at once: a DAG file in, scored ensembles and grids out.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
of_runs = typer.Typer(help="The runs of a store.", no_args_is_help=True, rich_markup_mode=None)
of_plugins = typer.Typer(help="The stages that are installed.", no_args_is_help=True, rich_markup_mode=None)
of_cache = typer.Typer(help="What the store holds.", no_args_is_help=True, rich_markup_mode=None)

app.command("check")(check.check)
app.command("plan")(plan.plan)
app.command("doctor")(doctor.doctor)
app.command("run")(run.run)
app.command("resume")(resume.resume)
app.add_typer(of_runs, name="runs")
of_runs.command("list")(runs.show_list)
of_runs.command("show")(runs.show_run)
of_runs.command("diff")(runs.show_difference)
app.command("report")(report.report)
app.command("predict")(predict.predict)
app.command("replay")(replay.replay)
app.command("verify")(verify.verify)
app.command("why")(why.why)
app.add_typer(of_plugins, name="plugins")
of_plugins.command("list")(plugins.show_list)
of_plugins.command("show")(plugins.show_stage)
app.command("schema")(schema.schema)
app.add_typer(of_cache, name="cache")
of_cache.command("ls")(cache.show_list)
of_cache.command("gc")(cache.collect)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"plait {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Train many neural networks at once: a DAG file in, scored ensembles and grids out."""
