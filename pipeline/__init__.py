"""plait: train many neural networks at once.

The public names are imported when they are first used, so that `import pipeline` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline import calculus, capacity, exhibits, measures, nn, options, testing
    from pipeline.api import load, resume, run
    from pipeline.engine import ops
    from pipeline.errors import (
        DagError,
        DataError,
        OptionError,
        PlaitError,
        ShapeError,
        StageError,
        StoreError,
        UserError,
        nearest,
    )
    from pipeline.hooks import (
        augment,
        data,
        ensemble,
        evaluate,
        loss,
        model,
        optimizer,
        regularizer,
        schedule,
        search,
        tracker,
        train,
        transform,
    )
    from pipeline.stages.dataset import DataSet
    from pipeline.stages.events import Event
    from pipeline.stages.lookup import stage
    from pipeline.stages.predictor import Predictor
    from pipeline.stages.verdicts import Verdict, watched

__version__ = "0.1.0"

_HOME = {
    "pipeline.hooks": (
        "data transform augment model loss regularizer optimizer schedule "
        "train ensemble evaluate search tracker"
    ),
    "pipeline.errors": (
        "DagError DataError OptionError PlaitError ShapeError StageError StoreError UserError nearest"
    ),
    "pipeline.api": "load resume run",
    "pipeline.stages.dataset": "DataSet",
    "pipeline.stages.predictor": "Predictor",
    "pipeline.stages.events": "Event",
    "pipeline.stages.lookup": "stage",
    "pipeline.stages.verdicts": "Verdict watched",
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names.split()}
_MODULES = {
    "calculus": "pipeline.calculus",
    "capacity": "pipeline.capacity",
    "exhibits": "pipeline.exhibits",
    "ops": "pipeline.engine.ops",
    "measures": "pipeline.measures",
    "nn": "pipeline.nn",
    "options": "pipeline.options",
    "space": "pipeline.space",
    "testing": "pipeline.testing",
}

__all__ = [
    "DagError",
    "DataError",
    "DataSet",
    "Event",
    "OptionError",
    "PlaitError",
    "Predictor",
    "ShapeError",
    "StageError",
    "StoreError",
    "UserError",
    "Verdict",
    "augment",
    "calculus",
    "capacity",
    "data",
    "ensemble",
    "evaluate",
    "exhibits",
    "load",
    "loss",
    "measures",
    "model",
    "nearest",
    "nn",
    "ops",
    "optimizer",
    "options",
    "regularizer",
    "resume",
    "run",
    "schedule",
    "search",
    "stage",
    "testing",
    "tracker",
    "train",
    "transform",
    "watched",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name in _MODULE_OF:
        return getattr(import_module(_MODULE_OF[name]), name)
    raise AttributeError(f"module 'pipeline' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
