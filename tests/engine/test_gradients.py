"""Derivatives of every catalogue graph, against central differences and against HIPS autograd."""

from __future__ import annotations

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from graphs import CASES, trace
from runs import run

from pipeline.engine import Graph, Program, gradient, jvp, numpy_backend, ops, vjp
from pipeline.engine.primitives import PRIMITIVES
from pipeline.engine.vjps import VJPS
from pipeline.errors import ShapeError

STEP = 1e-6


def difference(program, arguments, output, direction):
    up = run(program, [a + STEP * d for a, d in zip(arguments, direction, strict=True)])
    down = run(program, [a - STEP * d for a, d in zip(arguments, direction, strict=True)])
    return (up[output] - down[output]) / (2 * STEP)


def slope(outputs, letter, direction):
    return sum((outputs[f"{letter}{i}"] * d).sum() for i, d in enumerate(direction))


@pytest.mark.parametrize("name", CASES)
def test_gradient_is_the_slope_of_the_loss(name):
    case = CASES[name]
    program, rng = trace(case), np.random.default_rng(0)
    direction = [rng.normal(size=a.shape) for a in case.arguments]
    expected = difference(program, case.arguments, "loss", direction)
    found = slope(run(program, case.arguments), "g", direction)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("name", CASES)
def test_gradient_of_the_gradient_is_its_slope(name):
    case = CASES[name]
    program, rng = trace(case), np.random.default_rng(1)
    direction = [rng.normal(size=a.shape) for a in case.arguments]
    expected = difference(program, case.arguments, "curved", direction)
    found = slope(run(program, case.arguments), "h", direction)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


def test_every_primitive_with_a_rule_is_in_the_catalogue():
    used = {i.primitive.name for case in CASES.values() for i in trace(case).graph.instructions}
    assert set(VJPS) == set(PRIMITIVES)
    assert set(PRIMITIVES) == used


def _normalised(module, x):
    centred = x - module.mean(x, 1, keepdims=True)
    return centred / module.sqrt(module.var(x, 1, keepdims=True) + 1e-5)


AUTOGRAD = {
    "perceptron": (
        lambda np_, x, w, u: np_.sum(np_.tanh(np_.dot(x, w)) * np_.exp(-np_.dot(x, u))),
        lambda x, w, u: ops.sum(ops.tanh(x @ w) * ops.exp(-(x @ u))),
        [(4, 3), (3, 5), (3, 5)],
    ),
    "normalised": (
        lambda np_, x, w, u: np_.sum(np_.tanh(_normalised(np_, x) * w + u)),
        lambda x, w, u: ops.sum(ops.tanh(_normalised(ops, x) * w + u)),
        [(4, 3), (3,), (3,)],
    ),
    "extremes": (
        lambda np_, x, w, u: np_.sum(np_.max(x * w, 0) * np_.min(x + u, 0) + np_.maximum(w, u)),
        lambda x, w, u: ops.sum(ops.max(x * w, 0) * ops.min(x + u, 0) + ops.maximum(w, u)),
        [(4, 3), (3,), (3,)],
    ),
    "logs": (
        lambda np_, x, w, u: np_.sum(np_.log1p(x**2) * np_.abs(w) + np_.logaddexp(x * u, 0.0)),
        lambda x, w, u: ops.sum(ops.log1p(x**2) * ops.abs(w) + ops.softplus(x * u)),
        [(4, 3), (3,), (3,)],
    ),
    "shapes": (
        lambda np_, x, w, u: np_.sum(np_.concatenate([x[::-1, 1:], x[:, :2] * w[:2]], 1).T[1:] ** 3 * u[0]),
        lambda x, w, u: ops.sum(
            ops.transpose(ops.concatenate([x[::-1, 1:], x[:, :2] * w[:2]], 1))[1:] ** 3 * u[0]
        ),
        [(4, 3), (3,), (3,)],
    ),
}


@pytest.mark.parametrize("name", AUTOGRAD)
def test_gradients_and_hessian_vector_products_are_those_of_autograd(name):
    reference, traced, shapes = AUTOGRAD[name]
    rng = np.random.default_rng(2)
    arguments = [rng.normal(size=shape) for shape in shapes]
    vectors = [rng.normal(size=shape) for shape in shapes]

    graph = Graph("float64")
    xs = [graph.input(f"x{i}", a.shape) for i, a in enumerate(arguments)]
    first = gradient(traced(*xs), xs)
    inner = sum(ops.sum(g * v) for g, v in zip(first, vectors, strict=True))
    second = gradient(inner, xs)
    outputs = {f"g{i}": g for i, g in enumerate(first)} | {f"h{i}": h for i, h in enumerate(second)}
    found = run(Program(graph, outputs), arguments)

    def loss(*values):
        return reference(anp, *values)

    def directional(*values):
        gradients = [autograd.grad(loss, i)(*values) for i in range(len(values))]
        return sum(anp.sum(g * v) for g, v in zip(gradients, vectors, strict=True))

    for i in range(len(arguments)):
        np.testing.assert_allclose(found[f"g{i}"], autograd.grad(loss, i)(*arguments), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(
            found[f"h{i}"], autograd.grad(directional, i)(*arguments), rtol=1e-9, atol=1e-12
        )


@pytest.mark.parametrize("name", ["matmul", "softmax", "convolution", "plain_recurrence", "concatenate"])
def test_forward_and_reverse_products_are_transposes_of_each_other(name):
    case, rng = CASES[name], np.random.default_rng(3)
    graph = Graph("float64")
    xs = [graph.input(f"x{i}", a.shape) for i, a in enumerate(case.arguments)]
    y = case.function(*xs)
    tangents = [graph.constant(rng.normal(size=x.shape)) for x in xs]
    cotangent = graph.constant(rng.normal(size=y.shape))
    (forward,) = jvp([y], xs, tangents)
    reverse = vjp([y], xs, [cotangent])
    left = ops.sum(forward * cotangent)
    right = sum(ops.sum(r * t) for r, t in zip(reverse, tangents, strict=True))
    found = run(Program(graph, {"left": left, "right": right}), case.arguments)
    np.testing.assert_allclose(found["left"], found["right"], rtol=1e-12)


def test_what_the_loss_does_not_use_has_gradient_zero():
    graph = Graph("float64")
    x, unused = graph.input("x0", (3,)), graph.input("x1", (2,))
    (g,) = gradient(ops.sum(x), [unused])
    assert run(Program(graph, {"g": g}), [np.ones(3), np.ones(2)])["g"].tolist() == [0.0, 0.0]


def test_cotangents_of_slices_that_make_up_a_tensor_are_joined_not_summed():
    graph = Graph("float64")
    x = graph.input("x0", (2, 5))
    (g,) = gradient(ops.sum(x[:, 2:] ** 2) + ops.sum(ops.sin(x[:, :2])), [x])
    program = Program(graph, {"g": g})
    assert "unslice" not in [i.primitive.name for i in program.instructions]
    value = np.arange(10.0).reshape(2, 5)
    expected = np.concatenate([np.cos(value[:, :2]), 2 * value[:, 2:]], 1)
    np.testing.assert_allclose(run(program, [value])["g"], expected)


@pytest.mark.parametrize("cuts", [((0, 2), (2, 4)), ((0, 3), (2, 5)), ((0, 2), (3, 5))])
def test_cotangents_of_slices_that_overlap_or_leave_gaps_are_summed(cuts):
    graph = Graph("float64")
    x = graph.input("x0", (5,))
    (g,) = gradient(sum(ops.sum(x[start:stop] * 3.0) for start, stop in cuts), [x])
    expected = np.zeros(5)
    for start, stop in cuts:
        expected[start:stop] += 3.0
    np.testing.assert_array_equal(run(Program(graph, {"g": g}), [np.ones(5)])["g"], expected)


def test_gradient_of_a_vector_is_refused():
    x = Graph("float64").input("x", (3,))
    with pytest.raises(ShapeError, match=r"shape \(3,\); reduce it to a scalar"):
        gradient(x, [x])


def test_relu_has_derivative_zero_at_zero_and_norm_at_the_origin():
    graph = Graph("float64")
    x = graph.input("x0", (2,))
    outputs = {"relu": gradient(ops.sum(ops.relu(x)), [x])[0], "norm": gradient(ops.norm(x), [x])[0]}
    found = run(Program(graph, outputs), [np.zeros(2)])
    assert found["relu"].tolist() == [0.0, 0.0]
    assert found["norm"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softmax_family_stays_finite_at_extreme_logits(dtype):
    graph = Graph(dtype)
    x = graph.input("x0", (2, 3))
    parts = {
        "lse": ops.logsumexp(x),
        "log": ops.log_softmax(x),
        "soft": ops.softmax(x),
        "sig": ops.sigmoid(x),
    }
    parts["plus"] = ops.softplus(x)
    outputs = dict(parts)
    outputs |= {f"d{name}": gradient(ops.sum(y * y), [x])[0] for name, y in parts.items()}
    found = run(Program(graph, outputs), [np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4]])])
    assert all(np.isfinite(value).all() for value in found.values())
    np.testing.assert_allclose(found["soft"][1], [1 / 3] * 3, rtol=1e-6)


def test_a_program_keeps_only_what_its_results_need():
    graph = Graph("float64")
    x = graph.input("x", (3,))
    ops.exp(x)
    program = Program(graph, {"y": x * 2.0})
    assert [i.primitive.name for i in program.instructions] == ["multiply"]
    executor = program.bind(1, (), numpy_backend())
    executor.inputs["x"][...] = 1.0
    executor.run()
    assert executor.outputs["y"].tolist() == [2.0, 2.0, 2.0]
