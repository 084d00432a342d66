"""The checks of evaluations: finite numbers and exhibits by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pipeline.errors import UserError
from pipeline.exhibits import Exhibit
from pipeline.stages.committee import Committee
from pipeline.stages.dataset import DataSet
from pipeline.stages.predictor import Predictor
from pipeline.testing import probes
from pipeline.testing.datasets import same_data
from pipeline.testing.subject import Subject


def check_evaluate(subject: Subject) -> None:
    """Check an evaluation of a classifier, a regression and an autoencoder, as far as it takes them.

    What refuses one network is given an ensemble of two.
    """

    def attempt(data: DataSet) -> Any:
        one, several = _models(subject, data)
        try:
            return subject.call(one, data)
        except UserError:
            return subject.call(several, data)

    candidates = [probes.headed(), probes.table("regression"), probes.images(), probes.rebuilt()]
    for data, measured in subject.accepted("data", candidates, attempt):
        before = data.replace()
        _check_numbers(subject, measured)
        subject.require(measured == attempt(data), "it measures something else the second time")
        subject.require(same_data(before, data), "it changes the data set that it is given")


def _models(subject: Subject, data: DataSet) -> tuple[Predictor, Predictor]:
    """Return one network and an ensemble of two for `data`, or twice the example that was given."""
    if "model" in subject.examples:
        return subject.examples["model"], subject.examples["model"]
    make = probes.coder if "anomaly" in data.auxiliary else probes.predictor
    several = Committee.of(probes.PROBES["ensemble.average"], {}, [make(data, 0), make(data, 1)])
    return make(data, 0), several


def _check_numbers(subject: Subject, measured: Any) -> None:
    subject.require(
        isinstance(measured, Mapping) and measured,
        f"it must return name -> number or exhibit, and gives {measured!r}",
    )
    for name, value in measured.items():
        subject.require(isinstance(name, str), f"it names a measure {name!r}; names are texts")
        subject.require(
            isinstance(value, Exhibit) or (isinstance(value, float) and math.isfinite(value)),
            f"its measure {name!r} must be a finite float or an exhibit, and is {value!r}",
        )
