import json
from pathlib import Path

import numpy as np
import pytest

from pipeline import DataError, DataSet
from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.fit import train_cohort
from pipeline.testing import check_stage
from plugins.regularizer.reduce_on_plateau import reduce_on_plateau

FIGURES = json.loads((Path(__file__).parents[2] / "oracles" / "torch_training.json").read_text())


@pytest.fixture
def rates(make_objective):
    """Return the rate after each epoch of a history of one metric."""

    def rates(values, metric="loss", **options):
        objective = make_objective(2, 2)
        reduce_on_plateau(objective, metric=metric, **options)
        (rule,) = objective.after_epoch_rules
        history = [{metric: value} for value in values]
        return [rule.rule(history[: n + 1], **rule.options).rate for n in range(len(history))]

    return rates


@pytest.mark.parametrize(
    ("case", "options"),
    [
        ("patience 1", {"factor": 0.5, "patience": 2, "floor": 0.0}),
        ("tolerance", {"factor": 0.1, "patience": 3, "tolerance": 0.05, "floor": 0.05}),
        ("cooldown", {"factor": 0.5, "patience": 1, "cooldown": 2, "floor": 0.0}),
    ],
)
def test_rates_are_pytorchs(rates, case, options):
    np.testing.assert_allclose(rates(FIGURES["losses"], **options), FIGURES["plateaus"][case], rtol=1e-12)


def test_a_higher_accuracy_is_better(rates):
    assert rates([0.5, 0.6, 0.7, 0.7], "accuracy", patience=1, factor=0.5) == [1.0, 1.0, 1.0, 0.5]


def test_a_metric_that_is_not_recorded_is_named_with_those_that_are(make_objective):
    objective = make_objective(2, 2)
    reduce_on_plateau(objective, metric="accuracy")
    (rule,) = objective.after_epoch_rules
    with pytest.raises(DataError, match=r"watches 'accuracy'.*there are only loss, rmse"):
        rule.rule([{"loss": 1.0, "rmse": 1.0}], **rule.options)


@pytest.fixture
def trained(registry):
    """Return the weights of linear models, a member for each of `settings`, after some epochs of descent."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 3))
    data = DataSet(x, x @ rng.standard_normal(3), splits={"train": range(40), "validation": range(40, 60)})

    def run(*settings, optimizer="optimizer.sgd", **options):
        parts = {
            "model": Part("net", "model.linear", {}),
            "optimizer": Part("opt", optimizer, {}),
            "regularizers": Part("pace", "regularizer.reduce_on_plateau", {"patience": 1, **options}),
        }
        members = [Member(str(i), str(i), 0, "data", setting) for i, setting in enumerate(settings)]
        train = Part("fit", "train.minibatch", {"epochs": 4, "batch_size": 40})
        spec = CohortSpec("fit", train, {port: (p,) for port, p in parts.items()}, tuple(members), "float64")
        return train_cohort(spec, {"data": data}, registry)

    return run


def test_steps_shrink_by_the_factor_from_the_epoch_after_the_fall(trained):
    # with such a tolerance no epoch but the first is better: the rate falls after epochs 2, 3 and 4
    moved = [
        trained({"opt": {"lr": 0.1}, "pace": {"factor": factor}}, tolerance=100.0, floor=0.0)[0].history
        for factor in (1.0, 0.5)
    ]
    losses = [[record["loss"] for record in history] for history in moved]
    assert losses[0][:2] == losses[1][:2]  # epochs 1 and 2 were taken at the first rate
    assert losses[0][2] < losses[1][2]
    assert losses[0][3] < losses[1][3]


def test_members_of_one_cohort_are_paced_each_by_itself_to_the_last_bit(trained):
    settings = [
        {"opt": {"lr": rate}, "pace": {"factor": factor}} for rate in (0.05, 0.6) for factor in (0.1, 0.5)
    ]
    together = trained(*settings)
    for setting, result in zip(settings, together, strict=True):
        (alone,) = trained(setting)
        for name, array in alone.params.items():
            np.testing.assert_array_equal(array, result.params[name])


def test_a_factor_of_zero_and_no_floor_stop_the_weights(trained):
    result = trained({"opt": {"lr": 0.01}, "pace": {"factor": 0.0}}, tolerance=100.0, floor=0.0)[0]
    assert result.history[1]["loss"] == result.history[2]["loss"] == result.history[3]["loss"]


def test_the_stage_conforms():
    check_stage(reduce_on_plateau)
