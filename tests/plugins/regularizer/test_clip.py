import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from plugins.regularizer.clip import clip

FIGURES = Path(__file__).parents[2] / "oracles" / "torch_steps.json"


@pytest.fixture
def clipped(make_objective):
    """Return what becomes of gradients by name."""

    def clipped(gradients, **options):
        objective = make_objective(2, 2)
        clip(objective, **options)
        return objective.changed_gradients(gradients)

    return clipped


@pytest.mark.parametrize("by", ["norm", "value"])
def test_gradients_are_clipped_as_pytorch_does(clipped, by):
    figures = json.loads(FIGURES.read_text())["clip"]
    result = clipped({str(i): np.array(g) for i, g in enumerate(figures["start"])}, limit=1.0, by=by)
    for i, expected in enumerate(figures[by]):
        # PyTorch adds 1e-6 to the norm, so that its result is a little short of the limit.
        np.testing.assert_allclose(result[str(i)], expected, rtol=1e-6)


def test_the_norm_over_all_parameters_becomes_the_limit(clipped):
    result = clipped({"a": np.array([3.0]), "b": np.array([[4.0]])}, limit=2.0)
    np.testing.assert_allclose([result["a"][0], result["b"][0, 0]], [1.2, 1.6])


@pytest.mark.parametrize("by", ["norm", "value"])
def test_gradients_within_the_limit_stay_as_they_are(clipped, by):
    g = np.array([0.3, -0.4])
    np.testing.assert_array_equal(clipped({"a": g}, limit=0.5, by=by)["a"], g)


@pytest.mark.parametrize("by", ["norm", "value"])
def test_a_gradient_of_zero_stays_zero(clipped, by):
    np.testing.assert_array_equal(clipped({"a": np.zeros(2)}, by=by)["a"], np.zeros(2))


def test_the_objective_itself_is_untouched(acted):
    result = acted(partial(clip, limit=1e-3))
    np.testing.assert_array_equal(result.total, acted().total)
    norm = np.sqrt(np.square(result.dout_weights).sum() + np.square(result.dout_bias).sum())
    np.testing.assert_allclose(norm, 1e-3)
