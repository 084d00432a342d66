import math

import numpy as np
import pytest

from pipeline.testing import check_stage
from plugins.schedule.restarts import restarts


def test_each_cycle_is_a_cosine_of_its_own():
    found = [float(restarts(float(t), 12, cycles=3)) for t in range(1, 13)]
    one = [(1 + math.cos(math.pi * k / 4)) / 2 for k in range(4)]
    np.testing.assert_allclose(found, one * 3, atol=1e-12)


def test_it_equals_the_papers_equation_where_cycles_do_not_divide_the_steps():
    steps, cycles = 11, 3
    length = math.ceil(steps / cycles)
    for t in range(1, steps + 1):
        expected = (math.cos(math.pi * ((t - 1) % length) / length) + 1) / 2
        assert float(restarts(float(t), steps, cycles=cycles)) == pytest.approx(expected)


def test_it_does_not_fall_below_the_floor():
    assert min(restarts(float(t), 100, cycles=2, floor=0.2) for t in range(1, 101)) >= 0.2


def test_it_conforms():
    check_stage(restarts)
