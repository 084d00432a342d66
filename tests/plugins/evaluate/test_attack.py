import numpy as np
import pytest

from pipeline import DataError, DataSet, exhibits
from pipeline.stages.committee import Committee
from pipeline.stages.predictor import Network
from pipeline.stages.stage import Stage
from pipeline.testing import check_stage, probes
from plugins.ensemble.average import average
from plugins.evaluate.attack import attack
from plugins.model.linear import linear

RNG = np.random.default_rng(0)
X = RNG.uniform(-0.3, 0.3, size=(80, 4, 4))
W = RNG.normal(size=(16, 3))


def network(weights=W, data=None):
    stage = Stage.of(linear)
    parameters = {"out.weights": weights, "out.bias": np.zeros(3)}
    return Network.of(stage, stage.check({"outputs": 3}), "softmax", data or of(weights), parameters)


def of(weights):
    return DataSet(X, (X.reshape(80, -1) @ weights).argmax(axis=1), splits={"test": np.arange(80)})


def test_one_step_moves_each_pixel_by_epsilon_up_the_loss():
    data = of(W)
    p = network().predict(X)
    g = ((p - np.eye(3)[data.targets]) @ W.T).reshape(X.shape)
    moved = np.clip(X + 0.1 * np.sign(g), X.min(), X.max())
    wrong = (network().predict(moved).argmax(axis=1) != data.targets).mean()
    found = attack(network(), data, epsilon=0.1)
    assert found["clean_error"] == 0
    assert found["error"] == pytest.approx(wrong)
    assert wrong > 0.3
    np.testing.assert_allclose(found["attacked"].arrays, moved[:20])


def test_several_steps_are_no_weaker_and_stay_as_near():
    data = of(W)
    one, many = (attack(network(), data, method=method, epsilon=0.1) for method in ("fgsm", "pgd"))
    assert many["error"] >= one["error"]
    assert np.abs(many["attacked"].arrays - X[:20]).max() <= 0.1 + 1e-12


def test_a_euclidean_attack_has_its_length():
    found = attack(network(), of(W), method="pgd", norm="euclidean", epsilon=0.3)
    lengths = np.linalg.norm((found["attacked"].arrays - X[:20]).reshape(20, -1), axis=1)
    assert lengths.max() <= 0.3 + 1e-12
    assert lengths.max() > 0.25


def test_no_room_no_error():
    assert attack(network(), of(W), epsilon=0.0)["error"] == 0


def test_a_part_of_the_rows_will_do():
    found = attack(network(), of(W), epsilon=0.1, rows=7)
    assert len(found["attacked"].arrays) == 7


def test_what_was_made_against_one_network_is_shown_to_the_others():
    stage = Stage.of(average)
    near, far = W + 0.02 * RNG.normal(size=W.shape), RNG.normal(size=W.shape)
    both = Committee.of(stage, {}, [network(), network(near, of(W))])
    found = attack(both, of(W), epsilon=0.1, transfer=True)
    assert found["transferred_error"] == pytest.approx(found["own_error"], abs=0.1)
    assert isinstance(found["transfer"], exhibits.Table)
    strangers = Committee.of(stage, {}, [network(), network(far, of(W))])
    table = attack(strangers, of(W), epsilon=0.1, transfer=True)["transfer"]
    assert table.rows[0][1] == attack(network(), of(W), epsilon=0.1)["error"]


def test_what_cannot_be_attacked_is_told():
    with pytest.raises(DataError, match="the model is one"):
        attack(network(), of(W), transfer=True)
    numbers = probes.table("regression")
    with pytest.raises(DataError, match="an attack changes classes"):
        attack(probes.predictor(numbers, 0), numbers)


@pytest.mark.parametrize("options", [{}, {"method": "pgd", "norm": "euclidean"}])
def test_it_conforms(options):
    check_stage(attack, options=options)
