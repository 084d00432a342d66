"""Every registered stage takes the conformance kit, with its defaults and with each choice it offers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest
from strict import has_compiler, strict_backend

from pipeline import DataSet
from pipeline.stages.committee import Committee
from pipeline.stages.estimated import Estimated
from pipeline.stages.options import annotation_of, fields_by_option
from pipeline.stages.registry import Registry
from pipeline.stages.stage import Stage
from pipeline.testing import check_stage, probes, tracing


def _csv(folder: Path) -> dict[str, Any]:
    rows = [f"{i / 7:.3f},{i % 5},{'ab'[i % 2]}" for i in range(30)]
    (folder / "table.csv").write_text("\n".join(["width,height,kind", *rows]) + "\n")
    return {"path": str(folder / "table.csv"), "target": "kind"}


def _npz(folder: Path) -> dict[str, Any]:
    np.savez(folder / "arrays.npz", inputs=np.eye(12, 3), targets=np.arange(12) % 3)
    return {"path": str(folder / "arrays.npz")}


def _arrays(folder: Path) -> dict[str, Any]:
    DataSet(np.eye(12, 3), np.arange(12) % 3).save(folder / "set.npz")
    return {"path": str(folder / "set.npz")}


# Train stages that find their own steps: a few of these are enough.
OWN_STEPS = ("descent", "newton", "newton_cg", "gauss_newton", "conjugate_gradient", "lbfgs")

# Options for stages that do not run on their defaults: they read a file, or want to be told columns.
OPTIONS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "data.csv": _csv,
    "data.npz": _npz,
    "data.arrays": _arrays,
    "transform.augmented": lambda folder: {"by": {"noise": {}}},
    "transform.one_hot": lambda folder: {"columns": ["feature0", 1]},
    "train.minibatch": lambda folder: {"epochs": 2, "batch_size": 8},
    "train.policy_gradient": lambda folder: {"epochs": 2, "episodes": 2, "horizon": 5},
    "evaluate.episodes": lambda folder: {"count": 2, "horizon": 5},
    **{f"train.{name}": lambda folder: {"epochs": 3} for name in OWN_STEPS},
    "transform.leave_out": lambda folder: {"name": "a"},
    "model.autoencoder": lambda folder: {"hidden": [5], "code": 2, "outputs": 4},
    "model.vae": lambda folder: {"hidden": [5], "code": 2, "outputs": 4},
    "model.made": lambda folder: {"hidden": [6, 5]},
    "model.rbm": lambda folder: {"hidden": 4},
    "model.mixture": lambda folder: {"components": 3},
    "evaluate.manifold": lambda folder: {"neighbors": 3},
    "model.multitask": lambda folder: {"hidden": [5]},
    "transform.unlabel": lambda folder: {"labelled": 2},
    "transform.regroup": lambda folder: {"groups": [0, 1, 1]},
    "train.snapshots": lambda folder: {"cycles": 2, "epochs": 1, "batch_size": 8},
    "model.cnn": lambda folder: {"channels": [3, 4], "hidden": [5]},
    "model.mlp": lambda folder: {"hidden": [6, 5]},
    "regularizer.sharing": lambda folder: {"between": ["hidden.weights", "out.weights"]},
    "model.resnet": lambda folder: {"channels": [2, 3]},
}


def _ensemble() -> dict[str, Any]:
    data = probes.table("classes")
    models = [probes.predictor(data, seed) for seed in range(2)]
    return {"data": data, "model": Committee.of(Registry().stage("ensemble.average"), {}, models)}


def _linear() -> dict[str, Any]:
    table = probes.table("classes")
    data = DataSet(table.inputs, table.targets % 2, splits=dict(table.splits))
    return {"data": data, "model": Estimated.of(Registry().stage("model.glm"), {"strength": 1.0}, 0, data)}


def _cart_pole() -> dict[str, Any]:
    return {"data": Registry().stage("data.environment").function(rows=8)}


def _policy() -> dict[str, Any]:
    return {**_cart_pole(), "model": probes.predictor(_cart_pole()["data"], 0)}


# Examples for stages that the kit's own do not fit.
EXAMPLES: dict[str, Callable[[], dict[str, Any]]] = {
    "evaluate.curve": _ensemble,
    "evaluate.vc_bound": _linear,
    "evaluate.episodes": _policy,
    "train.policy_gradient": _cart_pole,
    # one weight of the kit's net is then as the other, transposed
    "regularizer.sharing": lambda: {"x": np.arange(15.0).reshape(5, 3) / 7},
}


def conform(stage: Stage, folder: Path, **options: Any) -> None:
    given = OPTIONS.get(stage.ref, lambda folder: {})(folder)
    check_stage(stage, options={**given, **options}, **EXAMPLES.get(stage.ref, dict)())


@pytest.mark.parametrize("ref", Registry().names())
def test_stage_conforms(ref, registry, tmp_path):
    conform(registry.stage(ref), tmp_path)


def choices(stage: Stage) -> list[tuple[str, Any]]:
    """List the values of bool and Literal options that are not the default: each is another code path."""
    found = []
    for name, field in fields_by_option(stage.options).items():
        kind = annotation_of(field)
        values = (True, False) if kind is bool else get_args(kind) if get_origin(kind) is Literal else ()
        found += [(name, value) for value in values if value != field.default]
    return found


KINDS = ("augment", "model", "loss", "regularizer", "optimizer", "schedule")
TRACED = [ref for kind in KINDS for ref in Registry().names(kind)]


@pytest.mark.parametrize(
    ("ref", "name", "value"),
    [(ref, name, value) for ref in TRACED for name, value in choices(Registry().stage(ref))],
)
def test_every_choice_of_a_traced_stage_conforms(ref, name, value, registry, tmp_path):
    conform(registry.stage(ref), tmp_path, **{name: value})


@pytest.mark.skipif(not has_compiler, reason="no C compiler")
@pytest.mark.parametrize("ref", TRACED)
def test_a_traced_stage_conforms_on_arrays_as_strict_as_those_of_cupy(ref, registry, tmp_path, monkeypatch):
    monkeypatch.setattr(tracing, "gpu", strict_backend)
    conform(registry.stage(ref), tmp_path)
