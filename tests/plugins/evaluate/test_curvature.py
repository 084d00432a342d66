import numpy as np
import pytest

from pipeline import DataError, calculus, exhibits
from pipeline.stages.committee import Committee
from pipeline.testing import check_stage, probes
from plugins.evaluate.curvature import curvature


@pytest.fixture
def trained():
    """A small classifier, and its data."""
    data = probes.table("classes")
    return probes.predictor(data, 0), data


def test_eigenvalues_are_those_of_the_hessian(trained):
    model, data = trained
    found = curvature(model, data)
    values = model.loss_function(data, "train").eigen(model.weights)[0]
    assert found["largest_eigenvalue"] == pytest.approx(values[-1], rel=1e-6)
    assert found["smallest_eigenvalue"] == pytest.approx(values[0], rel=1e-6)
    assert found["proposed_rate"] == pytest.approx(1 / values[-1], rel=1e-6)


def test_the_gradient_is_that_of_the_loss_and_the_slope_minus_its_length(trained):
    model, data = trained
    found = curvature(model, data)
    assert found["loss"] == pytest.approx(model.loss(data, "train"), rel=1e-9)
    gradient = model.loss_function(data, "train").gradient(model.weights)
    assert found["gradient_norm"] == pytest.approx(np.linalg.norm(gradient))
    assert found["slope"] == pytest.approx(-found["gradient_norm"])


def test_a_step_at_the_proposed_rate_goes_down_about_as_forecast(trained):
    found = curvature(*trained)
    fallen = found["loss"] - found["loss_after_step"]
    assert fallen > 0
    assert fallen == pytest.approx(found["loss"] - found["forecast"], rel=0.3)
    assert found["best_rate"] >= found["proposed_rate"]


def test_a_rate_that_goes_uphill_gives_a_warning(trained):
    model, data = trained
    with pytest.warns(
        calculus.UphillWarning, match=r"a step of rate 300 goes uphill, from .*lowest forecast is at"
    ):
        found = curvature(model, data, rate=300.0)
    assert found["rate"] == 300
    assert found["loss_after_step"] > found["loss"]


def test_what_the_point_is_is_told_by_one_of_the_flags_and_in_words(trained):
    found = curvature(*trained)
    assert sum(value for name, value in found.items() if name.startswith("is_")) == 1
    assert found["is_slope"] == 1
    assert dict(found["point"].rows)["point"] == "slope"
    assert curvature(*trained, still=10.0)["is_slope"] == 0


def test_the_condition_number_is_left_out_where_the_hessian_is_not_positive_definite(trained):
    found = curvature(*trained)
    assert found["smallest_eigenvalue"] < 1e-9
    assert "condition" not in found


def test_the_loss_along_the_gradient_is_drawn_beside_its_forecast(trained):
    found = curvature(*trained)
    lines = found["along_the_gradient"]
    assert isinstance(lines, exhibits.Lines)
    assert lines.series["loss"][0] == lines.series["forecast"][0] == found["loss"]


def test_a_committee_has_no_weights_of_its_own(trained):
    model, data = trained
    average = probes.PROBES["model.probe_net"]
    with pytest.raises(
        DataError, match=r"of one network, and this is none, or a committee\n    take a train node"
    ):
        curvature(Committee.of(average, {}, [model, model]), data)


def test_it_conforms():
    check_stage(curvature, "evaluate")
