import numpy as np
import pytest

from pipeline import DataSet, ShapeError
from pipeline.testing import check_stage
from plugins.loss.mixture_density import count, mean, mixture_density


def test_value_and_gradient_are_pytorchs(torch_loss, traced):
    case = torch_loss["mixture"]
    value, slopes = traced(lambda x: mixture_density(x, case["y"], floor=0.0), x=case["x"])
    np.testing.assert_allclose(value, case["value"], rtol=1e-9)
    np.testing.assert_allclose(slopes["x"], case["dx"], rtol=1e-8)


def test_predictions_are_the_components_means_by_their_weights():
    logits, means = np.log([[0.25, 0.75]]), np.array([[0.0, 8.0, 4.0, 0.0]])
    outputs = np.concatenate([logits, means, np.zeros((1, 4))], axis=1)
    np.testing.assert_allclose(mean(outputs, components=2), [[3.0, 2.0]])


def test_outputs_are_a_weight_a_mean_and_a_variance_a_column_for_each_component():
    assert [count(1, components=3), count(2, components=5)] == [9, 25]


def test_a_component_alone_on_an_example_has_a_finite_density(traced):
    outputs = np.array([[0.0, 0.0, 1.0, 5.0, -1e4, 0.0]])
    value, slopes = traced(lambda x: mixture_density(x, np.ones(1), components=2), x=outputs)
    assert np.isfinite(value).all()
    assert np.isfinite(slopes["x"]).all()


def test_the_mean_of_two_branches_lies_between_them(predicted):
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (2000, 1))
    y = np.where(rng.random(2000) < 0.75, 2.0 + x[:, 0], -2.0) + 0.1 * rng.standard_normal(2000)
    found = predicted(DataSet(x, y), "loss.mixture_density", {"components": 2})
    np.testing.assert_allclose(found, 0.75 * (2.0 + np.array([-0.5, 0.0, 0.5])) - 0.5, atol=0.3)


def test_outputs_for_one_column_do_not_serve_two():
    with pytest.raises(ShapeError, match=r"targets \(4, 2\) do not fit outputs \(4, 9\).*for 1 columns"):
        mixture_density(np.zeros((4, 9)), np.zeros((4, 2)))


def test_the_stage_conforms():
    check_stage(mixture_density)
