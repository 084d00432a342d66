"""Synthesis, sampling and density estimation."""

import warnings
from itertools import product

import numpy as np

from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import metrics
from pipeline.stages.net import eager
from plugins.model.made import made
from plugins.model.mixture import mixture

ROW = Row(
    id="B4",
    name="Density estimation and sampling",
    sentence="Gaussian mixtures by expectation-maximisation and by gradient, a masked autoencoder, a "
    "variational one and a restricted Boltzmann machine say how likely data are, and draw some.",
    source="Bishop 2006, section 9.2; Germain et al. 2015; Kingma & Welling 2014; Hinton 2002",
    bars={
        "an iteration of EM, furthest from scikit-learn's": AtMost(1e-9),
        "log-likelihood by EM minus that of scikit-learn's mixture, nats": AtLeast(-0.1),
        "log-likelihood by gradient minus that of scikit-learn's mixture, nats": AtLeast(-0.1),
        "MADE's densities of 10 binary inputs, sum minus 1": AtMost(1e-9),
        "log-likelihood of MADE minus that of independent pixels, nats": AtLeast(4),
        "log-likelihood of the VAE minus that of independent pixels, nats": AtLeast(4),
        "log-likelihood of the RBM minus that of independent pixels, nats": AtLeast(4),
        "pixel means of samples, furthest of the three from the data's": AtMost(0.1),
    },
    dags=("mixture.yaml", "generate.yaml"),
    stages=(
        "model.mixture",
        "model.made",
        "model.vae",
        "model.rbm",
        "loss.cost",
        "transform.binarize",
        "evaluate.density",
        "evaluate.samples",
    ),
    functions=("pipeline.Predictor",),
)
MODELS = {"MADE": "made", "the VAE": "vae", "the RBM": "rbm"}


def figures(runs):
    """Return likelihoods of test rows against scikit-learn's and against independent pixels."""
    mixtures, drawn = runs("mixture.yaml"), runs("generate.yaml")
    best = metrics(mixtures, "score_em")["mixture"]
    alone = metrics(drawn, "score_made")["independent"]
    gaps = [metrics(drawn, f"samples_{node}")["mean_gap"] for node in MODELS.values()]
    return {
        "an iteration of EM, furthest from scikit-learn's": _iteration(),
        **{
            f"log-likelihood by {name} minus that of scikit-learn's mixture, nats": metrics(mixtures, node)[
                "log_likelihood"
            ]
            - best
            for name, node in {"EM": "score_em", "gradient": "score_descent"}.items()
        },
        "MADE's densities of 10 binary inputs, sum minus 1": _excess(),
        **{
            f"log-likelihood of {name} minus that of independent pixels, nats": metrics(
                drawn, f"score_{node}"
            )["log_likelihood"]
            - alone
            for name, node in MODELS.items()
        },
        "pixel means of samples, furthest of the three from the data's": max(gaps),
    }


def _iteration():
    """Return the largest difference of what one iteration makes of weights, means and precisions' factors."""
    from sklearn.datasets import load_iris
    from sklearn.mixture import GaussianMixture

    x = load_iris().data
    start = {"shares": np.full(3, 1 / 3), "means": x[[0, 60, 120]], "factors": np.stack([np.eye(4)] * 3)}
    peer = GaussianMixture(
        3,
        weights_init=start["shares"],
        means_init=start["means"],
        precisions_init=start["factors"],
        max_iter=1,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that it did not converge
        peer.fit(x)
    net = eager(training=True, parameters=start)
    mixture(x, net, components=3, by="em", ridge=1e-6)
    found = {"shares": peer.weights_, "means": peer.means_, "factors": peer.precisions_cholesky_}
    return max(np.abs(net.updates[name] - value).max() for name, value in found.items())


def _excess():
    """Return how far from 1 the densities of all inputs sum up, the weights being drawn."""
    inputs = np.array(list(product((0.0, 1.0), repeat=10)))
    found = eager()
    made(inputs, found, hidden=(32, 32))
    rng = np.random.default_rng(0)
    net = eager(parameters={name: rng.normal(size=p.shape) for name, p in found.declared.items()})
    made(inputs, net, hidden=(32, 32))
    return abs(np.exp(net.heads["log_density"]).sum() - 1)
