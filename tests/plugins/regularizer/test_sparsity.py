from functools import partial

import numpy as np
import pytest

from pipeline import OptionError
from pipeline.testing import check_stage
from plugins.regularizer.sparsity import sparsity


def test_l1_is_the_mean_over_examples_of_the_sum_over_units(acted):
    result = acted(partial(sparsity, strength=0.3))
    np.testing.assert_allclose(result.total - result.loss, 0.3 * np.abs(result.seen).sum(axis=1).mean())


def test_kl_is_least_where_every_unit_speaks_at_the_target_rate(acted):
    def penalty(target):
        result = acted(partial(sparsity, by="kl", strength=1.0, target=target), features=1, rows=40)
        return result.total - result.loss, result.seen.mean()

    _, rate = penalty(0.5)
    assert 0 < rate < 1
    assert penalty(float(rate))[0] == pytest.approx(0.0, abs=1e-12)
    assert penalty(0.9)[0] > 0.01


def test_kl_of_means_outside_of_0_and_1_is_finite(acted):
    result = acted(partial(sparsity, by="kl", strength=1.0), features=30)
    assert np.isfinite(result.total)
    assert np.isfinite(result.dout_weights).all()


def test_only_the_activations_named_count(acted):
    np.testing.assert_array_equal(acted(partial(sparsity, only="see?")).total, acted(sparsity).total)
    with pytest.raises(OptionError, match=r"'hidden0', which fits no hidden activation(.|\n)*allowed: seen"):
        acted(partial(sparsity, only="hidden0"))


@pytest.mark.parametrize("by", ["l1", "kl"])
def test_it_conforms(by):
    check_stage(sparsity, options={"by": by})
