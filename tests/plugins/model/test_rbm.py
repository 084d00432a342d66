from itertools import product

import numpy as np
import pytest
from scipy.special import logsumexp

from pipeline.engine import Graph, Program, gradient, numpy_backend, ops
from pipeline.stages.net import Net, bound, eager
from pipeline.stages.noise import TracedRandom
from pipeline.testing import check_stage
from plugins.model.rbm import rbm

STATES = np.array(list(product((0.0, 1.0), repeat=5)))
RNG = np.random.default_rng(0)
PARAMETERS = {
    "weights": RNG.normal(size=(5, 3)),
    "visible.bias": RNG.normal(size=5),
    "hidden.bias": RNG.normal(size=3),
}


def joint_energies():
    """Return -E(v, h) of every visible with every hidden state, (32, 8)."""
    hidden = np.array(list(product((0.0, 1.0), repeat=3)))
    w, b, c = PARAMETERS.values()
    return STATES @ w @ hidden.T + (STATES @ b)[:, None] + hidden @ c


def predicted(x=STATES, **options):
    net = eager(parameters=PARAMETERS)
    return rbm(x, net, hidden=3, **options), net


def test_the_cost_is_the_free_energy_hidden_states_summed_out():
    _, net = predicted()
    np.testing.assert_allclose(net.costs[0], -logsumexp(joint_energies(), axis=1), rtol=1e-12)


def test_log_density_is_that_of_all_states_counted():
    _, net = predicted()
    energies = joint_energies()
    expected = logsumexp(energies, axis=1) - logsumexp(energies)
    np.testing.assert_allclose(net.heads["log_density"][:, 0], expected, rtol=1e-10)


def test_many_hidden_units_have_no_log_density():
    net = eager()
    rbm(STATES, net, hidden=13)
    assert "log_density" not in net.heads


def test_training_costs_the_difference_to_what_is_sampled_whose_gradient_is_contrastive_divergence():
    graph = Graph("float64")
    inputs = {name: graph.input(name, array.shape) for name, array in PARAMETERS.items()}
    net = Net(bound(inputs), rng=TracedRandom(graph, "net"), training=True)
    x = graph.input("x", (32, 5))
    rbm(x, net, hidden=3)
    slope = gradient(ops.mean(net.costs[0]), [inputs["weights"]])[0]
    executor = Program(graph, {"slope": slope}).bind(1, (), numpy_backend())
    draws = {name: np.random.default_rng(i).random((32, w)) for i, (name, w) in enumerate(_draws(graph))}
    for name, buffer in executor.inputs.items():
        buffer[...] = {**PARAMETERS, **draws, "x": STATES}[name]
    executor.run()
    np.testing.assert_allclose(
        executor.outputs["slope"].reshape(5, 3), _divergence(*draws.values()), rtol=1e-9
    )


def _draws(graph):
    return [(name, random.spec.shape[1]) for name, random in graph.randoms.items()]


def _divergence(for_hidden, for_visible):
    """Return -(<v h> of the data - <v h> of one Gibbs step), Hinton 2002, written out."""
    w, b, c = PARAMETERS.values()
    up = lambda v: 1 / (1 + np.exp(-(v @ w + c)))  # noqa: E731
    h = for_hidden < up(STATES)
    away = (for_visible < 1 / (1 + np.exp(-(h @ w.T + b)))).astype(float)
    return (away.T @ up(away) - STATES.T @ up(STATES)) / len(STATES)


def test_samples_are_as_frequent_as_their_densities():
    _, net = predicted(burn_in=30)
    found = net.draw(np.random.default_rng(0), 20_000)
    expected = np.exp(net.heads["log_density"][:, 0]) @ STATES
    np.testing.assert_allclose(found.mean(axis=0), expected, atol=0.02)


@pytest.mark.parametrize("options", [{"hidden": 4}, {"hidden": 13, "steps": 2}])
def test_it_conforms(options):
    check_stage(rbm, options=options)
