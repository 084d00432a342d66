import numpy as np
import pytest

from pipeline import exhibits
from pipeline.testing import check_stage, probes
from plugins.evaluate.health import health


def test_a_step_is_measured_relative_to_the_weights():
    data = probes.table("classes")
    net = probes.predictor(data, 0)
    layers = net.health(data, "train")[0].layers.values()
    found = health(net, data, lr=0.5)
    assert found["update_ratio"] == pytest.approx(max(0.5 * one.gradient / one.weights for one in layers))


def test_the_ratio_is_of_the_first_layers_gradient_to_the_lasts():
    data = probes.table("regression")
    found = health(probes.predictor(data, 0), data)
    assert found["gradient_ratio"] == pytest.approx(found["gradient_first"] / found["gradient_last"])


def test_layers_are_shown_in_a_table_and_a_curve():
    data = probes.table("classes")
    found = health(probes.predictor(data, 0), data)
    assert [row[0] for row in found["layers"].rows] == ["hidden.weights", "out.weights"]
    assert isinstance(found["gradients"], exhibits.Lines)
    np.testing.assert_allclose(
        found["gradients"].series["network 1"], np.log10([row[2] for row in found["layers"].rows])
    )


def test_it_conforms():
    check_stage(health, "evaluate")
