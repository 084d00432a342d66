import numpy as np
import pytest

from pipeline.errors import DataError, ShapeError, StageError, UserError
from pipeline.stages.fit import train_cohort


@pytest.fixture
def train(blobs, stages):
    def run(spec, datasets=None, emit=lambda event: None):
        return train_cohort(spec, datasets or {"data": blobs()}, stages, emit)

    return run


def same(one, other):
    return all(np.array_equal(values, other.params[name]) for name, values in one.params.items())


def test_digits_are_read_by_a_perceptron_over_five_splits(stages, cohort_of):
    digits, split = stages.stage("data.digits").function(), stages.stage("transform.split")
    shares = {**split.check({}), "validation": 0.15, "test": 0.15}
    datasets = {f"d{i}": split.function(digits, np.random.default_rng(i), **shares) for i in range(5)}
    members = [{"adam.lr": 1e-2, "seed": i, "data": f"d{i}"} for i in range(5)]
    options = {"mlp": {"hidden": [64, 32]}, "minibatch": {"epochs": 30, "batch_size": 64}}
    found = []
    for data, result in zip(
        datasets.values(), train_cohort(cohort_of(*members, options=options), datasets, stages), strict=True
    ):
        predicted = result.network.predict_split(data, "test").argmax(axis=1)
        found.append(np.mean(predicted == data.split("test")[1]))
    assert np.mean(found) >= 0.97


def test_a_record_an_epoch_with_training_and_validation_metrics(train, cohort_of):
    result = train(cohort_of())[0]
    assert [record["epoch"] for record in result.history] == [1, 2, 3]
    assert set(result.metrics) == {"train_loss", "loss", "accuracy"}
    assert result.history[-1] == {"epoch": 3, **result.metrics}
    assert result.history[-1]["train_loss"] < result.history[0]["train_loss"]


def test_metrics_are_those_of_the_network_given_back(train, blobs, cohort_of):
    data = blobs()
    result = train(cohort_of(), {"data": data})[0]
    _, targets = data.split("validation")
    predicted = result.network.predict_split(data, "validation")
    assert result.metrics["accuracy"] == (predicted.argmax(axis=1) == targets).mean()
    assert result.metrics["loss"] == pytest.approx(result.network.loss(data, "validation"), rel=1e-5)


def test_numbers_are_fitted_by_least_squares_and_measured_by_rmse(train, blobs, cohort_of):
    data = blobs(task="regression")
    options = {"minibatch": {"epochs": 60, "batch_size": 12}}
    result = train(cohort_of({"adam.lr": 0.05}, model="model.linear", options=options), {"data": data})[0]
    assert set(result.metrics) == {"train_loss", "loss", "rmse"}
    assert result.metrics["rmse"] < 0.05
    assert result.metrics["loss"] == pytest.approx(result.metrics["rmse"] ** 2 / 2, rel=1e-4)


def test_without_a_validation_split_metrics_say_that_they_are_of_the_train_split(train, blobs, cohort_of):
    result = train(cohort_of(), {"data": blobs(validation=False)})[0]
    assert set(result.metrics) == {"train_loss", "train_accuracy"}


def test_the_training_loss_is_the_mean_over_examples_not_over_minibatches(train, blobs, cohort_of):
    # the steps are too small to move the weights: the loss of the start, whatever the minibatches
    spec = [
        cohort_of({"adam.lr": 1e-30}, options={"minibatch": {"epochs": 1, "batch_size": size}})
        for size in (36, 25)
    ]
    whole, ragged = (train(one)[0].metrics["train_loss"] for one in spec)
    assert whole == pytest.approx(ragged, rel=1e-5)


def test_the_last_minibatch_may_be_smaller_or_left_out(train, cohort_of):
    def trained(**options):
        return train(cohort_of(options={"minibatch": {"epochs": 1, "shuffle": False, **options}}))[0]

    assert same(trained(batch_size=36), trained(batch_size=99))
    assert not same(trained(batch_size=25), trained(batch_size=25, drop_last=True))


def test_members_of_one_seed_meet_the_same_start_minibatches_and_noise(train, cohort_of):
    spec = cohort_of({"seed": 1}, {"seed": 1}, {"seed": 2}, regularizers=["regularizer.dropout"])
    one, twin, other = train(spec)
    assert same(one, twin)
    assert not same(one, other)


def test_a_member_that_diverges_fails_with_a_cause_and_leaves_the_others_alone(train, cohort_of):
    settings = [{"sgd.lr": 0.1}, {"sgd.lr": 1e30}, {"sgd.lr": 0.2, "seed": 2}]
    done, failed, other = train(cohort_of(*settings, optimizer="optimizer.sgd"))
    assert (done.state, failed.state, other.state) == ("done", "failed", "done")
    assert failed.error.startswith("fit: the loss became ")
    assert "lower sgd.lr (1e+30)" in failed.error
    assert failed.network is None
    alone = train(cohort_of(settings[0], optimizer="optimizer.sgd"))[0]
    assert same(done, alone)
    assert done.history == alone.history


def test_when_every_member_diverged_training_ends(train, cohort_of):
    result = train(cohort_of({"sgd.lr": 1e30}, optimizer="optimizer.sgd"))[0]
    assert result.state == "failed"
    assert result.epochs < 3


def test_a_member_that_stops_keeps_its_best_weights_and_the_others_go_on(train, cohort_of):
    spec = cohort_of({"stop_at.epoch": 2}, {"stop_at.epoch": 9}, regularizers=["regularizer.stop_at"])
    stopped, other = train(spec)
    assert (stopped.epochs, other.epochs) == (2, 3)
    assert stopped.metrics["train_loss"] == stopped.history[0]["train_loss"]
    one_epoch = train(cohort_of(options={"minibatch": {"epochs": 1, "batch_size": 12}}))[0]
    three_epochs = train(cohort_of())[0]
    assert same(stopped, one_epoch)
    assert same(other, three_epochs)


def test_a_rule_gets_each_members_own_number_as_it_was_given(train, cohort_of):
    lowest = train(cohort_of())[0].metrics["train_loss"]
    settings = [{"stop_below.limit": limit} for limit in (lowest, 100.0)]
    results = train(cohort_of(*settings, regularizers=["regularizer.stop_below"]))
    assert [result.epochs for result in results] == [3, 1]


def test_early_stopping_returns_to_the_best_epoch(train, cohort_of):
    options = {"early_stopping": {"patience": 2}, "minibatch": {"epochs": 80, "batch_size": 12}}
    spec = cohort_of({"adam.lr": 0.1}, regularizers=["regularizer.early_stopping"], options=options)
    result = train(spec)[0]
    losses = [record["loss"] for record in result.history]
    assert result.metrics["loss"] == min(losses)
    assert result.epochs == losses.index(min(losses)) + 1 + 2


def test_early_stopping_without_a_validation_split_says_what_to_do(train, blobs, cohort_of):
    spec = cohort_of(regularizers=["regularizer.early_stopping"])
    with pytest.raises(DataError, match=r"early_stopping: .*'loss'(.|\n)*add a validation split"):
        train(spec, {"data": blobs(validation=False)})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("derived_rule", "compute with 'limit' inside the rule"),
        ("no_verdict", "returns a Verdict, this one gave None"),
    ],
)
def test_rules_that_cannot_serve_are_refused(train, cohort_of, name, message):
    with pytest.raises(StageError, match=f"{name}.*{message}"):
        train(cohort_of(regularizers=[f"regularizer.{name}"]))


def test_events_tell_of_epochs_with_metrics_and_of_failures(train, cohort_of):
    events = []
    spec = cohort_of({"sgd.lr": 0.1}, {"sgd.lr": 1e30}, optimizer="optimizer.sgd")
    train(spec, emit=events.append)
    assert [event.name for event in events[:2]] == ["epoch_started", "epoch_ended"]
    assert events[0].trials == ("t0", "t1")
    assert events[0].data == {"epoch": 1, "epochs": 3}
    assert set(events[1].data["metrics"]["t0"]) == {"epoch", "train_loss", "loss", "accuracy"}
    failed = next(event for event in events if event.name == "epoch_failed")
    assert failed.trials == ("t1",)
    assert "the loss became" in failed.data["error"]
    assert events[-1].trials == ("t0",)
    assert {event.node for event in events} == {"fit"}


def test_members_of_other_data_train_together_and_of_other_shapes_apart(train, blobs, cohort_of):
    fewer = blobs(2).with_splits(train=np.arange(30))
    datasets = {"a": blobs(0), "b": blobs(1), "c": fewer}
    together = train(cohort_of({"data": "a"}, {"data": "c"}, {"data": "b"}), datasets)
    assert [result.trial for result in together] == ["t0", "t1", "t2"]
    for name, result in zip("acb", together, strict=True):
        assert same(result, train(cohort_of({"data": name}), datasets)[0])


def test_a_train_stage_may_give_each_member_rows_of_its_own(train, cohort_of):
    first, second = train(cohort_of({}, {}, train="train.own_rows"))
    assert not same(first, second)


def test_steps_outside_of_an_epoch_are_recorded_as_one(train, cohort_of):
    result = train(cohort_of(train="train.one_step"))[0]
    assert result.epochs == 1
    assert result.metrics["train_loss"] > 0


def test_a_train_stage_that_takes_no_step_is_refused(train, cohort_of):
    with pytest.raises(StageError, match=r"fit \(train\.no_step\): the train stage took no step"):
        train(cohort_of(train="train.no_step"))


def test_noise_of_a_model_is_for_training_only(train, blobs, cohort_of):
    data = blobs()
    result = train(cohort_of(model="model.drawing"), {"data": data})[0]
    inputs, _ = data.split("validation")
    np.testing.assert_array_equal(result.network.predict(inputs), result.network.predict(inputs))


def with_value(data, value):
    inputs = np.array(data.inputs)
    inputs[3, 2] = value
    return data.replace(inputs=inputs)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda data: with_value(data, np.nan), "fit: .*NaN or infinite.*row 3, column 2"),
        (lambda data: data.replace(targets=data.targets + 1), "fit: .*labels are out of range"),
        (lambda data: data.with_splits(train=[]), "fit: .*split 'train' is empty"),
        (lambda data: data.with_splits(train=[0, 3, 6]), "fit: .*one class only"),
        (lambda data: data.replace(splits={"test": np.arange(9)}), "fit: .*no split 'train'"),
        (lambda data: data.replace(targets=None, task="none", classes=()), "fit: .*no targets"),
    ],
)
def test_data_that_cannot_serve_is_refused_before_training(train, blobs, cohort_of, spoil, message):
    with pytest.raises(DataError, match=f"(?s){message}"):
        train(cohort_of(), {"data": spoil(blobs())})


def test_a_loss_for_another_task_is_refused(train, blobs, cohort_of):
    with pytest.raises(DataError, match=r"(?s)fit: .*use loss\.softmax"):
        train(cohort_of(loss=["loss.gaussian"]))
    with pytest.raises(DataError, match=r"(?s)fit: .*use loss\.gaussian"):
        train(cohort_of(loss=["loss.softmax"]), {"data": blobs(task="regression")})


def test_outputs_that_do_not_match_the_classes_are_refused(train, cohort_of):
    with pytest.raises(DataError, match=r"mlp \(model\.mlp\): outputs is 2, but loss\.softmax needs 3"):
        train(cohort_of(options={"mlp": {"outputs": 2}}))


def test_shapes_that_do_not_fit_the_model_are_refused_before_training(train, cohort_of):
    with pytest.raises(ShapeError, match=r"fit -> cnn \(model\.cnn\): inputs of shape \(batch, 4\)"):
        train(cohort_of(model="model.cnn"))


def test_an_unknown_backend_is_refused(train, cohort_of):
    from dataclasses import replace

    with pytest.raises(UserError, match="backend 'abacus'"):
        train(replace(cohort_of(), backend="abacus"))
