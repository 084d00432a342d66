from functools import partial

import numpy as np
import pytest

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
