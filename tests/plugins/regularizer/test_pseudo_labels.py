from functools import partial

import numpy as np
import pytest
from labelled import Acted
from scipy.special import log_softmax

from pipeline.testing import check_stage
from plugins.regularizer.pseudo_labels import pseudo_labels

OPTIONS = {"strength": 2.0, "start": 10.0, "ramp": 20.0, "threshold": 0.0, "rows": 8}


def acted(t=100.0, **options):
    return Acted(partial(pseudo_labels, **{**OPTIONS, **options}), t=t)


def by_hand(found, threshold=0.0):
    log_p = log_softmax(found.by_hand(found.values["u"]), axis=1).max(axis=1)
    return (-log_p * (np.exp(log_p) >= threshold)).mean()


def test_it_adds_the_loss_of_the_likeliest_classes():
    found = acted()
    assert found.added == pytest.approx(2.0 * by_hand(found), rel=1e-9)


@pytest.mark.parametrize(("t", "share"), [(1.0, 0.0), (10.0, 0.0), (20.0, 0.5), (30.0, 1.0), (99.0, 1.0)])
def test_its_weight_rises_between_two_steps(t, share):
    found = acted(t=t)
    assert found.added == pytest.approx(2.0 * share * by_hand(found), abs=1e-12)


def test_unsure_examples_do_not_count():
    found = acted()
    sure = np.exp(log_softmax(found.by_hand(found.values["u"]), axis=1)).max(axis=1)
    threshold = float(np.median(sure))
    assert acted(threshold=threshold).added == pytest.approx(2.0 * by_hand(found, threshold), rel=1e-9)


def test_it_conforms():
    check_stage(pseudo_labels)
    check_stage(pseudo_labels, options={"start": 0.0, "ramp": 0.5, "threshold": 0.3})
