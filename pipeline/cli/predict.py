"""`plait predict`: a stored model applied to new rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.arguments import STORE, Json, Store
from pipeline.cli.failures import guarded
from pipeline.cli.output import write_json


@guarded
def predict(
    model: Annotated[
        str,
        typer.Argument(help="RUN or RUN:NODE; RUN may be 'last'.", metavar="RUN[:NODE]", show_default=False),
    ],
    data: Annotated[
        Path,
        typer.Argument(help="Rows: .npz (array inputs), .csv or .tsv.", metavar="FILE", show_default=False),
    ],
    store: Store = STORE,
    json: Json = False,
) -> None:
    """Predict for the rows of a file with a trained model: a line of CSV for each."""
    from pipeline.running.predict import predict
    from pipeline.running.store import Store as Kept

    prediction = predict(Kept(store, create=False), model, data)
    if json:
        return write_json(prediction.to_json())
    from pipeline.report.predictions import csv_lines

    return print("\n".join(csv_lines(prediction.task, prediction.classes, prediction.outputs.tolist())))
