from functools import partial

import numpy as np
import pytest
from labelled import Acted
from scipy.spatial.distance import pdist, squareform
from scipy.special import softmax

from pipeline.testing import check_stage
from plugins.regularizer.laplacian import laplacian

OPTIONS = {"strength": 0.7, "width": 0.6, "rows": 8}


def graph(u, width):
    squares = squareform(pdist(u)) ** 2
    mean = squares.sum() / (len(u) * (len(u) - 1))
    weights = np.exp(-squares / (2 * width**2 * mean))
    np.fill_diagonal(weights, 0)
    return weights / weights.sum()


def test_it_is_the_quadratic_form_of_the_graph_laplacian():
    found = Acted(partial(laplacian, **OPTIONS))
    u = found.values["u"]
    w, p = graph(u, OPTIONS["width"]), softmax(found.by_hand(u), axis=1)
    laplace = np.diag(w.sum(axis=1)) - w
    assert found.added == pytest.approx(0.7 * 2 * np.trace(p.T @ laplace @ p), rel=1e-9)


def test_a_narrow_graph_joins_the_nearest_alone():
    found = Acted(partial(laplacian, **{**OPTIONS, "width": 0.05}))
    u = found.values["u"]
    distances = squareform(pdist(u)) + np.diag([np.inf] * len(u))
    i, j = np.unravel_index(distances.argmin(), distances.shape)
    p = softmax(found.by_hand(u), axis=1)
    assert found.added == pytest.approx(0.7 * np.square(p[i] - p[j]).sum(), rel=1e-3)


def test_equal_examples_cost_nothing():
    found = Acted(partial(laplacian, **OPTIONS), u=np.ones((8, 4)))
    assert found.added == pytest.approx(0, abs=1e-12)
    assert np.isfinite(found["d hidden.weights"]).all()


def test_it_conforms():
    check_stage(laplacian)
