import numpy as np
import pytest

from pipeline.testing import check_stage
from plugins.schedule.one_cycle import one_cycle

STEPS = range(1, 13)


def test_factors_are_pytorchs(torch_factors):
    np.testing.assert_allclose([one_cycle(t, 12) for t in STEPS], torch_factors["one cycle"], rtol=1e-9)


def test_factors_of_straight_slopes_are_pytorchs(torch_factors):
    factors = [one_cycle(t, 12, rise=0.5, start=0.25, end=0.025, shape="linear") for t in STEPS]
    np.testing.assert_allclose(factors, torch_factors["one cycle linear"], rtol=1e-9)


@pytest.mark.parametrize("rise", [0.0, 0.01, 0.5, 1.0])
@pytest.mark.parametrize("steps", [1, 2, 12])
def test_factors_stay_between_the_start_or_end_and_one(rise, steps):
    factors = [float(one_cycle(t, steps, rise=rise, start=0.1, end=0.01)) for t in range(1, steps + 1)]
    assert all(0.01 <= factor <= 1.0 for factor in factors)
    assert max(factors) > 0.6


def test_a_rise_over_all_steps_ends_at_the_largest_rate():
    np.testing.assert_allclose(one_cycle(12, 12, rise=1.0), 1.0)


@pytest.mark.parametrize("shape", ["cosine", "linear"])
def test_the_stage_conforms(shape):
    check_stage(one_cycle, options={"shape": shape})
