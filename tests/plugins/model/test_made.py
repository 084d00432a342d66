from itertools import product

import numpy as np
import pytest

from pipeline.stages.net import eager
from pipeline.testing import check_stage
from plugins.model.made import made

ALL = np.array(list(product((0.0, 1.0), repeat=10)))


def drawn(x, **options):
    """Return a net with weights that are not small, so that every path shows."""
    found = eager()
    made(x, found, **options)
    rng = np.random.default_rng(0)
    parameters = {name: rng.normal(size=p.shape) for name, p in found.declared.items()}
    net = eager(parameters=parameters)
    return made(x, net, **options), net


@pytest.mark.parametrize("hidden", [(), (1,), (7,), (16, 9)])
@pytest.mark.parametrize("direct", [True, False])
def test_the_densities_of_all_inputs_sum_to_1(hidden, direct):
    _, net = drawn(ALL, hidden=hidden, direct=direct)
    assert np.exp(net.heads["log_density"]).sum() == pytest.approx(1, abs=1e-12)


def test_an_output_depends_on_the_inputs_before_it_alone():
    x = np.random.default_rng(1).random((1, 6))
    outputs, _ = drawn(x, hidden=(30, 30))
    for i in range(6):
        changed = x.copy()
        changed[0, i] += 1
        moved = drawn(changed, hidden=(30, 30))[0] != outputs
        assert moved[0].tolist() == [False] * (i + 1) + [True] * (5 - i)


def test_log_density_is_the_sum_of_the_outputs_log_probabilities():
    outputs, net = drawn(ALL[:50], hidden=(16,))
    p = 1 / (1 + np.exp(-outputs))
    expected = np.log(np.where(ALL[:50] == 1, p, 1 - p)).sum(axis=1)
    np.testing.assert_allclose(net.heads["log_density"][:, 0], expected)


def test_samples_are_as_frequent_as_their_densities():
    states = np.array(list(product((0.0, 1.0), repeat=3)))
    _, net = drawn(states, hidden=(8,))
    found = net.draw(np.random.default_rng(0), 40_000) @ [4, 2, 1]
    shares = np.bincount(found.astype(int), minlength=8) / 40_000
    np.testing.assert_allclose(shares, np.exp(net.heads["log_density"][:, 0]), atol=0.01)


@pytest.mark.parametrize("hidden", [(), (6,), (6, 5)])
def test_it_conforms(hidden):
    check_stage(made, options={"hidden": hidden})
