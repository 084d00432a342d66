from functools import partial
from itertools import product

import numpy as np
import pytest

from pipeline import nn
from plugins.regularizer.dropout import dropout


def test_units_are_zero_at_the_rate_and_the_rest_scaled_up(acted):
    result = acted(partial(dropout, rate=0.3), rows=60, features=50)
    kept = result.seen != 0
    assert 0.27 < 1 - kept.mean() < 0.33
    np.testing.assert_allclose(result.seen[kept], result.x[kept] / 0.7)


def test_every_example_and_unit_has_its_own_lot(acted):
    kept = acted(partial(dropout, rate=0.5), rows=60, features=50).seen != 0
    assert not (kept == kept[:1]).all()
    assert not (kept == kept[:, :1]).all()


def test_rate_zero_changes_nothing(acted):
    np.testing.assert_array_equal(acted(partial(dropout, rate=0.0)).total, acted().total)


def test_no_gradient_reaches_the_weights_of_a_dropped_unit(acted):
    result = acted(partial(dropout, rate=0.5), rows=1, features=20)
    dropped = result.seen[0] == 0
    assert 0 < dropped.sum() < 20
    assert (result.dout_weights[dropped] == 0).all()
    assert (result.dout_weights[~dropped] != 0).all()


@pytest.mark.parametrize(("units", "factors"), [("hidden", {0, 2}), ("inputs", {0, 2}), ("both", {0, 4})])
def test_units_says_what_is_dropped(acted, units, factors):
    result = acted(partial(dropout, rate=0.5, units=units), rows=20, features=10)
    assert set((result.seen / result.x).round(9).ravel()) == factors


def test_two_nodes_draw_different_lots(acted):
    once = acted(partial(dropout, rate=0.5), rows=20, features=10)
    twice = acted(partial(dropout, rate=0.5), partial(dropout, rate=0.5), rows=20, features=10)
    assert (twice.seen == 0).mean() > (once.seen == 0).mean() + 0.1


class Masks:
    """Uniform numbers that keep the units where `kept` is 1."""

    def __init__(self, kept):
        self.kept = np.array(kept, float)

    def uniform(self, shape):
        return np.broadcast_to(self.kept * 0.999, shape)


def test_of_a_linear_net_the_weight_scaling_rule_is_the_mean_over_all_masks():
    rng, rate = np.random.default_rng(0), 0.3
    x, first, second = rng.standard_normal((3, 4)), rng.standard_normal((4, 6)), rng.standard_normal((6, 2))
    mean = np.zeros((3, 2))
    for kept in product([0, 1], repeat=6):
        chance = np.prod(np.where(kept, 1 - rate, rate))
        mean += chance * (nn.dropout(x @ first, Masks(kept), rate) @ second)
    np.testing.assert_allclose(mean, x @ first @ second, rtol=1e-12)


def test_the_softmax_of_a_linear_net_is_the_normalised_geometric_mean_over_all_masks():
    """Hinton et al. 2012 (arXiv:1207.0580), section 2; without a hidden layer, for dropped inputs."""
    rng, rate = np.random.default_rng(1), 0.5
    x, w = rng.standard_normal((3, 5)), rng.standard_normal((5, 4))
    logs = np.zeros((3, 4))
    for kept in product([0, 1], repeat=5):
        logits = nn.dropout(x, Masks(kept), rate) @ w
        logs += (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))) / 2**5
    geometric = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    scaled = np.exp(x @ w) / np.exp(x @ w).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(geometric, scaled, rtol=1e-12)
