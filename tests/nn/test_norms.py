import numpy as np
import pytest

from pipeline import nn, ops
from pipeline.stages.net import Net, bound, eager


@pytest.fixture
def normed(traced):
    """Return batch normalisation's value and gradients on PyTorch's arrays, and the buffers it leaves."""

    def run(figures, training):
        made = {}

        def f(x, scale, shift, mean, variance):
            given = {"n.scale": scale, "n.shift": shift, "n.mean": mean, "n.variance": variance}
            net = Net(bound(given), training=training)
            y = nn.batch_norm(net, x, name="n")
            made.update(net.updates)
            return y

        value, slopes = traced(f, **{k: figures[k] for k in ("x", "scale", "shift", "mean", "variance")})
        return value, slopes, made

    return run


@pytest.mark.parametrize(("name", "training"), [("batch norm", True), ("batch norm prediction", False)])
def test_batch_norm_is_pytorchs_with_its_gradients(case, normed, name, training):
    figures = case(name, "torch_units.npz")
    value, slopes, _ = normed(figures, training)
    np.testing.assert_allclose(value, figures["value"], rtol=1e-9)
    for letter in ("x", "scale", "shift"):
        np.testing.assert_allclose(slopes[letter], figures[f"d{letter}"], rtol=1e-9, atol=1e-12)


def test_running_means_go_where_pytorchs_go(case):
    figures = case("batch norm", "torch_units.npz")
    given = {f"n.{name}": figures[name] for name in ("scale", "shift", "mean", "variance")}
    net = eager(training=True, parameters=given)
    nn.batch_norm(net, figures["x"], name="n")
    for name in ("mean", "variance"):
        np.testing.assert_allclose(net.updates[f"n.{name}"], figures[f"{name} after"], rtol=1e-9)


def test_predictions_leave_the_running_means_alone(case, normed):
    assert normed(case("batch norm", "torch_units.npz"), training=False)[2] == {}


def test_running_means_start_as_if_inputs_were_standard():
    x = np.random.default_rng(0).standard_normal((6, 3))
    np.testing.assert_allclose(nn.batch_norm(eager(), x, name="n"), x, rtol=1e-4)


def test_a_batch_of_one_example_is_finite():
    net = eager(training=True)
    assert np.isfinite(nn.batch_norm(net, np.ones((1, 3)), name="n")).all()
    assert np.isfinite(net.updates["n.variance"]).all()


def test_layer_norm_is_pytorchs(agrees_with_torch, case):
    agrees_with_torch(
        lambda net, x: nn.layer_norm(net, x, name="block"), case("layer norm"), scale="scale", shift="shift"
    )


def test_layer_norm_leaves_mean_zero_and_variance_one():
    x = 5 + 3 * np.random.default_rng(0).standard_normal((4, 50))
    y = nn.layer_norm(eager(), x, name="n")
    np.testing.assert_allclose(ops.mean(y, axis=-1), np.zeros(4), atol=1e-12)
    np.testing.assert_allclose(ops.var(y, axis=-1), np.ones(4), rtol=1e-5)


def test_scales_and_shifts_are_no_weights_and_means_are_not_trained():
    net = eager()
    nn.batch_norm(net, np.zeros((2, 3)), name="n")
    declared = net.declared
    assert [name for name, parameter in declared.items() if parameter.weight] == []
    assert [name for name, p in declared.items() if not p.trained] == ["n.mean", "n.variance"]
