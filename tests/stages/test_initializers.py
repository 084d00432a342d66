from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import StageError
from pipeline.stages.initializers import fans, initializer


def drawn(name, shape):
    return initializer(name)(np.random.default_rng(0), shape)


def test_a_kernel_counts_its_window_as_inputs():
    assert fans((3, 3, 4, 8)) == (36, 72)
    assert fans((10, 5)) == (10, 5)


def test_he_keeps_the_second_moment_through_a_relu_layer():
    x = np.random.default_rng(1).normal(size=(200, 400))
    h = np.maximum(x @ drawn("he", (400, 300)), 0)
    assert np.mean(h**2) == pytest.approx(1.0, rel=0.05)


def test_glorot_is_uniform_within_its_limit():
    w = drawn("glorot", (300, 100))
    limit = np.sqrt(6 / 400)
    assert np.abs(w).max() <= limit
    assert w.var() == pytest.approx(limit**2 / 3, rel=0.03)


@pytest.mark.parametrize("which", ["he", "glorot"])
@pytest.mark.parametrize(("kind", "shape"), [("dense", (400, 300)), ("conv", (3, 3, 30, 60))])
def test_the_spread_is_pytorchs(which, kind, shape):
    w = drawn(which, shape)
    with np.load(Path(__file__).parents[1] / "oracles" / "torch_units.npz") as figures:
        square, most = figures[f"{which} {kind}/square"], figures[f"{which} {kind}/most"]
    assert np.mean(w**2) == pytest.approx(square, rel=0.03)
    if which == "glorot":
        assert np.abs(w).max() == pytest.approx(most, rel=0.001)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (2, 3, 4)])
def test_orthogonal_has_orthonormal_columns_or_rows(shape):
    matrix = drawn("orthogonal", shape).reshape(-1, shape[-1])
    gram = matrix.T @ matrix if len(matrix) >= shape[-1] else matrix @ matrix.T
    np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-12)


def test_zeros_and_ones_and_numbers_fill():
    assert drawn("zeros", (2,)).tolist() == [0, 0]
    assert drawn("ones", (2,)).tolist() == [1, 1]
    assert drawn(0.25, (2,)).tolist() == [0.25, 0.25]


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(StageError, match=r"'orthogonl' is not one of he, .*did you mean 'orthogonal'"):
        initializer("orthogonl")
