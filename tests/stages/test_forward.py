import numpy as np
import pytest

from pipeline.errors import ShapeError
from pipeline.stages.forward import CHUNK, forward
from pipeline.stages.net import eager


@pytest.fixture
def mlp(stages):
    return stages.stage("model.mlp")


@pytest.fixture
def options(mlp):
    return mlp.check({"hidden": [6], "outputs": 3})


def parameters(mlp, options, seed, features=4):
    net = eager(seed)
    mlp.function(np.zeros((2, features)), net, **options)
    return {name: parameter.initial(seed, "model") for name, parameter in net.declared.items()}


def test_outputs_are_those_of_the_model_called_directly(mlp, options):
    inputs = np.random.default_rng(0).normal(size=(2 * CHUNK + 5, 4))
    members = [parameters(mlp, options, seed) for seed in range(3)]
    outputs = forward(mlp, options, members, inputs)
    assert outputs.shape == (3, 2 * CHUNK + 5, 3)
    for found, member in zip(outputs, members, strict=True):
        expected = mlp.function(inputs, eager(parameters=member), **options)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_a_members_outputs_do_not_depend_on_the_others(mlp, options):
    inputs = np.random.default_rng(0).normal(size=(CHUNK + 5, 4)).astype("float32")
    members = [
        {name: value.astype("float32") for name, value in parameters(mlp, options, seed).items()}
        for seed in range(3)
    ]
    outputs = forward(mlp, options, members, inputs)
    assert outputs.dtype == np.float32
    np.testing.assert_array_equal(outputs[1], forward(mlp, options, members[1:2], inputs)[0])


def test_inputs_of_another_width_than_in_training_are_refused(mlp, options):
    members = [parameters(mlp, options, 0)]
    with pytest.raises(ShapeError, match=r"'hidden0\.weights' is \(5, 6\) .* trained as \(4, 6\)"):
        forward(mlp, options, members, np.zeros((2, 5)))
