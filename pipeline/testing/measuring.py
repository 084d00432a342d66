"""The checks of evaluations: finite numbers and exhibits by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pipeline.exhibits import Exhibit
from pipeline.stages.dataset import DataSet
from pipeline.testing import probes
from pipeline.testing.datasets import same_data
from pipeline.testing.subject import Subject


def check_evaluate(subject: Subject) -> None:
    """Check an evaluation of a classifier, a regression and an autoencoder, as far as it takes them."""
    model = subject.examples.get("model")

    def attempt(data: DataSet) -> Any:
        make = probes.coder if "anomaly" in data.auxiliary else probes.predictor
        return subject.call(model or make(data, 0), data)

    candidates = [probes.table("classes"), probes.table("regression"), probes.images(), probes.rebuilt()]
    for data, measured in subject.accepted("data", candidates, attempt):
        before = data.replace()
        _check_numbers(subject, measured)
        subject.require(measured == attempt(data), "it measures something else the second time")
        subject.require(same_data(before, data), "it changes the data set that it is given")


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
