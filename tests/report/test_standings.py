import math

import pytest

from pipeline.report.standings import chosen_metric, setting_label, simplest_standing, spread, standings


def trial(number, seed, lr=0.1, state="done", **metrics):
    return {"id": str(number), "options": {"adam.lr": lr}, "seed": seed, "state": state, "metrics": metrics}


def test_spread_is_the_standard_deviation_among_seeds():
    found = spread([0.9, 1.0, 1.1])
    assert found.mean == pytest.approx(1.0)
    assert found.deviation == pytest.approx(0.1)
    assert str(found) == "1.0000 ± 0.1000"


def test_one_seed_has_no_spread():
    assert str(spread([0.5])) == "0.5000"


def test_nothing_finite_is_shown_as_a_dash():
    assert str(spread([math.nan, math.inf])) == "-"


def test_trials_that_differ_only_in_the_seed_are_one_setting():
    found = standings([trial(0, 0, accuracy=0.8), trial(1, 1, accuracy=0.9)], "accuracy")
    assert [(one.label, one.trials, one.ended) for one in found] == [("adam.lr=0.1", ("0", "1"), 2)]


def test_a_larger_accuracy_ranks_first_and_so_does_a_smaller_loss():
    trials = [trial(0, 0, 0.1, accuracy=0.8, loss=0.3), trial(1, 0, 0.2, accuracy=0.9, loss=0.4)]
    assert [one.label for one in standings(trials, "accuracy")] == ["adam.lr=0.2", "adam.lr=0.1"]
    assert [one.label for one in standings(trials, "loss")] == ["adam.lr=0.1", "adam.lr=0.2"]


def test_a_setting_whose_seeds_all_failed_comes_last():
    trials = [trial(0, 0, 0.1, state="failed"), trial(1, 0, 0.2, accuracy=0.1)]
    last = standings(trials, "accuracy")[-1]
    assert (last.label, last.ended, last.failed) == ("adam.lr=0.1", 0, 1)


def test_accuracy_is_preferred_to_loss_and_there_may_be_no_metric_at_all():
    assert chosen_metric([trial(0, 0, loss=1.0, accuracy=0.5)]) == "accuracy"
    assert chosen_metric([trial(0, 0, rmse=1.0, loss=0.5)]) == "rmse"
    assert chosen_metric([trial(0, 0, state="failed")]) == ""


def test_settings_are_written_as_in_a_file():
    assert setting_label({"adam.lr": 0.001, "sgd.nesterov": False}) == "adam.lr=0.001 sgd.nesterov=false"
    assert setting_label({"adam.lr": 0.12345678}) != setting_label({"adam.lr": 0.12345679})
    assert setting_label({}) == "as written"


def degrees(*scores):
    """Return the standings of settings, listed from simple to complex, of a score for each of two seeds."""
    trials = [
        trial(f"t{i}{seed}", seed, lr=float(i), rmse=score)
        for i, pair in enumerate(scores)
        for seed, score in enumerate(pair)
    ]
    return standings(trials, "rmse")


def test_the_simplest_within_one_standard_error_of_the_best_is_told():
    # the best is the third, 0.30, its standard error 0.02
    ranked = degrees((0.40, 0.42), (0.30, 0.33), (0.28, 0.32), (0.30, 0.36))
    assert simplest_standing(ranked, "rmse").label == "adam.lr=1"


def test_where_the_best_is_the_simplest_there_is_nothing_to_choose():
    assert simplest_standing(degrees((0.28, 0.32), (0.31, 0.33)), "rmse") is None


def test_one_trial_a_setting_has_no_standard_error():
    ranked = standings([trial("t1", 0, 1.0, rmse=0.4), trial("t2", 0, 2.0, rmse=0.3)], "rmse")
    assert simplest_standing(ranked, "rmse") is None
