import itertools

import numpy as np
import pytest

from pipeline.testing import check_stage
from plugins.ensemble.selection import counts_of, selection

OPTIONS = {"size": 6, "metric": "loss", "bags": 1, "share": 0.5}


def chosen(predictions, targets, seed=0, **options):
    rng = np.random.default_rng(seed)
    return counts_of(predictions, targets, rng, **{**OPTIONS, **options})["counts"]


def members(count=4, rows=80, classes=3):
    scores = np.random.default_rng(1).random((count, rows, classes)) + 0.05
    return scores / scores.sum(axis=-1, keepdims=True)


def log_loss(average, targets):
    return -np.log(average[np.arange(len(targets)), targets]).mean()


def test_it_chooses_as_the_greedy_search_by_hand():
    predictions, targets = members(), np.arange(80) % 3
    picked, best = [], (np.inf, [])
    for _ in range(OPTIONS["size"]):
        costs = [log_loss(predictions[[*picked, i]].mean(axis=0), targets) for i in range(4)]
        picked = [*picked, int(np.argmin(costs))]
        best = min(best, (min(costs), list(picked)))
    assert chosen(predictions, targets).tolist() == np.bincount(best[1], minlength=4).tolist()


def test_a_member_may_be_chosen_again():
    targets = np.arange(80) % 3
    good = np.full((80, 3), 0.05) + 0.85 * np.eye(3)[targets]
    bad = np.full((80, 3), 1 / 3)
    assert chosen(np.stack([bad, good]), targets, size=1).tolist() == [0, 1]
    far = [-3.0, 6.0]  # 0 is the mean of two of the first and one of the second
    numbers = np.array(far)[:, None, None] * np.ones((2, 5, 1))
    assert chosen(numbers, np.zeros(5), size=3).tolist() == [2, 1]


def test_the_choice_is_never_worse_than_the_best_member_on_the_rows_it_learned_from():
    predictions, targets = members(5), np.arange(80) % 3
    counts = chosen(predictions, targets)
    average = np.einsum("m,mro->ro", counts / counts.sum(), predictions)
    assert log_loss(average, targets) <= min(log_loss(p, targets) for p in predictions)


def test_errors_are_counted_where_that_is_asked_for():
    targets = np.zeros(10, int)
    sure_but_often_wrong = np.tile([0.45, 0.55], (10, 1))
    sure_but_often_wrong[:6] = [0.999, 0.001]
    right_and_unsure = np.tile([0.51, 0.49], (10, 1))
    right_and_unsure[9] = [0.001, 0.999]
    both = np.stack([sure_but_often_wrong, right_and_unsure])
    assert chosen(both, targets, size=1, metric="error").tolist() == [0, 1]
    assert chosen(both, targets, size=1, metric="loss").tolist() == [1, 0]


def test_bags_look_at_random_shares_of_the_members():
    predictions, targets = members(6), np.arange(80) % 3
    counts = chosen(predictions, targets, bags=8, share=0.34, size=1)
    assert counts.sum() == 8
    assert (counts > 0).sum() > 1
    assert (chosen(predictions, targets, bags=8, share=0.34, size=1) == counts).all()
    draws = [chosen(predictions, targets, s, bags=8, share=0.34, size=1).tolist() for s in range(4)]
    assert any(one != other for one, other in itertools.pairwise(draws))


def test_members_are_averaged_by_their_counts():
    predictions = members(2)
    combined = selection(predictions, {"counts": np.array([3.0, 1.0])}, **OPTIONS)
    np.testing.assert_allclose(combined, 0.75 * predictions[0] + 0.25 * predictions[1])


@pytest.mark.parametrize("options", [{}, {"bags": 3}, {"metric": "error"}])
def test_it_conforms(options):
    check_stage(selection, options=options)
