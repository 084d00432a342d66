"""Losses that bring their own link and number of outputs, as a third party writes them."""

import numpy as np
import pytest

from pipeline import DataError, DataSet, Predictor, StageError, loss
from pipeline.stages.committee import Committee
from pipeline.stages.fit import train_cohort
from pipeline.stages.links import link_of, predictions
from pipeline.stages.registry import Registry

SPREAD = '''
"""Losses of my own."""

from pipeline import loss, ops
from pipeline.options import Count, Positive


def middle(outputs, *, tails):
    return outputs[..., tails :: 2 * tails + 1]


@loss(link=middle, outputs=lambda columns, *, tails: columns * (2 * tails + 1))
def fan(outputs, targets, *, tails: Count = 1, width: Positive = 1.0):
    """Fit several lines around one."""
    targets = targets if targets.ndim > 1 else ops.expand_dims(targets, -1)
    return ops.sum(ops.square(outputs - targets) / width, axis=-1)
'''


@pytest.fixture
def fans(tmp_path):
    path = tmp_path / "fans.py"
    path.write_text(SPREAD)
    return Registry(local=[path])


@pytest.fixture
def numbers():
    x = np.random.default_rng(0).normal(size=(50, 4))
    return DataSet(x, x[:, 0], splits={"train": np.arange(36), "validation": np.arange(36, 50)})


def trained(cohort_of, fans, data, **options):
    spec = cohort_of(loss=[], options=options)
    part = type(spec.train)("fan", "loss.fan", options.get("fan", {}))
    spec.parts["loss"] = (part,)
    return train_cohort(spec, {"data": data}, fans)[0]


def test_a_model_gets_as_many_outputs_as_the_loss_asks_for_with_its_options(cohort_of, fans, numbers):
    result = trained(cohort_of, fans, numbers, fan={"tails": 2})
    assert result.params["out.weights"].shape == (5, 5)
    assert result.network.predict(numbers.inputs.astype("float32")).shape == (50, 1)


def test_raw_outputs_are_those_before_the_link(cohort_of, fans, numbers):
    network = trained(cohort_of, fans, numbers).network
    x = numbers.inputs.astype("float32")
    assert network.outputs(x).shape == (50, 3)
    np.testing.assert_array_equal(network.outputs(x)[:, 1:2], network.predict(x))
    both = Committee.of(fans.stage("ensemble.average"), {}, [network, network])
    with pytest.raises(DataError, match="raw outputs: of one network"):
        both.outputs(x)


def test_validation_measures_what_the_link_predicts(cohort_of, fans, numbers):
    result = trained(cohort_of, fans, numbers)
    inputs, targets = numbers.split("validation")
    misses = result.network.predict(inputs.astype("float32"))[:, 0] - targets
    assert result.metrics["rmse"] == pytest.approx(np.sqrt(np.mean(misses**2)), rel=1e-4)


def test_a_network_read_from_the_store_has_the_same_link(cohort_of, fans, numbers):
    network = trained(cohort_of, fans, numbers, fan={"tails": 3}).network
    parts, arrays = network.to_parts()
    assert parts["link"] == {"loss": "loss.fan", "options": {"tails": 3}}
    again = Predictor.from_parts(parts, arrays, fans)
    x = numbers.inputs.astype("float32")
    np.testing.assert_array_equal(again.predict(x), network.predict(x))


def test_the_gradient_to_inputs_is_that_of_the_loss_itself(cohort_of, fans, numbers):
    network = trained(cohort_of, fans, numbers).network
    x, y = numbers.inputs[:3].astype("float32"), numbers.targets[:3].astype("float32")
    slopes = network.input_gradient()(x, y)
    given = network.input_gradient(lambda outputs, targets: fans.stage("loss.fan").function(outputs, targets))
    np.testing.assert_allclose(slopes, given(x, y), rtol=1e-6)


def test_outputs_that_are_given_must_be_as_many(cohort_of, fans, numbers):
    with pytest.raises(DataError, match=r"outputs is 2, but loss\.fan needs 3"):
        trained(cohort_of, fans, numbers, mlp={"hidden": [5], "outputs": 2})


def test_classes_are_refused_with_the_loss_for_them(cohort_of, fans, blobs):
    with pytest.raises(DataError, match=r"the targets are classes, but the loss fits numbers(.|\n)*softmax"):
        trained(cohort_of, fans, blobs())


@pytest.mark.parametrize(
    ("name", "problem"), [("width", "a float, which differs between members"), ("colour", "no option of it")]
)
def test_a_link_may_name_only_options_that_are_structure(tmp_path, name, problem):
    (tmp_path / "bad.py").write_text(SPREAD.replace("*, tails):\n", f"*, {name}):\n    tails = 1\n"))
    registry = Registry(local=[tmp_path / "bad.py"])
    registry.load_all()
    assert f"names '{name}', which is {problem}" in str(registry.broken)


def test_a_link_that_drops_rows_is_told(fans):
    stage = fans.stage("loss.fan")
    object.__setattr__(stage, "function", _with_link(stage.function, lambda outputs, *, tails: outputs[:1]))
    with pytest.raises(StageError, match=r"loss\.fan: its link gives shape \(1, 3\) for outputs \(4, 3\)"):
        predictions(np.zeros((4, 3)), link_of(stage, {"tails": 1}), "regression")


def _with_link(function, link):
    function.plait_link = link
    return function


def test_exp_gives_positive_predictions():
    np.testing.assert_allclose(predictions(np.array([[0.0, 1.0]]), "exp", "regression"), [[1.0, np.e]])


def test_a_link_that_is_no_name_and_no_function_is_refused():
    with pytest.raises(ValueError, match="'log' is not one of identity, exp, softmax, sigmoid"):
        loss(link="log")


def test_a_stage_of_a_named_link_counts_one_output_a_column(registry):
    assert registry.stage("loss.gaussian").outputs(3, {}) == 3
    assert registry.stage("loss.mixture_density").outputs(2, {"components": 4, "floor": 0.0}) == 20
