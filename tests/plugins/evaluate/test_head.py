import numpy as np
import pytest
from scipy.special import log_softmax

from pipeline import DataError
from pipeline.testing import check_stage, probes
from plugins.evaluate.head import head

DATA = probes.table("classes").replace(
    auxiliary={"auxiliary": np.arange(48) % 3 - 1, "pair": np.linspace(0, 1, 96).reshape(48, 2)}
)
MODEL = probes.predictor(DATA, 0)


def outputs(split="test"):
    return MODEL.head("auxiliary", DATA.split(split)[0])


def test_classes_that_are_known_are_measured():
    targets = DATA.auxiliary["auxiliary"][DATA.rows("test")]
    known = targets >= 0
    log_p = log_softmax(outputs(), axis=1)[known]
    found = head(MODEL, DATA)
    assert found["accuracy"] == pytest.approx((log_p.argmax(axis=1) == targets[known]).mean())
    assert found["log_loss"] == pytest.approx(-log_p[np.arange(known.sum()), targets[known]].mean())


def test_numbers_are_measured_by_their_root_mean_squared_error():
    errors = outputs("validation") - DATA.auxiliary["pair"][DATA.rows("validation")]
    found = head(MODEL, DATA, target="pair", split="validation")
    assert found == {"rmse": pytest.approx(np.sqrt(np.square(errors).mean()))}


def test_what_is_not_there_is_told():
    with pytest.raises(DataError, match="no further targets 'sign'"):
        head(MODEL, DATA, target="sign")
    with pytest.raises(DataError, match=r"no head 'sign'\n    allowed: auxiliary"):
        head(MODEL, DATA, head="sign", target="pair")
    unknown = DATA.replace(auxiliary={"auxiliary": np.full(48, -1)})
    with pytest.raises(DataError, match="no row of the split 'test'"):
        head(MODEL, unknown)


def test_it_conforms():
    check_stage(head, data=DATA, model=MODEL)
