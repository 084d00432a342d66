import numpy as np
import pytest

from pipeline.engine import numpy_backend
from pipeline.errors import OptionError, ShapeError, StageError
from pipeline.stages.optimizing import FLAT, leaves, mapped
from pipeline.stages.parts import resolve
from pipeline.stages.step import StepTracer, discovered
from pipeline.stages.tables import tables
from pipeline.stages.training import Training


@pytest.fixture
def tracer_of(blobs, stages):
    def make(spec, data=None):
        data = data or blobs()
        batch = tables({"data": data}, spec.members, "train", spec.dtype, numpy_backend()).tables[0].batch
        parts = resolve(spec, data, stages)
        return StepTracer(parts, discovered(parts, batch, spec.dtype, "blobs"), batch, spec.dtype)

    return make


@pytest.fixture
def training_of(blobs, tracer_of):
    def make(spec, data=None, groups=None):
        data, backend = data or blobs(), numpy_backend()
        tracer = tracer_of(spec, data)
        tracer.groups = groups or tracer.groups
        rows = tables({"data": data}, spec.members, "train", spec.dtype, backend)
        return Training("fit", tracer.parts, tracer, spec.members, rows, backend)

    return make


def stepped(training, count, steps=10):
    for start in range(count):
        training.step(np.arange(start, start + 8), steps)
    return np.array(training.weights)


def test_least_squares_by_sgd_with_momentum_follows_the_equations(blobs, cohort_of, training_of):
    data = blobs(task="regression")
    setting = {"sgd.lr": 0.1, "sgd.momentum": 0.5}
    spec = cohort_of(setting, model="model.linear", optimizer="optimizer.sgd", dtype="float64")
    weights = stepped(training_of(spec, data), 3)[0]
    w, v = np.zeros(5), np.zeros(5)
    for start in range(3):
        x = np.hstack([data.inputs[start : start + 8], np.ones((8, 1))])
        v = 0.5 * v + x.T @ (x @ w - data.targets[start : start + 8]) / 8
        w = w - 0.1 * v
    np.testing.assert_allclose(weights, w, rtol=1e-12)


@pytest.mark.parametrize("name", ["sgd", "adam", "adadelta", "nadam", "lion", "nested"])
def test_an_elementwise_optimizer_runs_once_over_all_parameters(cohort_of, tracer_of, name):
    assert tracer_of(cohort_of(optimizer=f"optimizer.{name}")).groups == [FLAT]


@pytest.mark.parametrize("name", ["layerwise", "by_rank"])
def test_an_optimizer_that_reduces_or_looks_at_shapes_runs_parameter_by_parameter(cohort_of, tracer_of, name):
    tracer = tracer_of(cohort_of(optimizer=f"optimizer.{name}"))
    assert tracer.groups == list(tracer.layout.parameters)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["sgd", "adam", "adadelta", "nadam", "lion", "nested"])
def test_both_ways_to_run_an_optimizer_are_bit_equal(cohort_of, training_of, name, dtype):
    spec = cohort_of({}, {}, optimizer=f"optimizer.{name}", dtype=dtype)
    names = list(training_of(spec)._tracer.layout.parameters)
    np.testing.assert_array_equal(stepped(training_of(spec), 4), stepped(training_of(spec, groups=names), 4))


def test_a_layerwise_optimizer_scales_each_parameter_by_its_own_norm(cohort_of, training_of):
    spec = cohort_of({"layerwise.lr": 0.5}, optimizer="optimizer.layerwise", dtype="float64")
    training = training_of(spec)
    before = np.array(training.weights)
    moved = stepped(training, 1) - before
    layout = training._tracer.layout
    for part in layout.slices.values():
        assert np.linalg.norm(moved[0, part]) < 0.5


def test_state_that_changes_its_structure_is_refused(cohort_of, tracer_of):
    with pytest.raises(StageError, match=r"growing \(optimizer\.growing\): .* state changes from"):
        tracer_of(cohort_of(optimizer="optimizer.growing"))


def test_a_schedule_multiplies_the_learning_rate(cohort_of, training_of):
    factors = {"step": {"every": 1, "gamma": 0.5}}
    plain = cohort_of({"sgd.lr": 0.1}, optimizer="optimizer.sgd", dtype="float64")
    scheduled = cohort_of(
        {"sgd.lr": 0.1},
        optimizer="optimizer.sgd",
        dtype="float64",
        schedule=["schedule.step"],
        options=factors,
    )
    fast, slow = training_of(plain), training_of(scheduled)
    start = np.array(fast.weights)
    np.testing.assert_array_equal(stepped(fast, 1), stepped(slow, 1))
    first = np.array(fast.weights)
    second = stepped(fast, 1) - first
    np.testing.assert_allclose(stepped(slow, 1) - first, second / 2, rtol=1e-9)
    assert not np.array_equal(start, first)


def test_a_schedule_needs_an_optimizer_with_a_learning_rate(cohort_of, training_of):
    spec = cohort_of(optimizer="optimizer.sgd", schedule=["schedule.constant"])
    training = training_of(spec)
    training._tracer.parts.optimizer.options.pop("lr")
    with pytest.raises(StageError, match=r"constant schedules the option `lr`"):
        stepped(training, 1)


def test_an_augmentation_that_changes_the_shape_is_refused(cohort_of, training_of):
    training = training_of(cohort_of(augment=["augment.cropping"]))
    with pytest.raises(StageError, match=r"cropping \(augment\.cropping\): an augmentation keeps the shape"):
        stepped(training, 1)


def test_a_stage_that_raises_is_named_and_its_exception_is_the_cause(cohort_of, training_of):
    training = training_of(cohort_of(regularizers=["regularizer.misspelt"]))
    with pytest.raises(StageError, match=r"misspelt \(regularizer\.misspelt\): AttributeError") as caught:
        stepped(training, 1)
    assert isinstance(caught.value.__cause__, AttributeError)


def test_a_model_that_names_two_parameters_alike_is_refused(cohort_of, tracer_of):
    with pytest.raises(StageError, match=r"twice \(model\.twice\).*two parameters named"):
        tracer_of(cohort_of(model="model.twice"))


def test_inputs_that_do_not_fit_the_model_are_named_with_nodes_and_shapes(cohort_of, tracer_of):
    with pytest.raises(ShapeError, match=r"blobs -> cnn \(model\.cnn\): inputs of shape \(batch, 4\)"):
        tracer_of(cohort_of(model="model.cnn"))


def test_options_that_agree_in_all_members_are_shared_scalars(cohort_of, training_of):
    training = training_of(cohort_of({"adam.lr": 0.1}, {"adam.lr": 0.2}))
    assert training._differing() == {"adam.lr"}


def test_hidden_noise_moves_the_weights_otherwise_than_none_and_alike_at_each_run(cohort_of, training_of):
    noisy = cohort_of(regularizers=["regularizer.hidden_noise"])
    weights = stepped(training_of(noisy), 2)
    np.testing.assert_array_equal(weights, stepped(training_of(noisy), 2))
    assert not np.array_equal(weights, stepped(training_of(cohort_of()), 2))


def test_state_is_walked_from_left_to_right_in_nested_tuples():
    nested = (1, ((2,), 3), ())
    assert list(leaves(nested)) == [1, 2, 3]
    assert mapped(lambda leaf: -leaf, nested) == (-1, ((-2,), -3), ())


def test_what_acts_after_a_step_has_the_last_word_on_the_weights(cohort_of, training_of):
    training = training_of(cohort_of({"max_norm.limit": 0.01}, regularizers=["regularizer.max_norm"]))
    layout = training._tracer.layout
    weights = layout.bind(stepped(training, 2)[0])["hidden0.weights"]
    assert np.linalg.norm(weights, axis=0).max() <= 0.01 * (1 + 1e-6)


def test_changed_gradients_are_what_the_optimizer_steps_against(cohort_of, training_of):
    setting = {"sgd.lr": 1.0, "clip.limit": 1e-3}
    training = training_of(
        cohort_of(setting, optimizer="optimizer.sgd", regularizers=["regularizer.clip"], dtype="float64")
    )
    before = np.array(training.weights)
    assert np.linalg.norm(stepped(training, 1) - before) == pytest.approx(1e-3)


def test_what_acts_by_the_learning_rate_sees_it_with_its_schedule(cohort_of, training_of):
    """The schedule halves the rate after each step; a decay of 1 then shrinks by 1 - lr."""
    options = {"step": {"every": 1, "gamma": 0.5}, "decay": {"strength": 1.0}}
    setting = {"sgd.lr": 0.2, "clip.limit": 1e-30}
    spec = cohort_of(
        setting,
        optimizer="optimizer.sgd",
        schedule=["schedule.step"],
        regularizers=["regularizer.decay", "regularizer.clip"],
        options=options,
        dtype="float64",
    )
    training = training_of(spec)
    before = training._tracer.layout.bind(np.array(training.weights[0]))["out.weights"].copy()
    after = training._tracer.layout.bind(stepped(training, 2)[0])["out.weights"]
    np.testing.assert_allclose(after, before * (1 - 0.2) * (1 - 0.1), rtol=1e-12)


def test_what_acts_by_the_learning_rate_is_refused_where_the_optimizer_has_none(cohort_of, training_of):
    spec = cohort_of(optimizer="optimizer.rateless", regularizers=["regularizer.decay"])
    with pytest.raises(OptionError, match=r"decay.*acts by the learning rate `lr`(.|\n)*optimizer\.sgd"):
        stepped(training_of(spec), 1)
