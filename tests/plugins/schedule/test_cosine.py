import numpy as np

from plugins.schedule.cosine import cosine


def test_factors_are_pytorchs(torch_factors):
    factors = [cosine(t, 12, floor=0.2) for t in range(1, 13)]
    np.testing.assert_allclose(factors, torch_factors["cosine"], rtol=1e-9)


def test_it_is_half_way_in_the_middle():
    np.testing.assert_allclose(cosine(51, 100, floor=0.2), 0.6)


def test_the_fall_begins_after_the_warm_up():
    factors = [cosine(t, 7, warmup=3) for t in range(1, 8)]
    np.testing.assert_allclose(factors, [0.25, 0.5, 0.75, 1.0, *(cosine(t, 4) for t in (2, 3, 4))])


def test_a_step_past_the_last_stays_at_the_floor():
    np.testing.assert_allclose(cosine(500, 100, floor=0.1), 0.1)


def test_a_warm_up_longer_than_the_run_only_rises():
    np.testing.assert_allclose([cosine(t, 2, warmup=3) for t in (1, 2)], [0.25, 0.5])
