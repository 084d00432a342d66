import numpy as np
import pytest

from pipeline import OptionError, ShapeError, nn, ops
from pipeline.stages.net import Net, bound, eager

NAMES = {"input": "input", "recurrent": "recurrent", "bias": "bias"}
LAYERS = {
    "rnn": (lambda net, x: nn.rnn(net, x, 4, name="block"), NAMES),
    "rnn relu": (lambda net, x: nn.rnn(net, x, 4, name="block", activation="relu"), NAMES),
    "lstm": (lambda net, x: nn.lstm(net, x, 4, name="block"), NAMES),
    "gru": (lambda net, x: nn.gru(net, x, 4, name="block"), {**NAMES, "inside": "recurrent_bias"}),
}
X = np.random.default_rng(0).normal(size=(2, 5, 3))


def parameters(layer, **options):
    net = eager(seed=2)
    layer(net, X, 4, name="r", **options)
    rng = np.random.default_rng(3)
    return {name: 0.5 * rng.normal(size=parameter.shape) for name, parameter in net.declared.items()}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_pytorchs(agrees_with_torch, case, name):
    layer, names = LAYERS[name]
    agrees_with_torch(lambda net, x: layer(net, x)[0], case(name), **names)


@pytest.mark.parametrize("layer", [nn.rnn, nn.lstm, nn.gru])
def test_the_last_state_is_that_of_the_last_step_or_reversed_of_the_first(layer):
    for reverse, step in ((False, -1), (True, 0)):
        states, last = layer(eager(), X, 4, name="r", reverse=reverse)
        h = last[0] if layer is nn.lstm else last
        np.testing.assert_array_equal(h, states[:, step])


@pytest.mark.parametrize("layer", [nn.rnn, nn.lstm, nn.gru])
def test_reversed_is_forward_on_reversed_sequences(layer):
    values = parameters(layer)
    backward, _ = layer(eager(parameters=values), X, 4, name="r", reverse=True)
    forward, _ = layer(eager(parameters=values), X[:, ::-1], 4, name="r")
    np.testing.assert_allclose(backward, forward[:, ::-1], rtol=1e-13)


@pytest.mark.parametrize("layer", [nn.rnn, nn.lstm, nn.gru])
def test_a_sequence_may_go_on_from_a_state(layer):
    values = parameters(layer)
    whole, last = layer(eager(parameters=values), X, 4, name="r")
    _, middle = layer(eager(parameters=values), X[:, :2], 4, name="r")
    rest, end = layer(eager(parameters=values), X[:, 2:], 4, name="r", initial=middle)
    np.testing.assert_allclose(rest, whole[:, 2:], rtol=1e-13)
    np.testing.assert_allclose(end, last, rtol=1e-13)


@pytest.mark.parametrize("layer", [nn.rnn, nn.lstm, nn.gru])
@pytest.mark.parametrize("checkpoint", [1, 2])
def test_checkpoints_change_no_gradient(traced, layer, checkpoint):
    values = parameters(layer)

    def f(x, checkpoint=0, **given):
        return layer(Net(bound(given)), x, 4, name="r", checkpoint=checkpoint)[0]

    value, slopes = traced(f, x=X, **values)
    again, others = traced(lambda x, **given: f(x, checkpoint, **given), x=X, **values)
    np.testing.assert_array_equal(again, value)
    for name in slopes:
        np.testing.assert_allclose(others[name], slopes[name], rtol=1e-11, atol=1e-13)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def test_peepholes_let_the_gates_see_the_cell(traced):
    values = parameters(nn.lstm, peepholes=True)
    states, _ = nn.lstm(eager(parameters=values), X, 4, name="r", peepholes=True)
    w, u, b, (pi, pf, po) = (values[f"r.{name}"] for name in ("input", "recurrent", "bias", "peepholes"))
    h = c = np.zeros((2, 4))
    for t in range(5):
        i, f, o, g = np.split(X[:, t] @ w + h @ u + b, 4, axis=1)
        c = sigmoid(f + pf * c) * c + sigmoid(i + pi * c) * np.tanh(g)
        h = sigmoid(o + po * c) * np.tanh(c)
        np.testing.assert_allclose(states[:, t], h, rtol=1e-12)

    def f(peepholes):
        given = {**values, "r.peepholes": peepholes}
        return nn.lstm(Net(lambda p: given[p.name]), X, 4, name="r", peepholes=True)[0]

    _, slopes = traced(f, peepholes=values["r.peepholes"])
    for place in np.ndindex(3, 4):
        step = np.zeros((3, 4))
        step[place] = 1e-6
        up, down = (np.sin(f(values["r.peepholes"] + sign * step)).sum() for sign in (1, -1))
        np.testing.assert_allclose(slopes["peepholes"][place], (up - down) / 2e-6, rtol=1e-5, atol=1e-8)


def test_the_forget_gate_begins_open():
    net = eager()
    nn.lstm(net, X, 2, name="r", forget_bias=3.0)
    assert net.declared["r.bias"].initial(0, "m").tolist() == [0, 0, 3, 3, 0, 0, 0, 0]


def test_each_gate_has_an_orthogonal_matrix_of_its_own():
    net = eager()
    nn.gru(net, X, 4, name="r")
    gates = np.split(net.declared["r.recurrent"].initial(0, "m"), 3, axis=1)
    for gate in gates:
        np.testing.assert_allclose(gate.T @ gate, np.eye(4), atol=1e-12)
    assert not np.allclose(gates[0], gates[1])


def test_biases_are_no_weights():
    net = eager()
    nn.gru(net, X, 4, name="r")
    kept = {name for name, parameter in net.declared.items() if parameter.weight}
    assert kept == {"r.input", "r.recurrent"}


def test_what_is_no_batch_of_sequences_is_refused():
    with pytest.raises(
        ShapeError, match=r"'r': sequences are \(batch, steps, features\), these are \(2, 5\)"
    ):
        nn.lstm(eager(), X[..., 0], 4, name="r")


def test_an_unknown_activation_lists_what_there_is():
    with pytest.raises(OptionError, match=r"'tan' is not one of"):
        nn.rnn(eager(), X, 4, name="r", activation="tan")


def test_a_bidirectional_layer_is_two_layers_side_by_side():
    net = eager()
    forward, _ = nn.lstm(net, X, 3, name="forward")
    backward, _ = nn.lstm(net, X, 3, name="backward", reverse=True)
    assert ops.concatenate([forward, backward], -1).shape == (2, 5, 6)
