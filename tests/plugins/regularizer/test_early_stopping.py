import pytest

from benchmarks.catalogue.rows.r7 import descent_error, ridge_error
from pipeline import DataError, Verdict
from plugins.regularizer.early_stopping import early_stopping


@pytest.fixture
def verdicts(make_objective):
    """Return the verdict after each epoch of a history of one metric."""

    def verdicts(values, metric="loss", **options):
        objective = make_objective(2, 2)
        early_stopping(objective, metric=metric, **options)
        (watch,) = objective.after_epoch_rules
        history = [{metric: value} for value in values]
        return [watch.rule(history[: epoch + 1], **watch.options) for epoch in range(len(history))]

    return verdicts


def test_it_stops_once_patience_epochs_have_not_been_better(verdicts):
    stops = [verdict.stop for verdict in verdicts([3.0, 2.0, 2.5, 2.0, 2.1], patience=3)]
    assert stops == [False, False, False, False, True]


def test_an_epoch_that_improves_is_the_one_to_keep(verdicts):
    kept = [verdict.best for verdict in verdicts([3.0, 2.0, 2.5, 1.0, 1.0])]
    assert kept == [True, True, False, True, False]


def test_an_improvement_starts_patience_anew(verdicts):
    assert not any(verdict.stop for verdict in verdicts([3.0, 4.0, 2.0, 3.0, 1.0, 2.0], patience=2))


def test_higher_accuracy_is_better_and_lower_rmse(verdicts):
    rising = [0.5, 0.6, 0.7]
    assert verdicts(rising, "accuracy", patience=2)[-1] == Verdict(stop=False, best=True)
    assert verdicts(rising, "rmse", patience=2)[-1] == Verdict(stop=True, best=False)


def test_gains_within_the_tolerance_do_not_count(verdicts):
    last = verdicts([1.0, 0.95, 0.91], patience=2, tolerance=0.1)[-1]
    assert last == Verdict(stop=True, best=False)


def test_small_gains_add_up_to_a_better_epoch(verdicts):
    assert verdicts([1.0, 0.95, 0.85], patience=2, tolerance=0.1)[-1] == Verdict(stop=False, best=True)


def test_a_metric_that_is_not_recorded_is_named_with_those_that_are(make_objective):
    objective = make_objective(2, 2)
    early_stopping(objective, metric="accuracy")
    (watch,) = objective.after_epoch_rules
    with pytest.raises(DataError, match=r"watches 'accuracy'.*there are only loss, rmse"):
        watch.rule([{"loss": 1.0, "rmse": 1.0}], **watch.options)


def test_descent_stopped_on_a_quadratic_is_where_its_closed_form_says():
    """Goodfellow et al. 2016, equation 7.40."""
    assert descent_error() < 1e-12


def test_stopping_on_a_quadratic_is_l2_regularization_of_the_strength_that_the_steps_say():
    """Goodfellow et al. 2016, equation 7.44, against scikit-learn's Ridge."""
    assert ridge_error() < 1e-12
