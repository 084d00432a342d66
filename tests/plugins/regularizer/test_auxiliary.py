from functools import partial

import numpy as np
import pytest
from labelled import Acted
from scipy.special import log_softmax

from pipeline import DataError, OptionError
from pipeline.testing import check_stage
from plugins.regularizer.auxiliary import auxiliary


def acted(**options):
    return Acted(partial(auxiliary, **{"target": "", "share": 0.3, **options}))


def head(found, name):
    x, w = found.values["x"], found.weights
    h = np.tanh(x @ w["hidden.weights"] + w["hidden.bias"])
    return h @ w[f"{name}.weights"] + w[f"{name}.bias"]


def test_a_share_of_the_loss_is_the_heads_and_unknown_classes_are_left_out():
    found = acted(head="parity")
    targets = found.values["parity"]
    known = targets >= 0
    loss = -log_softmax(head(found, "parity"), axis=1)[known, targets[known]].mean()
    assert found["total"] == pytest.approx(0.7 * found["loss"] + 0.3 * loss, rel=1e-9)


def test_numbers_are_fitted_by_squares():
    found = acted(head="size", share=1.0)
    errors = head(found, "size")[:, 0] - found.values["size"]
    assert found["total"] == pytest.approx(0.5 * np.square(errors).mean(), rel=1e-9)


def test_where_nothing_is_known_nothing_is_learned():
    found = Acted(partial(auxiliary, head="parity", target="", share=1.0), parity=np.full(6, -1))
    assert found["total"] == 0
    assert np.abs(found["d hidden.weights"]).max() == 0


def test_names_that_are_not_there_are_told():
    with pytest.raises(OptionError, match=r"no head 'sign'\n    allowed: parity, size"):
        acted(head="sign")
    with pytest.raises(DataError, match="no further targets 'sign'"):
        acted(head="parity", target="sign")


def test_it_conforms():
    check_stage(auxiliary)
