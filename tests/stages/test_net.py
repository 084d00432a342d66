import numpy as np
import pytest

from pipeline import ops
from pipeline.engine import Graph
from pipeline.errors import StageError
from pipeline.stages.net import Layout, Net, Parameter, bound, discover, eager
from pipeline.stages.noise import NoRandom


def two_layers(x, net):
    h = net.hidden(ops.relu(net.dense(x, 3, name="first")))
    return net.dense(h, 2, name="second", bias=False)


def layout_of(model):
    graph = Graph()
    net = discover(graph)
    model(graph.input("x", (5, 4)), net)
    return Layout(list(net.declared.values()))


def test_a_first_pass_finds_names_shapes_and_which_are_weights():
    found = layout_of(two_layers).parameters.values()
    assert [(p.name, p.shape, p.weight) for p in found] == [
        ("first.weights", (4, 3), True),
        ("first.bias", (3,), False),
        ("second.weights", (3, 2), True),
    ]


def test_parameters_are_slices_of_flat_weights_in_the_order_they_were_made():
    layout = layout_of(two_layers)
    flat = np.arange(float(layout.size))
    parameters = layout.bind(flat)
    np.testing.assert_array_equal(parameters["first.bias"], [12.0, 13.0, 14.0])
    np.testing.assert_array_equal(parameters["second.weights"], [[15, 16], [17, 18], [19, 20]])
    np.testing.assert_array_equal(layout.flat(parameters), flat)


def test_initial_weights_depend_on_seed_node_and_name_alone():
    parameter = Parameter("w", (3, 2), lambda rng, shape: rng.normal(size=shape))
    alone = Layout([parameter]).initial(1, "net", "float64")
    after_another = Layout([Parameter("v", (5,), parameter.init), parameter]).initial(1, "net", "float64")
    np.testing.assert_array_equal(after_another[5:], alone)
    assert not np.array_equal(alone, Layout([parameter]).initial(2, "net", "float64"))
    assert not np.array_equal(alone, Layout([parameter]).initial(1, "other", "float64"))


def test_two_parameters_of_one_name_are_refused():
    net = eager()
    net.dense(np.zeros((2, 3)), 4, name="layer")
    with pytest.raises(StageError, match=r"two parameters named 'layer\.weights'"):
        net.dense(np.zeros((2, 4)), 4, name="layer")


def test_two_hidden_activations_of_one_name_are_refused():
    net = eager()
    net.hidden(np.zeros(2), "h")
    with pytest.raises(StageError, match="two hidden activations 'h'"):
        net.hidden(np.zeros(2), "h")


def test_a_parameter_that_the_first_pass_lacked_is_refused_with_the_nearest_name():
    graph = Graph()
    net = Net(bound({"layer.weights": graph.input("w", (2, 3))}))
    with pytest.raises(StageError, match=r"'layer\.weight' was not there.*did you mean 'layer\.weights'"):
        net.parameter("layer.weight", (2, 3))
    with pytest.raises(StageError, match=r"was \(2, 3\) and is now \(3, 2\)"):
        net.parameter("layer.weights", (3, 2))


def test_an_initializer_may_be_a_function_or_a_number():
    net = eager()
    np.testing.assert_array_equal(net.parameter("a", (2,), 0.5), [0.5, 0.5])
    np.testing.assert_array_equal(net.parameter("b", (2,), lambda rng, shape: np.ones(shape)), [1.0, 1.0])


def test_an_initializer_of_the_wrong_shape_is_refused():
    with pytest.raises(StageError, match=r"'w' \(2,\) was initialised with shape \(3,\)"):
        eager().parameter("w", (2,), lambda rng, shape: np.ones(3))


def test_a_model_can_be_called_directly_on_arrays():
    net = eager(seed=3)
    outputs = two_layers(np.ones((5, 4)), net)
    assert outputs.shape == (5, 2)
    np.testing.assert_array_equal(outputs, two_layers(np.ones((5, 4)), eager(seed=3)))
    assert list(net.activations) == ["hidden0"]


def test_what_acts_on_hidden_activations_sees_their_names_and_may_change_them():
    net = Net(lambda parameter: np.ones(parameter.shape), on_hidden=lambda name, h: h * (name == "kept"))
    assert net.hidden(np.ones(1), "kept") == 1
    assert net.hidden(np.ones(1), "dropped") == 0


def test_noise_outside_of_training_is_refused():
    for draw in (NoRandom().normal, NoRandom().uniform, lambda shape: NoRandom().bernoulli(0.5, shape)):
        with pytest.raises(StageError, match=r"if net\.training"):
            draw((2,))
