"""Predict with a stored model for the rows of a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import DataError
from pipeline.running.models import find_model, load_model, registry_of
from pipeline.running.records import Records

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.running.store import Store
    from pipeline.stages.predictor import Predictor
    from pipeline.stages.registry import Registry


@dataclass(frozen=True)
class Prediction:
    """A model's predictions: probabilities (rows, classes), or values (rows, columns)."""

    run: str
    model: str
    task: str
    classes: tuple[str, ...]
    outputs: NDArray[Any]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield one record a row: the class and the probability of each class, or the values."""
        for numbers in self.outputs.tolist():
            if self.task == "classes":
                named = dict(zip(self.classes, numbers, strict=True))
                yield {"class": max(named, key=lambda name: named[name]), "probabilities": named}
            else:
                yield {"values": numbers}

    def to_json(self) -> dict[str, Any]:
        """Return what `plait predict --json` prints."""
        return {"run": self.run, "model": self.model, "task": self.task, "predictions": list(self.rows())}


def predict(store: Store, which: str, path: str | Path) -> Prediction:
    """Predict with the model RUN or RUN:NODE for raw inputs in an .npz (array `inputs`) or a table of text.

    A table's columns are found by the names that the training data had.  UserError and DataError say what
    does not fit.
    """
    with Records(store.records, create=False) as records:
        run, row = find_model(records, which)
    registry = registry_of(run)
    model = load_model(store, row.key, registry)
    outputs = model.predict_raw(_inputs(Path(path), model, registry))
    return Prediction(run.id, row.instance, model.task, model.classes, outputs)


def _inputs(path: Path, model: Predictor, registry: Registry) -> Any:
    suffixes = [suffix for suffix in path.suffixes if suffix != ".gz"]
    if suffixes[-1:] == [".npz"]:
        return registry.stage("data.npz").function(path=str(path), targets=None).inputs
    if suffixes[-1:] in ([".csv"], [".tsv"]):
        return _table(path, model, registry)
    raise DataError(f"{path} is neither .npz nor .csv nor .tsv\n    save the inputs as one of these")


def _table(path: Path, model: Predictor, registry: Registry) -> Any:
    load = registry.stage("data.csv").function
    return load(path=str(path), target=None, features=model.features).inputs
