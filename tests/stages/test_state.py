"""What training carries beside parameters and targets: buffers, costs, heads, further and missing data."""

import numpy as np
import pytest

from pipeline.errors import DataError, StageError
from pipeline.stages.dataset import DataSet
from pipeline.stages.fit import train_cohort
from pipeline.stages.net import eager
from pipeline.stages.predictor import Predictor

LR = {"adam.lr": 1e-2}


@pytest.fixture
def train(stages):
    return lambda spec, data: train_cohort(spec, {"data": data}, stages)


@pytest.fixture
def rich(blobs):
    """Return a data set with unlabelled rows, and further targets."""
    data = blobs()
    rng = np.random.default_rng(3)
    return data.replace(
        splits={"train": np.arange(20), "unlabelled": np.arange(20, 36), "validation": np.arange(36, 50)},
        auxiliary={"code": rng.normal(size=(50, 4))},
    )


def assert_same(one, other):
    assert one.history == other.history
    for name, values in one.params.items():
        assert np.array_equal(values, other.params[name]), name


# Buffers


def test_a_buffer_follows_its_updates_and_the_optimizer_leaves_it_alone(train, blobs, cohort_of):
    data = blobs()
    options = {"minibatch": {"epochs": 2, "batch_size": 36, "shuffle": False}}
    spec = cohort_of({"centred.momentum": 0.5}, model="model.centred", options=options)
    mean = data.split("train")[0].astype("float32").mean(axis=0)
    result = train(spec, data)[0]
    np.testing.assert_allclose(result.params["running"], 0.75 * mean, rtol=1e-5)


def test_predictions_use_the_buffer_that_training_left(train, blobs, cohort_of):
    data = blobs()
    result = train(cohort_of(LR, model="model.centred"), data)[0]
    x, p = data.split("validation")[0], result.params
    h = np.tanh((x - p["running"]) @ p["hidden0.weights"] + p["hidden0.bias"])
    y = h @ p["out.weights"] + p["out.bias"]
    expected = np.exp(y) / np.exp(y).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(result.network.predict(x), expected, rtol=1e-4)


@pytest.mark.parametrize("optimizer", ["optimizer.adam", "optimizer.rmsprop"])
def test_buffers_do_not_depend_on_the_cohort(train, blobs, cohort_of, optimizer):
    settings = [{"centred.momentum": m, "seed": seed} for m, seed in ((0.1, 0), (0.5, 0), (0.9, 1))]
    together = train(cohort_of(*settings, model="model.centred", optimizer=optimizer), blobs())
    for setting, result in zip(settings, together, strict=True):
        alone = train(cohort_of(setting, model="model.centred", optimizer=optimizer), blobs())[0]
        assert_same(alone, result)


def test_penalties_and_noise_do_not_reach_buffers(train, blobs, cohort_of):
    spec = cohort_of(LR, model="model.centred", regularizers=["regularizer.l2", "regularizer.dropout"])
    plain = train(cohort_of(LR, model="model.centred"), blobs())[0]
    assert np.array_equal(train(spec, blobs())[0].params["running"], plain.params["running"])


def test_early_stopping_goes_back_to_the_buffer_of_the_best_epoch(train, blobs, cohort_of):
    spec = cohort_of(LR, model="model.centred", regularizers=["regularizer.stop_at"])
    one = {"minibatch": {"epochs": 1, "batch_size": 12}}
    first = train(cohort_of(LR, model="model.centred", options=one), blobs())[0]
    assert np.array_equal(train(spec, blobs())[0].params["running"], first.params["running"])


def test_an_update_of_what_is_no_buffer_or_of_another_shape_is_refused():
    net = eager()
    net.parameter("scale", (3,))
    net.buffer("mean", (3,))
    with pytest.raises(StageError, match="'scale' is no buffer"):
        net.update("scale", np.zeros(3))
    with pytest.raises(StageError, match=r"'mean' is \(3,\), its new value \(2,\)"):
        net.update("mean", np.zeros(2))


# Costs and heads


def test_a_cost_counts_in_training_and_in_validation(train, blobs, cohort_of):
    spec = cohort_of({"costly.weight": 0.0}, {"costly.weight": 2.0}, model="model.costly")
    free, dear = train(spec, blobs())
    assert dear.metrics["loss"] == pytest.approx(free.metrics["loss"] + 2, rel=1e-5)
    assert dear.metrics["train_loss"] == pytest.approx(free.metrics["train_loss"] + 2, rel=1e-5)


def test_a_cost_is_one_number_an_example():
    with pytest.raises(StageError, match=r"one number an example, \(batch,\), this one has shape \(2, 3\)"):
        eager().cost(np.zeros((2, 3)))


def test_a_predictor_gives_a_head_and_names_those_there_are(train, blobs, cohort_of, stages):
    result = train(cohort_of(LR, model="model.centred"), blobs())[0]
    network = Predictor.from_parts(*result.network.to_parts(), stages)
    x = blobs().split("validation")[0]
    code = network.head("code", x)
    p = result.params
    np.testing.assert_allclose(
        code, np.tanh((x - p["running"]) @ p["hidden0.weights"] + p["hidden0.bias"]), rtol=1e-4
    )
    with pytest.raises(DataError, match="no head 'cod'\n    allowed: code"):
        network.head("cod", x)


def test_two_heads_of_one_name_are_refused():
    net = eager()
    net.head("code", np.zeros((2, 3)))
    with pytest.raises(StageError, match="two heads named 'code'"):
        net.head("code", np.zeros((2, 3)))


# Further targets, examples without


@pytest.mark.parametrize(
    ("model", "regularizer", "option"),
    [
        ("model.centred", "regularizer.coded", "coded.weight"),
        ("model.mlp", "regularizer.confident", "confident.strength"),
        ("model.mlp", "regularizer.smoothed", "smoothed.amount"),
    ],
)
def test_what_regularizers_take_from_the_data_does_not_depend_on_the_cohort(
    train, rich, cohort_of, model, regularizer, option
):
    settings = [{option: 0.1 * slot, "seed": slot // 2} for slot in range(4)]
    together = train(cohort_of(*settings, model=model, regularizers=[regularizer]), rich)
    losses = [result.metrics["train_loss"] for result in together]
    assert len(set(losses)) == 4
    for setting, result in zip(settings, together, strict=True):
        assert_same(train(cohort_of(setting, model=model, regularizers=[regularizer]), rich)[0], result)


def test_auxiliary_targets_are_gathered_with_their_rows(train, rich, cohort_of):
    # the code is all there is to learn: what it should be for each row is found only if rows agree
    inputs = rich.inputs
    data = rich.replace(auxiliary={"code": np.tanh(inputs)})
    options = {"minibatch": {"epochs": 300, "batch_size": 5}}
    spec = cohort_of(
        {"adam.lr": 0.02, "coded.weight": 50.0},
        model="model.centred",
        regularizers=["regularizer.coded"],
        options=options,
    )
    result = train(spec, data)[0]
    wanted = data.auxiliary["code"][data.rows("train")]
    found = result.network.head("code", data.split("train")[0])
    assert np.corrcoef(found.ravel(), wanted.ravel())[0, 1] > 0.95


def test_training_never_sees_the_targets_of_unlabelled_rows(train, rich, cohort_of):
    spec = cohort_of(LR, regularizers=["regularizer.confident"])
    lied = rich.targets.copy()
    lied[rich.rows("unlabelled")] = 0
    assert_same(train(spec, rich)[0], train(spec, rich.replace(targets=lied))[0])


def test_unlabelled_examples_change_what_is_learnt_and_are_drawn_anew(train, rich, cohort_of):
    spec = cohort_of({"confident.strength": 1.0}, regularizers=["regularizer.confident"])
    other = rich.inputs.copy()
    other[rich.rows("unlabelled")] += 1
    a, b = train(spec, rich)[0], train(spec, rich.replace(inputs=other))[0]
    assert not np.array_equal(a.params["out.weights"], b.params["out.weights"])


def test_asking_for_unlabelled_rows_where_there_are_none_says_what_to_do(train, blobs, cohort_of):
    with pytest.raises(DataError, match=r"confident.*no split `unlabelled`\n    make one"):
        train(cohort_of(regularizers=["regularizer.confident"]), blobs())


def test_smoothed_targets_are_those_of_the_softmax_loss(train, blobs, cohort_of):
    # at amount 1 all classes are wanted alike, so the smallest loss is log 3
    options = {"minibatch": {"epochs": 60, "batch_size": 12}}
    spec = cohort_of(
        {"smoothed.amount": 1.0, "adam.lr": 0.03}, regularizers=["regularizer.smoothed"], options=options
    )
    assert train(spec, blobs())[0].metrics["train_loss"] == pytest.approx(np.log(3), abs=0.01)


def test_further_and_missing_data_are_saved_and_checked(rich, tmp_path):
    data = DataSet(np.array([[1.0, np.nan], [2.0, 3.0]]), [0, 1], missing=True, auxiliary={"a": [1, 2]})
    data.validate("here").save(tmp_path / "data.npz")
    loaded = DataSet.load(tmp_path / "data.npz")
    assert loaded.missing
    assert loaded.auxiliary["a"].tolist() == [1, 2]
    with pytest.raises(DataError, match="here: 50 rows of inputs, but auxiliary targets 'a'"):
        rich.replace(auxiliary={"a": [1, 2]}).validate("here")
    with pytest.raises(DataError, match="here: the auxiliary targets 'a' hold 1 values that are NaN"):
        data.replace(auxiliary={"a": [0.5, np.nan]}).validate("here")
    with pytest.raises(DataError, match="NaN"):
        data.replace(missing=False).validate("here")


def test_missing_inputs_are_refused_where_a_net_trains(train, blobs, cohort_of):
    holed = blobs().inputs.copy()
    holed[3, 1] = np.nan
    with pytest.raises(DataError, match=r"fit: inputs are missing.*\n    fill them by transform\.impute"):
        train(cohort_of(), blobs().replace(inputs=holed, missing=True))


# Steps on examples of one's own


def test_a_train_stage_may_step_on_examples_that_it_makes(train, blobs, cohort_of):
    settings = [{"adam.lr": 10.0**-slot, "seed": slot} for slot in range(3)]
    together = train(cohort_of(*settings, train="train.on_its_own"), blobs())
    for setting, result in zip(settings, together, strict=True):
        assert_same(train(cohort_of(setting, train="train.on_its_own"), blobs())[0], result)
    assert together[0].history[0]["train_loss"] > 1  # the class that it held for the least likely
