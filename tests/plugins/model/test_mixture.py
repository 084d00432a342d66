import warnings

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.mixture import GaussianMixture

from pipeline import DataSet
from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.fit import train_cohort
from pipeline.stages.net import eager
from pipeline.stages.registry import Registry
from pipeline.testing import check_stage
from plugins.model.mixture import mixture

X = load_iris().data
X = (X - X.mean(axis=0)) / X.std(axis=0)
SKLEARNS = {"full": "full", "diagonal": "diag"}


def fitted(covariance, iterations, start):
    """Return scikit-learn's mixture after some iterations from the given means."""
    precisions = np.ones((3, 4)) if covariance == "diagonal" else np.stack([np.eye(4)] * 3)
    found = GaussianMixture(
        3,
        covariance_type=SKLEARNS[covariance],
        weights_init=np.ones(3) / 3,
        means_init=start,
        precisions_init=precisions,
        max_iter=iterations,
        tol=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that it did not converge
        return found.fit(X)


def buffers(found):
    return {"shares": found.weights_, "means": found.means_, "factors": found.precisions_cholesky_}


@pytest.mark.parametrize("covariance", SKLEARNS)
def test_a_step_by_em_is_an_iteration_of_scikit_learns(covariance):
    before, after = (fitted(covariance, n, X[[0, 60, 120]]) for n in (4, 5))
    net = eager(training=True, parameters=buffers(before))
    mixture(X, net, components=3, covariance=covariance, by="em", ridge=1e-6)
    assert net.updates.keys() == buffers(after).keys()
    for name, expected in buffers(after).items():
        np.testing.assert_allclose(net.updates[name], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("covariance", SKLEARNS)
def test_densities_and_shares_are_scikit_learns(covariance):
    found = fitted(covariance, 20, X[[0, 60, 120]])
    net = eager(parameters=buffers(found))
    expected = mixture(X, net, components=3, covariance=covariance, by="em")
    np.testing.assert_allclose(net.heads["log_density"][:, 0], found.score_samples(X), rtol=1e-9)
    np.testing.assert_allclose(net.costs[0], -found.score_samples(X), rtol=1e-9)
    np.testing.assert_allclose(np.exp(net.heads["log_share"]), found.predict_proba(X), atol=1e-9)
    np.testing.assert_allclose(expected, found.predict_proba(X) @ found.means_, atol=1e-9)


@pytest.mark.parametrize("covariance", SKLEARNS)
def test_by_gradient_the_parameters_are_logarithms(covariance):
    found = fitted(covariance, 20, X[[0, 60, 120]])
    factors = found.precisions_cholesky_
    scales = factors if covariance == "diagonal" else np.diagonal(factors, axis1=1, axis2=2)
    parameters = {
        "shares": np.log(found.weights_) + 3,
        "means": found.means_,
        "log_scales": np.log(scales),
        "factors": factors + np.tril(np.ones(factors.shape[-2:])),
    }
    net = eager(parameters=parameters)
    mixture(X, net, components=3, covariance=covariance)
    np.testing.assert_allclose(net.heads["log_density"][:, 0], found.score_samples(X), rtol=1e-9)


@pytest.mark.parametrize("covariance", SKLEARNS)
def test_samples_have_the_mixtures_mean_and_covariance(covariance):
    found = fitted(covariance, 20, X[[0, 60, 120]])
    net = eager(parameters=buffers(found))
    mixture(X, net, components=3, covariance=covariance, by="em")
    drawn = net.draw(np.random.default_rng(0), 40_000)
    expected, _ = found.sample(40_000)
    np.testing.assert_allclose(drawn.mean(axis=0), expected.mean(axis=0), atol=0.03)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(expected.T), atol=0.05)


def trained(by, epochs, batch_size, lr):
    data = DataSet(X, X)
    parts = {
        "model": (Part("net", "model.mixture", {"components": 2, "by": by}),),
        "loss": (Part("loss", "loss.cost", {}),),
        "optimizer": (Part("adam", "optimizer.adam", {"lr": lr}),),
    }
    train = Part("fit", "train.minibatch", {"epochs": epochs, "batch_size": batch_size})
    members = tuple(Member(str(seed), str(seed), seed, "iris", {}) for seed in range(3))
    return train_cohort(CohortSpec("fit", train, parts, members, "float64"), {"iris": data}, Registry())


@pytest.mark.parametrize(("by", "options"), [("em", (30, 150, 0.1)), ("gradient", (60, 50, 0.05))])
def test_the_best_of_three_starts_is_about_as_likely_as_scikit_learns_best(by, options):
    best = GaussianMixture(2, n_init=3, random_state=0).fit(X).score(X)
    found = [result.network.head("log_density", X).mean() for result in trained(by, *options)]
    assert max(found) >= best - 0.03


@pytest.mark.parametrize("covariance", SKLEARNS)
@pytest.mark.parametrize("by", ["gradient", "em"])
def test_it_conforms(covariance, by):
    check_stage(mixture, options={"components": 3, "covariance": covariance, "by": by})
