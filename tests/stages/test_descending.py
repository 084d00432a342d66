"""Training without an optimizer: each member goes down its own objective, alone or in a cohort."""

from dataclasses import replace

import numpy as np
import pytest
from strict import has_compiler, strict_backend

from pipeline.errors import OptionError, UserError
from pipeline.stages import beginning, descending
from pipeline.stages.fit import train_cohort

SETTINGS = [{"l2.strength": s, "seed": i} for i, s in enumerate((1e-3, 1e-2, 1e-1, 1.0))]


@pytest.fixture
def descend(blobs, stages, cohort_of):
    """Train members by a stage that finds its own steps; return their results."""

    def run(*settings, train="train.lbfgs", datasets=None, emit=lambda event: None, **arguments):
        arguments.setdefault("regularizers", ["regularizer.l2"])
        spec = cohort_of(*settings, train=train, **arguments)
        parts = {port: part for port, part in spec.parts.items() if port != "optimizer"}
        return train_cohort(replace(spec, parts=parts), datasets or {"data": blobs()}, stages, emit)

    return run


def options(name="lbfgs", **given):
    return {"options": {name: {"epochs": 8, **given}}}


def assert_same(one, other):
    assert one.history == other.history
    for name, values in one.params.items():
        np.testing.assert_array_equal(values, other.params[name], err_msg=name)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "name", ["lbfgs", "newton", "newton_cg", "gauss_newton", "conjugate_gradient", "descent"]
)
def test_a_member_is_the_same_alone_and_among_others(descend, name, dtype):
    arguments = {"train": f"train.{name}", "dtype": dtype, **options(name)}
    for setting, member in zip(SETTINGS, descend(*SETTINGS, **arguments), strict=True):
        (alone,) = descend(setting, **arguments)
        assert_same(member, alone)


def test_members_with_data_of_their_own_are_the_same_alone_and_among_others(descend, blobs):
    datasets = {f"d{i}": blobs(i) for i in range(3)}
    settings = [{"l2.strength": 1e-2, "data": name} for name in datasets]
    together = descend(*settings, datasets=datasets, **options())
    assert len({member.history[-1]["objective"] for member in together}) == 3
    for setting, member in zip(settings, together, strict=True):
        assert_same(member, descend(setting, datasets=datasets, **options())[0])


def test_blocks_change_no_bit(descend, monkeypatch):
    whole = descend(*SETTINGS, **options())
    monkeypatch.setattr(descending, "block_width", lambda bytes_each, members, backend: 3)
    for one, other in zip(whole, descend(*SETTINGS, **options()), strict=True):
        assert_same(one, other)


@pytest.mark.skipif(not has_compiler, reason="no C compiler to run CUDA source with")
@pytest.mark.parametrize("name", ["lbfgs", "newton", "gauss_newton"])
def test_on_arrays_as_strict_as_those_of_cupy_it_follows_numpy(descend, blobs, name, monkeypatch):
    datasets = {"d0": blobs(0), "d1": blobs(1)}
    settings = [{"l2.strength": 1e-2, "data": "d0"}, {"l2.strength": 1e-1, "data": "d1"}]
    arguments = {
        "train": f"train.{name}",
        "datasets": datasets,
        "dtype": "float64",
        **options(name, epochs=3),
    }
    expected = descend(*settings, **arguments)
    monkeypatch.setattr(beginning, "backend_named", lambda name: strict_backend())
    for theirs, ours in zip(expected, descend(*settings, **arguments), strict=True):
        assert ours.metrics == pytest.approx(theirs.metrics, rel=1e-6)


def test_the_objective_falls_at_every_epoch_and_holds_the_penalty(descend):
    (result,) = descend({"l2.strength": 0.1}, **options())
    objective = [record["objective"] for record in result.history]
    assert (np.diff(objective) < 0).all()
    weights = np.concatenate([w.ravel() for name, w in result.params.items() if "bias" not in name])
    penalty = 0.05 * np.square(weights).sum()
    assert objective[-1] == pytest.approx(result.metrics["train_loss"] + penalty, rel=1e-5)


def test_an_epoch_has_a_record_with_validation_metrics_and_events(descend):
    events = []
    (result,) = descend({}, emit=events.append, **options(epochs=3))
    assert [record["epoch"] for record in result.history] == [1, 2, 3]
    assert set(result.metrics) == {"train_loss", "objective", "gradient_norm", "loss", "accuracy"}
    assert [event.name for event in events] == ["epoch_started", "epoch_ended"] * 3


def test_members_that_converge_leave_and_the_others_go_on(descend):
    smooth = {"lbfgs": {"epochs": 200, "tolerance": 1e-4}, "mlp": {"hidden": [5], "activation": "tanh"}}
    found = descend(*SETTINGS, dtype="float64", options=smooth)
    epochs = [member.epochs for member in found]
    assert epochs[3] < epochs[0] < 200
    for member in found:
        assert member.state == "done"
        assert member.metrics["gradient_norm"] < 1e-3


def test_an_early_stop_takes_the_weights_back_to_the_best_epoch(descend):
    arguments = {"regularizers": ["regularizer.stop_at"], **options(epochs=9)}
    stopped, other = descend({"stop_at.epoch": 3.0}, {"stop_at.epoch": 5.0}, **arguments)
    assert (stopped.epochs, other.epochs) == (3, 5)
    (shorter,) = descend({}, regularizers=[], **options(epochs=2))
    for name, values in stopped.params.items():
        np.testing.assert_array_equal(values, shorter.params[name])


def test_a_start_that_is_the_minimum_has_one_epoch(descend):
    (result,) = descend({}, **options(tolerance=1e9))
    assert result.epochs == 1
    assert np.isfinite(result.metrics["train_loss"])


@pytest.mark.filterwarnings("ignore:a step of rate")
def test_a_member_that_diverges_fails_and_leaves_the_others(descend):
    settings = [{"l2.strength": 1e-3}, {"l2.strength": 1e30}]
    found = descend(*settings, train="train.descent", **options("descent", step="constant"))
    assert [member.state for member in found] == ["done", "failed"]
    assert found[1].error.endswith(
        "at epoch 1; take smaller steps, or scale the inputs (transform.standardize)"
    )
    (alone,) = descend(settings[0], train="train.descent", **options("descent", step="constant"))
    assert_same(alone, found[0])


@pytest.mark.parametrize("name", ["lbfgs", "newton", "gauss_newton"])
def test_buffers_follow_their_updates_and_no_gradient_reaches_them(descend, blobs, name):
    arguments = {"train": f"train.{name}", "model": "model.centred", **options(name, epochs=4)}
    (result,) = descend({"centred.momentum": 0.25}, dtype="float64", **arguments)
    mean = blobs().split("train")[0].mean(axis=0)
    np.testing.assert_allclose(result.params["running"], mean * (1 - 0.75**result.epochs), rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"regularizers": ["regularizer.dropout"]},
            r"fit \(train.lbfgs\): dropout draws random numbers .*\n",
        ),
        ({"augment": ["augment.noise"]}, "noise draws random numbers at each step"),
        ({"regularizers": ["regularizer.fading"]}, "a part of the objective changes from step to step"),
        ({"regularizers": ["regularizer.confident"]}, "a regularizer draws unlabelled examples at each step"),
        ({"regularizers": ["regularizer.clip"]}, "a regularizer changes gradients or weights"),
        ({"regularizers": ["regularizer.max_norm"]}, "a regularizer changes gradients or weights"),
    ],
)
def test_what_would_mislead_a_method_is_refused_and_the_reason_said(descend, blobs, arguments, message):
    data = blobs()
    datasets = {"data": data.with_splits(unlabelled=data.rows("validation"))}
    with pytest.raises(OptionError, match=message) as refused:
        descend({}, datasets=datasets, **arguments, **options())
    assert "train.minibatch" in str(refused.value)


def test_an_optimizer_is_refused_where_steps_are_found_and_missed_where_they_are_taken(
    descend, cohort_of, blobs, stages
):
    with pytest.raises(OptionError, match="it finds its own steps and takes no optimizer\n"):
        train_cohort(cohort_of(train="train.lbfgs"), {"data": blobs()}, stages)
    with pytest.raises(UserError, match=r"fit: train.minibatch needs an optimizer\n    add one"):
        descend({}, train="train.minibatch", regularizers=[])
