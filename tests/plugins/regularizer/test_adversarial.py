from functools import partial

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from labelled import Acted

from pipeline import OptionError
from pipeline.testing import check_stage
from plugins.regularizer.adversarial import adversarial

OPTIONS = {"epsilon": 0.3, "share": 0.4, "norm": "max", "steps": 1, "limits": ()}


def acted(**options):
    return Acted(partial(adversarial, **{**OPTIONS, **options}))


def losses(found, x, xp=np):
    outputs = found.by_hand(x, xp)
    y = found.values["y"]
    return xp.log(xp.sum(xp.exp(outputs), axis=1)) - outputs[xp.arange(len(y)), y]


def slope(found, x):
    return grad(lambda x: anp.mean(losses(found, x, anp)))(x)


def test_a_share_of_the_loss_is_that_at_the_inputs_one_step_up():
    found = acted()
    x = found.values["x"]
    moved = losses(found, x + 0.3 * np.sign(slope(found, x))).mean()
    assert found["total"] == pytest.approx(0.6 * losses(found, x).mean() + 0.4 * moved, rel=1e-9)


def test_euclidean_steps_go_along_the_gradient():
    found = acted(norm="euclidean", share=1.0)
    x = found.values["x"]
    g = slope(found, x)
    moved = x + 0.3 * g / np.linalg.norm(g, axis=1, keepdims=True)
    assert found["total"] == pytest.approx(losses(found, moved).mean(), rel=1e-9)


@pytest.mark.parametrize("norm", ["max", "euclidean"])
def test_several_steps_stay_in_the_ball(norm):
    found = acted(norm=norm, steps=4, share=1.0)
    x = found.values["x"]
    moved, length = x, 2.5 * 0.3 / 4
    for _ in range(4):
        g = slope(found, moved)
        unit = np.sign(g) if norm == "max" else g / np.linalg.norm(g, axis=1, keepdims=True)
        change = moved + length * unit - x
        size = np.linalg.norm(change, axis=1, keepdims=True)
        inside = np.clip(change, -0.3, 0.3) if norm == "max" else change * np.minimum(1, 0.3 / size)
        moved = x + inside
    assert found["total"] == pytest.approx(losses(found, moved).mean(), rel=1e-9)


def test_inputs_stay_within_the_limits():
    found = acted(limits=(-0.5, 0.5), share=1.0)
    x = found.values["x"]
    moved = np.clip(x + 0.3 * np.sign(slope(found, x)), -0.5, 0.5)
    assert found["total"] == pytest.approx(losses(found, moved).mean(), rel=1e-9)


def test_the_moved_inputs_are_not_differentiated():
    found = acted(share=1.0)
    x = found.values["x"]
    moved = x + 0.3 * np.sign(slope(found, x))

    def loss(bias):
        outputs = found.by_hand(moved, anp) - found.weights["out.bias"] + bias
        y = found.values["y"]
        return anp.mean(anp.log(anp.sum(anp.exp(outputs), axis=1)) - outputs[anp.arange(len(y)), y])

    np.testing.assert_allclose(found["d out.bias"], grad(loss)(found.weights["out.bias"]), rtol=1e-9)


def test_limits_are_two_numbers():
    with pytest.raises(OptionError, match="limits are two numbers"):
        acted(limits=(0.0,))


@pytest.mark.parametrize("options", [{}, {"steps": 2, "norm": "euclidean"}, {"limits": (-1.0, 1.0)}])
def test_it_conforms(options):
    check_stage(adversarial, options=options)
