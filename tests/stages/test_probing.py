import numpy as np
import pytest

from pipeline import DataError, DataSet, nn
from pipeline.stages.committee import Committee
from pipeline.stages.net import eager
from pipeline.stages.predictor import Network

RNG = np.random.default_rng(0)
DATA = DataSet(RNG.normal(size=(600, 4)).astype("float32"), np.arange(600) % 3)


@pytest.fixture
def network(registry):
    def make(seed=0, **options):
        stage = registry.stage("model.mlp")
        options = stage.check({"hidden": [8, 5], "outputs": 3, **options})
        net = eager(seed)
        stage.function(DATA.inputs, net, **options)
        parameters = {name: p.initial(seed, "model").astype("float32") for name, p in net.declared.items()}
        return Network.of(stage, options, "softmax", DATA, parameters)

    return make


def test_hidden_activations_are_those_that_the_model_marks(network):
    net = network(activation="tanh")
    hidden = net.hidden(DATA.inputs)
    first = np.tanh(DATA.inputs @ net.parameters["hidden0.weights"] + net.parameters["hidden0.bias"])
    second = np.tanh(first @ net.parameters["hidden1.weights"] + net.parameters["hidden1.bias"])
    assert list(hidden) == ["hidden0", "hidden1"]
    np.testing.assert_allclose(hidden["hidden0"], first, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(hidden["hidden1"], second, rtol=1e-5, atol=1e-6)


def test_weights_are_the_parameters_without_biases(network):
    assert list(network().named_weights) == ["hidden0.weights", "hidden1.weights", "out.weights"]


def test_what_is_not_changed_predicts_as_ever(network):
    net = network()
    same = net.perturbed(DATA.inputs, lambda h, rng: h)
    np.testing.assert_allclose(same, net.predict(DATA.inputs), rtol=1e-5)


@pytest.mark.parametrize(("on", "calls"), [(("hidden",), 2), (("inputs",), 1), (("hidden", "inputs"), 3)])
def test_inputs_and_each_hidden_layer_are_given_to_the_function(network, on, calls):
    seen = []
    network().perturbed(DATA.inputs[:10], lambda h, rng: seen.append(h.shape) or h, on=on)
    assert len(seen) == calls


def test_draws_depend_on_the_seed_alone_and_every_row_has_its_own(network):
    def noisy(seed):
        return network().perturbed(DATA.inputs, lambda h, rng: nn.dropout(h, rng, 0.5), seed=seed)

    np.testing.assert_array_equal(noisy(1), noisy(1))
    assert not np.allclose(noisy(1), noisy(2))
    same_rows = np.tile(DATA.inputs[:1], (600, 1))
    found = network().perturbed(same_rows, lambda h, rng: nn.dropout(h, rng, 0.5))
    assert len(np.unique(found, axis=0)) > 100


def test_a_committee_combines_its_perturbed_networks(registry, network):
    members = [network(0), network(1)]
    both = Committee.of(registry.stage("ensemble.average"), {}, members)
    drop = {"function": lambda h, rng: nn.dropout(h, rng, 0.5), "seed": 3}
    expected = np.mean([member.perturbed(DATA.inputs, **drop) for member in members], axis=0)
    np.testing.assert_allclose(both.perturbed(DATA.inputs, **drop), expected, rtol=1e-5)


def test_inputs_that_do_not_fit_are_refused(network):
    with pytest.raises(DataError, match="no rows"):
        network().hidden(DATA.inputs[:0])
