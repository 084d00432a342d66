import numpy as np

from pipeline.testing import check_stage
from plugins.schedule.inverse_time import inverse_time


def test_the_rate_stays_and_then_falls_as_one_over_time():
    factors = [inverse_time(t, 20, stay=0.2) for t in (1, 4, 8, 16)]
    np.testing.assert_allclose(factors, [1.0, 1.0, 0.5, 0.25])


def test_the_power_bends_the_fall():
    np.testing.assert_allclose([inverse_time(t, 20, stay=0.2, power=0.5) for t in (4, 16)], [1.0, 0.5])


def test_without_a_stay_it_is_one_over_t():
    np.testing.assert_allclose([inverse_time(t, 9, stay=0.0) for t in range(1, 5)], 1 / np.arange(1, 5))


def test_the_rate_rises_linearly_over_the_warm_up():
    factors = [inverse_time(t, 10, stay=0.4, warmup=3) for t in (1, 2, 4, 8)]
    np.testing.assert_allclose(factors, [0.25, 0.5, 1.0, 0.5])


def test_the_stage_conforms():
    check_stage(inverse_time)
