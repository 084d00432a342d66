import numpy as np

from plugins.schedule.step import step


def test_factors_are_pytorchs(torch_factors):
    factors = [step(t, 12, every=5, gamma=0.5) for t in range(1, 13)]
    np.testing.assert_allclose(factors, torch_factors["step"], rtol=1e-9)


def test_stairs_divide_the_run_into_equal_parts():
    factors = [step(t, 6, stairs=3, gamma=0.5) for t in range(1, 7)]
    np.testing.assert_array_equal(factors, [1.0, 1.0, 0.5, 0.5, 0.25, 0.25])


def test_every_stair_begins_exactly_at_its_epoch():
    epochs, batches = 7, 41
    factors = [
        float(step(np.float32(t), epochs * batches, stairs=epochs, gamma=0.5))
        for t in range(1, epochs * batches + 1)
    ]
    np.testing.assert_array_equal(factors, np.repeat(0.5 ** np.arange(epochs), batches))


def test_gamma_zero_stops_at_the_first_fall():
    assert [float(step(t, 4, stairs=2, gamma=0.0)) for t in (1, 2, 3, 4)] == [1.0, 1.0, 0.0, 0.0]
