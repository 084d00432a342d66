from functools import partial

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from labelled import Acted
from scipy.special import log_softmax

from pipeline import DataError
from pipeline.testing import check_stage
from plugins.regularizer.virtual_adversarial import virtual_adversarial

OPTIONS = {"strength": 0.5, "epsilon": 0.8, "rows": 8, "power": 1, "step": 0.1}


def acted(**options):
    stage = partial(virtual_adversarial, **{**OPTIONS, **options})
    return Acted(stage, watch=lambda objective: {"d0": objective.draws("direction").normal((8, 4))})


def log_p(outputs):
    return outputs - anp.log(anp.sum(anp.exp(outputs), axis=1, keepdims=True))


def divergence(found, known, x):
    q = log_p(found.by_hand(x, anp))
    return anp.sum(anp.exp(known) * (known - q))


def unit(d):
    return d / np.linalg.norm(d, axis=1, keepdims=True)


@pytest.mark.parametrize("power", [1, 3])
def test_it_is_the_papers_power_iteration(power):
    found = acted(power=power)
    u = found.values["u"]
    known = log_p(found.by_hand(u))
    d = unit(found["d0"])
    for _ in range(power):
        d = unit(grad(lambda d: divergence(found, known, u + OPTIONS["step"] * d))(d))
    far = divergence(found, known, u + OPTIONS["epsilon"] * d) / len(u)
    assert found.added == pytest.approx(OPTIONS["strength"] * far, rel=1e-9)


def test_neither_the_direction_nor_the_target_is_differentiated():
    found = acted()
    u = found.values["u"]
    known = log_softmax(found.by_hand(u), axis=1)
    d = unit(grad(lambda d: divergence(found, known, u + OPTIONS["step"] * d))(unit(found["d0"])))

    def penalty(bias):
        outputs = found.by_hand(u + OPTIONS["epsilon"] * d, anp) - found.weights["out.bias"] + bias
        q = log_p(outputs)
        return OPTIONS["strength"] * anp.sum(anp.exp(known) * (known - q)) / len(u)

    plain = Acted(lambda objective: None)
    expected = grad(penalty)(found.weights["out.bias"])
    np.testing.assert_allclose(found["d out.bias"] - plain["d out.bias"], expected, rtol=1e-9)


def test_the_found_direction_is_worse_than_a_random_one():
    found = acted(power=4, strength=1.0)
    u, known = found.values["u"], log_p(found.by_hand(found.values["u"]))
    random = divergence(found, known, u + OPTIONS["epsilon"] * unit(found["d0"])) / len(u)
    assert found.added > random


def test_numbers_and_missing_unlabelled_rows_are_refused():
    def of_numbers(objective):
        objective.classes = 0
        virtual_adversarial(objective, **OPTIONS)

    with pytest.raises(DataError, match="probabilities of classes"):
        Acted(of_numbers)

    def without(objective):
        objective._unlabelled = None
        virtual_adversarial(objective, **OPTIONS)

    with pytest.raises(DataError, match="no split `unlabelled`"):
        Acted(without)


def test_it_conforms():
    check_stage(virtual_adversarial)
