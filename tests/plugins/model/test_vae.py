import numpy as np
import pytest
from scipy import integrate, stats

from pipeline.stages.net import eager
from pipeline.testing import check_stage
from plugins.model.vae import vae

X = (np.random.default_rng(0).random((6, 4)) < 0.5).astype(float)


def made(training=False, parameters=None, **options):
    net = eager(seed=2, training=training, parameters=parameters)
    return vae(X, net, hidden=(5,), outputs=4, **options), net


def test_the_cost_is_the_divergence_of_the_code_from_the_prior():
    _, net = made(code=2, beta=0.5)
    mean, spread = net.heads["code"], np.exp(0.5 * net.heads["log_variance"])

    def divergence(m, s):  # KL by quadrature
        q, p = stats.norm(m, s), stats.norm()
        f = lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z))  # noqa: E731
        return integrate.quad(f, m - 9 * s, m + 9 * s)[0]

    expected = [0.5 * sum(map(divergence, *pair)) for pair in zip(mean, spread, strict=True)]
    np.testing.assert_allclose(net.costs[0], expected, rtol=1e-7)


def test_training_decodes_a_draw_and_a_prediction_the_mean():
    (one, _), (other, _) = made(code=2), made(code=2)
    np.testing.assert_array_equal(one, other)
    assert not np.allclose(one, made(code=2, training=True)[0])


def test_log_density_is_that_of_the_code_integrated_out():
    _, net = made(code=1)
    parameters = {name: parameter.initial(2, "model") for name, parameter in net.declared.items()}
    parameters["encode1.weights"] *= 0.2  # an encoder near to the prior, from which few draws suffice
    _, net = made(code=1, draws=100_000, parameters=parameters)

    def decoded(z):
        h = np.tanh(z * parameters["decode0.weights"][0] + parameters["decode0.bias"])
        return h @ parameters["decode1.weights"] + parameters["decode1.bias"]

    def joint(z, x):
        return stats.norm.pdf(z) * np.exp(-np.logaddexp(0, np.where(x > 0, -1, 1) * decoded(z)).sum())

    expected = [np.log(integrate.quad(joint, -8, 8, args=(x,))[0]) for x in X]
    np.testing.assert_allclose(net.heads["log_density"][:, 0], expected, atol=0.02)


def test_samples_are_decoded_from_the_prior():
    _, net = made(code=2)
    drawn = net.draw(np.random.default_rng(0), 500)
    assert drawn.shape == (500, 4)
    assert ((drawn > 0) & (drawn < 1)).all()
    assert drawn.std(axis=0).min() > 0.01


@pytest.mark.parametrize("options", [{}, {"outputs": 4}])
def test_it_conforms(options):
    check_stage(vae, options={"hidden": [5], "code": 2, **options})
