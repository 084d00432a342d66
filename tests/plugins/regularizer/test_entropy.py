from functools import partial

import numpy as np
import pytest
from labelled import Acted
from scipy.special import softmax
from scipy.stats import entropy as entropy_of

from pipeline.testing import check_stage
from plugins.regularizer.entropy import entropy


def test_it_adds_the_mean_entropy_of_unlabelled_examples():
    found = Acted(partial(entropy, strength=0.3, rows=8))
    p = softmax(found.by_hand(found.values["u"]), axis=1)
    assert found.added == pytest.approx(0.3 * entropy_of(p, axis=1).mean(), rel=1e-9)


def test_a_step_along_its_gradient_makes_predictions_surer():
    found = Acted(partial(entropy, strength=1.0, rows=8))
    plain = Acted(lambda objective: None)
    slopes = {name: found[f"d {name}"] - plain[f"d {name}"] for name in found.weights}
    before = entropy_of(softmax(found.by_hand(found.values["u"]), axis=1), axis=1).mean()
    found.weights = {name: w - 0.1 * slopes[name] for name, w in found.weights.items()}
    assert entropy_of(softmax(found.by_hand(found.values["u"]), axis=1), axis=1).mean() < before
    assert any(np.abs(slope).max() > 0 for slope in slopes.values())


def test_it_conforms():
    check_stage(entropy)
