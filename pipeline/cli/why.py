"""`plait why`: which change made a node run, or why it did not have to."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.cli.arguments import STORE, Json, Run, Store
from pipeline.cli.failures import guarded
from pipeline.cli.output import write_json
from pipeline.cli.runs import opened


@guarded
def why(
    run: Run,
    node: Annotated[str, typer.Argument(help="A node's name.", show_default=False)],
    store: Store = STORE,
    json: Json = False,
) -> None:
    """Say why a node ran or was cached: which option, input, code file or version changed."""
    from pipeline.running.why import explain

    with opened(store) as records:
        which = records.run(run).id
        reasons = explain(records, which, node)
    if json:
        found = [{**asdict(reason), "says": str(reason)} for reason in reasons]
        return write_json({"run": which, "node": node, "reasons": found})
    print(f"{node} in {which}")
    return print("\n".join(f"  {reason}" for reason in reasons))
