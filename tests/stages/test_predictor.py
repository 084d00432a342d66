import numpy as np
import pytest

from pipeline import DataError, DataSet, Predictor, ShapeError, StageError
from pipeline.stages.committee import Committee
from pipeline.stages.links import predictions
from pipeline.stages.net import eager
from pipeline.stages.predictor import Network
from plugins.transform.standardize import standardize


def blobs(task: str = "classes") -> DataSet:
    rng = np.random.default_rng(0)
    targets = np.arange(30) % 3
    inputs = (rng.normal(size=(30, 4)) * 5 + targets[:, None]).astype("float32")
    splits = {"train": np.arange(20), "test": np.arange(20, 30)}
    if task == "regression":
        return DataSet(inputs, inputs[:, 0] * 2.0, splits=splits)
    return DataSet(inputs, targets, classes=("red", "green", "blue"), splits=splits)


def network(registry, data: DataSet, seed: int = 0, width: int = 8) -> Network:
    """Make a network with the initial parameters of `seed`."""
    stage = registry.stage("model.mlp")
    link = "softmax" if data.task == "classes" else "identity"
    options = stage.check({"hidden": [width], "activation": "tanh", "outputs": data.outputs(link)})
    net = eager(seed)
    stage.function(data.inputs, net, **options)
    parameters = {name: p.initial(seed, "model").astype("float32") for name, p in net.declared.items()}
    return Network.of(stage, options, link, data, parameters)


def committee(
    registry, data: DataSet, members: list[Predictor], stage: str = "ensemble.average"
) -> Committee:
    return Committee.of(registry.stage(stage), {}, members)


def by_hand(network: Network, inputs):
    outputs = network.stage.function(inputs, eager(parameters=network.parameters), **network.options)
    return predictions(outputs, network.link, network.task)


def test_a_network_predicts_what_its_model_computes(registry):
    data = blobs()
    net = network(registry, data)
    predicted = net.predict(data.inputs)
    np.testing.assert_allclose(predicted, by_hand(net, data.inputs), rtol=1e-5)
    np.testing.assert_allclose(predicted.sum(axis=1), 1, rtol=1e-6)
    assert predicted.dtype == np.float32


def test_raw_inputs_are_prepared_as_in_training(registry):
    raw = blobs()
    prepared = standardize(raw, None)
    net = network(registry, prepared)
    np.testing.assert_array_equal(net.predict_raw(raw.inputs), net.predict(prepared.inputs))
    assert not np.allclose(net.predict(raw.inputs), net.predict(prepared.inputs))


def test_classify_names_the_likeliest_class_of_raw_inputs(registry):
    data = blobs()
    net = network(registry, data)
    names = np.array(data.classes)[net.predict(data.inputs).argmax(axis=1)]
    assert net.classify(data.inputs).tolist() == names.tolist()


def test_classify_is_refused_for_numbers(registry):
    data = blobs("regression")
    with pytest.raises(DataError, match="predicts numbers"):
        network(registry, data).classify(data.inputs)


def test_a_committee_averages_its_members(registry):
    data = blobs()
    nets = [network(registry, data, seed) for seed in range(3)]
    expected = np.mean([net.predict(data.inputs) for net in nets], axis=0)
    np.testing.assert_allclose(committee(registry, data, nets).predict(data.inputs), expected, rtol=1e-6)


def test_members_of_different_widths_serve_together(registry):
    data = blobs()
    nets = [network(registry, data, seed, width) for seed, width in ((0, 8), (1, 5), (2, 8))]
    expected = np.mean([net.predict(data.inputs) for net in nets], axis=0)
    np.testing.assert_allclose(committee(registry, data, nets).predict(data.inputs), expected, rtol=1e-6)


def test_a_member_predicts_the_same_alone_and_in_a_committee(registry):
    data = blobs()
    nets = [network(registry, data, seed) for seed in range(5)]
    first = Committee(Chosen(lambda predictions: predictions[0]), {}, tuple(nets))
    np.testing.assert_array_equal(first.predict(data.inputs), nets[0].predict(data.inputs))


class Chosen:
    """An ensemble stage made of any function."""

    ref = "ensemble.chosen"
    learn = None

    def __init__(self, function):
        self.function = function


def test_each_member_prepares_raw_data_in_its_own_way(registry):
    raw = blobs()
    folds = [standardize(raw.with_splits(train=rows), None) for rows in (range(10), range(10, 20))]
    nets = [network(registry, fold, seed) for seed, fold in enumerate(folds)]
    both = committee(registry, raw, nets)
    expected = np.mean([n.predict(f.split("test")[0]) for n, f in zip(nets, folds, strict=True)], axis=0)
    np.testing.assert_allclose(both.predict_split(raw, "test"), expected, rtol=1e-6)
    with pytest.raises(DataError, match="use predict_raw"):
        both.predict(raw.inputs)


def test_a_split_prepared_otherwise_than_in_training_is_refused(registry):
    raw = blobs()
    net = network(registry, raw)
    with pytest.raises(DataError, match="prepared in another way"):
        net.predict_split(standardize(raw, None), "test")


def test_a_split_with_other_classes_is_refused(registry):
    data = blobs()
    net = network(registry, data)
    with pytest.raises(DataError, match="red, green, blue, but the data has green, red, blue"):
        net.predict_split(data.replace(classes=("green", "red", "blue")), "test")


@pytest.mark.parametrize("shape", [(5, 3), (4,), (5, 4, 1)])
def test_inputs_that_do_not_fit_are_refused_with_both_shapes(registry, shape):
    net = network(registry, blobs())
    with pytest.raises(ShapeError, match=r"(?s)mlp.*rows, 4"):
        net.predict(np.zeros(shape))
    with pytest.raises(ShapeError, match="rows, 4"):
        net.predict_raw(np.zeros(shape))


def test_nan_and_no_rows_are_refused(registry):
    net = network(registry, blobs())
    with pytest.raises(DataError, match="NaN"):
        net.predict(np.full((2, 4), np.nan))
    with pytest.raises(DataError, match="no rows"):
        net.predict(np.zeros((0, 4)))


def test_models_of_different_classes_make_no_committee(registry):
    data = blobs()
    other = data.replace(classes=("a", "b", "c"))
    with pytest.raises(DataError, match="classes red, green, blue, and classes a, b, c"):
        committee(registry, data, [network(registry, data), network(registry, other)])
    with pytest.raises(DataError, match="at least one"):
        committee(registry, data, [])


def test_an_ensemble_stage_that_gives_another_shape_is_named(registry):
    data = blobs()
    with pytest.raises(
        StageError, match=r"ensemble.chosen.*\(30,\) instead of \(rows, outputs\) = \(30, 3\)"
    ):
        Committee(Chosen(lambda p: p[0, :, 0]), {}, (network(registry, data),)).predict(data.inputs)


def test_parts_give_the_same_predictor_back(registry):
    raw = blobs()
    prepared = standardize(raw, None)
    inner = committee(
        registry, prepared, [network(registry, prepared, seed) for seed in range(2)], "ensemble.vote"
    )
    outer = committee(registry, prepared, [inner, network(registry, prepared, 2, width=5)])
    parts, arrays = outer.to_parts()
    again = Predictor.from_parts(parts, {name: array.copy() for name, array in arrays.items()}, registry)
    np.testing.assert_array_equal(again.predict_raw(raw.inputs), outer.predict_raw(raw.inputs))
    assert (again.task, again.classes) == ("classes", ("red", "green", "blue"))


@pytest.mark.parametrize(("module", "name"), [("os", "remove"), ("plugins.transform.split", "DataError")])
def test_a_preparation_that_no_transform_provides_is_refused(registry, module, name):
    prepared = standardize(blobs(), None)
    parts, arrays = network(registry, prepared).to_parts()
    parts["preparation"]["steps"][0].update(module=module, name=name)
    with pytest.raises(DataError, match=f"'{name}' of {module}, which no installed transform provides"):
        Predictor.from_parts(parts, arrays, registry)


def test_the_loss_of_classes_is_the_negative_log_likelihood(registry):
    data = blobs()
    net = network(registry, data)
    inputs, targets = data.split("test")
    expected = -np.log(net.predict(inputs)[np.arange(10), targets]).mean()
    assert net.loss(data, "test") == pytest.approx(expected, rel=1e-6)


def test_the_loss_of_numbers_is_half_the_mean_squared_error(registry):
    data = blobs("regression")
    net = network(registry, data)
    inputs, targets = data.split("test")
    assert net.loss(data, "test") == pytest.approx(0.5 * np.mean((net.predict(inputs)[:, 0] - targets) ** 2))


def test_one_sigmoid_output_gives_probabilities_of_both_classes():
    both = predictions(np.array([[0.0], [-np.log(3.0)]]), "sigmoid", "classes")
    np.testing.assert_allclose(both, [[0.5, 0.5], [0.75, 0.25]])


def test_sigmoid_outputs_of_several_classes_sum_to_one_even_when_all_are_impossible():
    each = predictions(np.array([[0.0, 0.0, 0.0], [-2000.0, -2000.0, -2000.0]]), "sigmoid", "classes")
    np.testing.assert_allclose(each, 1 / 3)


def test_sigmoid_outputs_of_columns_stay_each_by_itself():
    np.testing.assert_allclose(predictions(np.zeros((1, 2)), "sigmoid", "regression"), [[0.5, 0.5]])


def test_far_logits_neither_overflow_nor_round_to_zero():
    each = predictions(np.float32([[50.0], [-50.0]]), "sigmoid", "classes")
    assert each.min() > 0
    assert predictions(np.array([[2000.0, 0.0]]), "softmax", "classes").tolist() == [[1.0, 0.0]]


def test_a_committee_wider_than_one_batched_call(registry, monkeypatch):
    data = blobs()
    nets = [network(registry, data, seed) for seed in range(5)]
    whole = committee(registry, data, nets).predict(data.inputs)
    monkeypatch.setattr("pipeline.stages.predicting.ABREAST", 2)
    np.testing.assert_array_equal(committee(registry, data, nets).predict(data.inputs), whole)
