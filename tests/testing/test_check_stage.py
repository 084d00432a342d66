"""The conformance kit passes good stages, and tells of each fault in a sentence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline import (
    DataError,
    DataSet,
    Verdict,
    augment,
    data,
    ensemble,
    evaluate,
    exhibits,
    loss,
    model,
    ops,
    optimizer,
    regularizer,
    schedule,
    search,
    tracker,
    train,
    transform,
)
from pipeline.options import Positive
from pipeline.stages.stage import Stage
from pipeline.testing import check_stage, traces, tracing


def assert_fault(stage, match, **examples):
    with pytest.raises(AssertionError, match=match) as caught:
        check_stage(stage, **examples)
    assert stage.__name__ in str(caught.value)


# What a stage says of itself


def test_a_good_stage_passes_as_function_and_as_stage():
    @optimizer
    def descend(w, g, state, t, *, lr: Positive = 0.1):
        """Step against the gradient."""
        return w - lr * g, ()

    check_stage(descend)
    check_stage(Stage.of(descend), "optimizer")


def test_a_stage_of_another_kind_is_told():
    @optimizer
    def descend(w, g, state, t):
        """Step."""
        return w - g, ()

    assert_fault(descend, "it is of the kind optimizer, not model", kind="model")


def test_a_plain_function_is_no_stage():
    def plain(x):
        """Pass."""

    assert_fault(plain, r"plain: it cannot be a stage: .*plain is not a stage; decorate it")


def test_a_wrong_signature_is_told():
    @optimizer
    def descend(w, g):
        """Step."""

    assert_fault(descend, r"it cannot be a stage: .*its data arguments are \(w, g\)")


def test_a_missing_docstring_is_told():
    @optimizer
    def descend(w, g, state, t):
        return w - g, ()

    assert_fault(descend, r"optimizer\.descend: it has no docstring")


def test_a_docstring_that_begins_with_no_sentence_is_told():
    @optimizer
    def descend(w, g, state, t):
        """descent"""
        return w - g, ()

    assert_fault(descend, "its docstring must begin with a sentence, not with 'descent'")


def test_options_that_are_required_must_be_given():
    @optimizer
    def descend(w, g, state, t, *, lr: Positive):
        """Step."""
        return w - lr * g, ()

    assert_fault(descend, "give the required ones in .*option 'lr' is missing")
    check_stage(descend, options={"lr": 0.5})


def test_an_example_of_no_argument_is_told():
    @optimizer
    def descend(w, g, state, t):
        """Step."""
        return w - g, ()

    assert_fault(descend, "has no data argument 'weights' to give an example of", weights=np.ones(3))


# Traced kinds


def test_numpy_on_a_tensor_is_told():
    @optimizer
    def descend(w, g, state, t):
        """Step."""
        return w - np.sign(g), ()

    assert_fault(descend, "it fails when it is traced in float32")


def test_a_branch_on_a_value_is_told():
    @optimizer
    def descend(w, g, state, t):
        """Step."""
        return (w - g if t > 1 else w), ()

    assert_fault(descend, "cannot branch on a tensor's value")


def test_a_state_that_changes_its_structure_is_told():
    @optimizer
    def descend(w, g, state, t):
        """Step."""
        return w - g, (g,) if state is None else (g, g)

    assert_fault(descend, "state changes from")


def test_a_trace_that_differs_from_the_direct_call_is_told():
    @optimizer
    def descend(w, g, state, t):
        """Step."""
        return w - g * (2.0 if isinstance(w, np.ndarray) else 1.0), ()

    assert_fault(descend, "traced it gives another w1 than when it is called with NumPy arrays")


def test_writing_to_an_argument_is_told():
    @optimizer
    def descend(w, g, state, t):
        """Step."""
        if isinstance(w, np.ndarray):
            w -= g
            return w, ()
        return w - g, ()

    assert_fault(descend, "called with NumPy arrays .which it must not change.: ValueError: .*read-only")


def test_random_numbers_of_its_own_are_told():
    @augment
    def jitter(x, rng):
        """Add noise that no seed governs."""
        return x + np.random.default_rng().normal()

    assert_fault(jitter, "it gives another x for the same seed; draw from its rng, not from NumPy")


def test_an_augmentation_that_changes_the_shape_is_told():
    @augment
    def crop(x, rng):
        """Cut the first column off."""
        return x[:, 1:]

    assert_fault(crop, r"it must keep the shape \(3, 8, 8\), and gives \(3, 7, 8\)")


def test_draws_are_the_same_traced_and_called_directly():
    @augment
    def jitter(x, rng, *, std: Positive = 0.1):
        """Add noise, drop a tenth."""
        return (x + std * rng.normal(x.shape)) * rng.bernoulli(0.9, x.shape) + rng.uniform(x.shape)

    check_stage(jitter)


def test_a_wrong_gradient_is_told(monkeypatch):
    from pipeline.engine.vjps import VJPS

    @augment
    def soften(x, rng):
        """Squash the inputs."""
        return ops.tanh(x)

    check_stage(soften)
    monkeypatch.setitem(VJPS, "tanh", lambda g, x, y, params: (g * (1 - y),))
    assert_fault(soften, "its gradient with respect to x is not the slope of its value")


def test_members_that_touch_each_other_are_told(monkeypatch):
    @augment
    def pass_on(x, rng):
        """Return the inputs."""
        return x * 1.5

    run = traces.Trace.run

    def mixed(self, members, backend=None):
        found = run(self, members, backend)
        return [{name: array + 1e-7 * len(members) for name, array in one.items()} for one in found]

    monkeypatch.setattr(traces.Trace, "run", mixed)
    assert_fault(pass_on, "a member's x differ, in some bit, alone and in a cohort of 7")


def test_a_backend_that_gives_other_numbers_is_told(monkeypatch):
    @augment
    def halve(x, rng):
        """Halve the inputs."""
        return x / 2

    numpy = tracing.backend_named("numpy")
    monkeypatch.setattr(tracing, "gpu", lambda: numpy)
    check_stage(halve)
    monkeypatch.setattr(tracing, "gpu", lambda: replace(numpy, to_host=lambda array: array * 1.01))
    assert_fault(halve, "its x differ between NumPy and CuPy .float32.")


def test_a_number_that_is_not_finite_is_told():
    @schedule
    def grow(t, steps):
        """Divide by zero."""
        return 1 / (t - 1)

    assert_fault(grow, "it gives NaN or infinity in factor at t1")


def test_a_schedule_of_several_factors_is_told():
    @schedule
    def several(t, steps):
        """Give two factors."""
        return ops.stack([t, t])

    assert_fault(several, "it must give one factor")


def test_a_schedule_may_give_a_plain_number():
    @schedule
    def steady(t, steps):
        """Keep the rate."""
        return 1.0

    check_stage(steady)


def test_a_model_whose_prediction_looks_at_other_rows_is_told():
    @model
    def centred(x, net, *, outputs: int):
        """Subtract the batch's mean."""
        x = ops.flatten(x)
        return net.dense(x - ops.mean(x, axis=0, keepdims=True), outputs, name="out")

    assert_fault(centred, "its outputs for an example depend on the other examples of the batch")


def test_a_model_of_another_number_of_outputs_is_told():
    @model
    def narrow(x, net, *, outputs: int):
        """Give one output too many."""
        return net.dense(ops.flatten(x), outputs + 1, name="out")

    assert_fault(narrow, r"it must give outputs \(batch, outputs\), \(3, 3\), and gives .*\[3, 4\]")


def test_a_model_without_parameters_is_told():
    @model
    def fixed(x, net, *, outputs: int):
        """Do not learn."""
        return ops.flatten(x)[:, :outputs]

    assert_fault(fixed, "it makes no parameters, so there is nothing to train")


def test_a_model_that_draws_when_it_predicts_is_told():
    @model
    def noisy(x, net, *, outputs: int):
        """Add noise always."""
        y = net.dense(ops.flatten(x), outputs, name="out")
        return y + net.rng.normal(y.shape)

    assert_fault(noisy, "it takes none of the kit's examples(.|\n)*net.rng is for training")


def test_a_model_of_particular_inputs_takes_an_example():
    @model
    def bag(x, net, *, outputs: int):
        """Average the vectors of words 0 to 99."""
        if x.ndim != 2 or x.shape[1] != 7:
            raise ValueError("seven words")
        table = net.parameter("table", (100, 4), "normal")
        return net.dense(ops.mean(ops.take(table, ops.cast(x, "int64")), axis=1), outputs, name="out")

    assert_fault(bag, "it takes none of the kit's examples; give one, x=...\n.*ValueError: seven words")
    check_stage(bag, x=np.arange(21).reshape(3, 7))


def test_a_loss_of_the_whole_batch_is_told():
    @loss(link="identity")
    def whole(outputs, targets):
        """Sum over the batch."""
        return ops.sum(ops.square(outputs - targets))

    assert_fault(whole, r"it must give one number an example, \(5,\): \(\)")


def test_a_loss_that_looks_at_other_examples_is_told():
    @loss(link="identity")
    def scaled(outputs, targets):
        """Weigh examples by their place."""
        errors = ops.sum(ops.square(outputs - targets), axis=-1)
        return errors * np.arange(errors.shape[0], dtype=float)

    assert_fault(scaled, "its losses for an example depend on the other examples")


def test_a_regularizer_passes_by_penalty_perturbation_and_rule():
    @regularizer
    def much(objective, *, strength: Positive = 0.1, patience: int = 2):
        """Act in many ways."""
        objective.on_hidden(lambda h, rng: h + strength * rng.normal(h.shape))
        objective.after_epoch(lambda history, strength: Verdict(stop=strength > 1), strength=strength)
        objective.add(strength * sum(ops.sum(ops.abs(w)) for w in objective.weights))
        objective.on_gradients(lambda found: {name: g * strength for name, g in found.items()})
        objective.after_step(lambda w: ops.clip(w, -1.0, 1.0))

    check_stage(much)


def test_a_penalty_that_is_no_scalar_is_told():
    @regularizer
    def vector(objective):
        """Add a vector."""
        objective.add(objective.weights[0])

    assert_fault(vector, "it fails when it acts on the objective: a penalty is a scalar")


def test_a_rule_without_a_verdict_is_told():
    @regularizer
    def silent(objective):
        """Judge nothing."""
        objective.after_epoch(lambda history: None)

    assert_fault(silent, "its rule must return a Verdict, and gives None")


def test_a_rule_that_changes_the_history_is_told():
    @regularizer
    def careless(objective):
        """Sort what it is given."""

        def rule(history):
            history.sort(key=lambda record: record["loss"])
            return Verdict()

        objective.after_epoch(rule)

    assert_fault(careless, "its rule changes the history it is given")


# The other kinds


def test_data_that_differ_the_second_time_are_told():
    calls = []

    @data
    def drifting():
        """Load something else each time."""
        calls.append(1)
        return DataSet(np.full((4, 2), float(len(calls))), np.arange(4) % 2)

    assert_fault(drifting, "it loads other data the second time")


def test_data_that_cannot_serve_are_told():
    @data
    def broken():
        """Load a NaN."""
        return DataSet(np.array([[1.0], [np.nan]]), np.arange(2))

    assert_fault(broken, "it fails when what it returns is validated: .*NaN")


def test_a_transform_fitted_on_all_rows_is_told():
    @transform
    def scale(data, rng):
        """Divide by the largest of all rows."""
        return data.prepared_by(scaled, by=np.abs(data.inputs).max(axis=0) + data.inputs.mean(axis=0))

    assert_fault(scale, "what train rows become depends on test rows; fit on data.split.'train'. alone")


def scaled(inputs, by):
    return (inputs / by).astype(inputs.dtype)


def test_a_transform_fitted_on_train_rows_passes():
    @transform
    def scale(data, rng):
        """Divide by the largest of the train rows."""
        return data.prepared_by(scaled, by=np.abs(data.split("train")[0]).max(axis=0))

    check_stage(scale)


def test_overlapping_splits_are_told():
    @transform
    def leak(data, rng):
        """Put validation rows among the train rows."""
        return data.with_splits(train=np.arange(20), validation=np.arange(15, 25))

    assert_fault(leak, r"row \[15\] is in the split train and in validation")


def test_a_change_that_predictions_cannot_repeat_is_told():
    @transform
    def double(data, rng):
        """Double the inputs, and leave no word of it."""
        doubled = data.prepared_by(scaled, by=np.ones(data.inputs.shape[1:]))
        return doubled.replace(inputs=data.inputs * 2)

    assert_fault(double, "it changes inputs in a way that predictions cannot repeat")


def test_a_transform_that_draws_from_elsewhere_is_told():
    @transform
    def resample(data, rng):
        """Draw rows by chance."""
        return data.with_splits(train=np.random.default_rng().choice(data.rows("train"), 20))

    assert_fault(resample, "it gives another data set for the same seed")


def test_a_transform_that_chooses_train_rows_by_test_rows_is_told():
    @transform
    def prune(data, rng):
        """Drop train rows by the test rows' mean."""
        inputs, _ = data.split("train")
        mean = data.inputs[data.splits["test"]].mean() if "test" in data.splits else 0.0
        return data.with_splits(train=data.rows("train")[inputs.reshape(len(inputs), -1).mean(axis=1) > mean])

    assert_fault(prune, "it chooses train rows by looking at test rows")


def test_an_ensemble_that_follows_the_first_member_is_told():
    @ensemble
    def first(predictions):
        """Follow the first."""
        return predictions[0]

    assert_fault(first, "its result depends on the order of the members")


def test_an_ensemble_that_ignores_agreement_is_told():
    @ensemble
    def contrary(predictions):
        """Say the opposite."""
        return -predictions.mean(axis=0)

    assert_fault(contrary, "members that predict the same class are not followed")


def test_an_ensemble_that_loses_the_rows_is_told():
    @ensemble
    def flat(predictions):
        """Average too much."""
        return predictions.mean(axis=(0, 1))

    assert_fault(flat, r"it must give \(rows, outputs\) \(6, 3\): \(3,\)")


@pytest.mark.parametrize("value", [float("nan"), True, "0.9", np.zeros(2)])
def test_a_measure_that_is_no_finite_float_is_told(value):
    @evaluate
    def measure(model, data):
        """Measure."""
        return {"score": value}

    assert_fault(measure, "its measure 'score' must be a finite float")


def test_an_evaluation_that_refuses_one_task_is_checked_on_the_other():
    @evaluate
    def spread(model, data):
        """Measure the predictions' spread."""
        if data.task != "regression":
            raise DataError("numbers only")
        return {"spread": float(model.predict_split(data, "test").std())}

    check_stage(spread)


def test_a_search_outside_the_space_is_told():
    @search
    def wild(space, rng):
        """Propose zero."""
        return [dict.fromkeys(space, 0)]

    assert_fault(wild, "it proposes adam.lr = 0, which is not in the space")


def test_a_search_that_forgets_a_key_is_told():
    @search
    def short(space, rng):
        """Propose nothing in particular."""
        return [{}]

    assert_fault(short, "it must choose a value for each of adam.lr, net.hidden")


def test_a_tracker_that_fails_on_an_event_is_told():
    @tracker
    def picky(event):
        """Want an epoch."""
        event.data["epoch"]

    assert_fault(picky, "it fails when it hears run_started: KeyError")


def test_a_train_stage_that_takes_no_epoch_is_told():
    @train
    def idle(fit):
        """Do nothing."""

    assert_fault(idle, "it fails when it trains 3 members in float32: .*took no step")


def test_a_train_stage_that_draws_from_elsewhere_is_told():
    @train
    def wild(fit):
        """Train on rows that no seed governs."""
        rng = np.random.default_rng()
        for _ in fit.epochs(2):
            for rows in fit.batches(8):
                fit.step(rng.permutation(fit.rows)[: len(rows)])

    assert_fault(wild, "it trains other weights for the same seed")


def test_a_train_stage_passes():
    @train
    def twice(fit, *, size: int = 8):
        """Train two epochs."""
        for _ in fit.epochs(2):
            for rows in fit.batches(size):
                fit.step(rows)

    check_stage(twice)


def test_an_evaluation_may_show_exhibits():
    @evaluate
    def look(model, data):
        """Look at the classes."""
        return {"classes": exhibits.Table(["class"], [[name] for name in data.classes])}

    check_stage(look)
