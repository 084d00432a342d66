"""Trainings on all rows at once, for rows of the catalogue whose figures are exact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.dataset import DataSet
from pipeline.stages.fit import train_cohort
from pipeline.stages.registry import Registry

Array = npt.NDArray[np.float64]
Choice = tuple[str, Mapping[str, Any]]  # a stage and its options


def descended(
    inputs: Array, targets: Array, model: Choice, steps: int, lr: float, *regularizers: Choice
) -> dict[str, Array]:
    """Return the parameters, by name, after steps of gradient descent on all rows in float64."""
    stages = Registry()

    def part(choice: Choice) -> Part:
        ref, options = choice
        return Part(ref.replace(".", "_"), ref, stages.stage(ref).check(options))

    spec = CohortSpec(
        "fit",
        part(("train.minibatch", {"epochs": steps, "batch_size": len(inputs)})),
        {
            "model": (part(model),),
            "optimizer": (part(("optimizer.sgd", {"lr": lr})),),
            "regularizers": tuple(map(part, regularizers)),
        },
        (Member("t", "k", 0, "data", {}),),
        "float64",
    )
    (result,) = train_cohort(spec, {"data": DataSet(inputs, targets)}, stages)
    return dict(result.params)
