"""F4: optimizers and schedules of their learning rate."""

import json
from collections.abc import Iterator, Mapping
from statistics import fmean
from typing import Any

import numpy as np

from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs, values
from benchmarks.process import ROOT
from pipeline.stages.registry import Registry

OPTIMIZERS = (
    "sgd",
    "momentum",
    "nesterov",
    "adagrad",
    "rmsprop",
    "adadelta",
    "adam",
    "adamw",
    "nadam",
    "amsgrad",
    "lion",
)
SCHEDULES = ("constant", "step", "cosine", "inverse", "cycle", "plateau")
ROW = Row(
    id="F4",
    name="Optimizers and schedules",
    sentence="From steepest descent to Lion, with momentum, Nesterov's look ahead and AMSGrad as options; "
    "rates by warm-up, stairs, cosine, 1/t, one cycle, or falling at plateaus, each member by itself "
    "(2 seeds on digits)",
    source="Polyak 1964; Sutskever et al. 2013; Duchi et al. 2011; Zeiler 2012; Kingma & Ba 2015; Dozat 2016;"
    " Reddi et al. 2018; Loshchilov & Hutter 2017, 2019; Chen et al. 2023; Smith & Topin 2017; Bengio 2012",
    stages=(
        "optimizer.sgd",
        "optimizer.adagrad",
        "optimizer.rmsprop",
        "optimizer.adadelta",
        "optimizer.adam",
        "optimizer.adamw",
        "optimizer.nadam",
        "optimizer.lion",
        "schedule.constant",
        "schedule.step",
        "schedule.cosine",
        "schedule.inverse_time",
        "schedule.one_cycle",
        "regularizer.reduce_on_plateau",
    ),
    dags=("optimizers.yaml", "schedules.yaml"),
    bars={
        "50 steps, furthest from PyTorch's": AtMost(1e-9),
        "first steps of Adam and Lion, off lr by": AtMost(1e-12),
        "digits: least accuracy of 11 optimizers": AtLeast(0.95),
        "digits: least accuracy of 6 schedules": AtLeast(0.96),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return how far trajectories are from PyTorch's, and the least accuracy on digits."""
    by, under = runs("optimizers.yaml"), runs("schedules.yaml")
    return {
        "50 steps, furthest from PyTorch's": max(_distances()),
        "first steps of Adam and Lion, off lr by": max(_first_steps()),
        "digits: least accuracy of 11 optimizers": min(
            fmean(values(by, f"of_{name}", "accuracy")) for name in OPTIMIZERS
        ),
        "digits: least accuracy of 6 schedules": min(
            fmean(values(under, f"of_{name}", "accuracy")) for name in SCHEDULES
        ),
    }


def _distances() -> Iterator[float]:
    """Yield how far the weights are, relatively, from PyTorch's figures after 1 to 50 steps, a case each."""
    for name in ("torch_steps.json", "torch_training.json"):
        kept = json.loads((ROOT / "tests" / "oracles" / name).read_text())
        for case in kept["optimizers"].values():
            path = _path(case["stage"], case["options"], np.array(kept["start"]), max(kept["kept"]))
            found = np.array([path[step - 1] for step in kept["kept"]])
            yield float((np.abs(found - case["path"]) / np.maximum(np.abs(case["path"]), 1e-3)).max())


def _path(name: str, options: Mapping[str, Any], w: np.ndarray, steps: int) -> list[np.ndarray]:
    optimizer, state, path = Registry().stage(f"optimizer.{name}").function, None, []
    for t in range(1, steps + 1):
        w, state = optimizer(w, w + np.sin(3 * w) + 0.25, state, t, **options)
        path.append(w)
    return path


def _first_steps() -> Iterator[float]:
    gradient = np.array([1e-3, -1.0, 1e3])
    for name, options in (("adam", {"eps": 0.0}), ("lion", {})):
        optimizer = Registry().stage(f"optimizer.{name}").function
        stepped, _ = optimizer(np.zeros(3), gradient, None, 1, lr=0.1, **options)
        yield float(np.abs(stepped + 0.1 * np.sign(gradient)).max())
