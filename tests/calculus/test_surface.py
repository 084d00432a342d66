import numpy as np
import pytest

from pipeline import ops
from pipeline.calculus import Function
from pipeline.calculus.requests import Curve, Gauss, Matrix, Slope, Value
from pipeline.calculus.surface import Surface, Traced
from pipeline.engine import Graph
from pipeline.errors import ShapeError

RNG = np.random.default_rng(0)
INPUTS, TARGETS = RNG.normal(size=(3, 20, 4)), RNG.normal(size=(3, 20))
WEIGHTS, DIRECTIONS = RNG.normal(size=(3, 5)), RNG.normal(size=(3, 5))


def traced(free=None):
    """Trace the error of a curved model of four weights and a bias, with a penalty."""
    graph = Graph("float64")
    x, y, w = graph.input("x", (20, 4)), graph.input("y", (20,)), graph.input("weights", (5,))
    outputs = ops.tanh(x @ w[:4]) + w[4]
    loss = ops.mean(ops.square(outputs - y))
    return Traced(graph, loss + 0.1 * ops.sum(w[:4] ** 4), outputs, free, {"loss": loss})


def surface(*slots, free=None):
    """Return the surface of members that have data of their own."""
    inputs = {"x": INPUTS[list(slots)], "y": TARGETS[list(slots)], "weights": WEIGHTS[list(slots)]}
    return Surface(traced(free), len(slots), inputs, {"x", "y", "weights"})


def reference(slot):
    def outputs(w):
        return ops.tanh(INPUTS[slot] @ w[:4]) + w[4]

    return Function(
        lambda w: ops.mean(ops.square(outputs(w) - TARGETS[slot])) + 0.1 * ops.sum(w[:4] ** 4), WEIGHTS[0]
    )


def test_each_member_gets_what_it_asked_for_in_one_round():
    w, v = WEIGHTS, DIRECTIONS
    found = surface(0, 1, 2).answer({0: Value(w[0]), 1: Slope(w[1]), 2: Curve(w[2], v[2])})
    assert found[0] == pytest.approx(reference(0)(w[0]), rel=1e-12)
    assert found[1][0] == pytest.approx(reference(1)(w[1]), rel=1e-12)
    np.testing.assert_allclose(found[1][1], reference(1).gradient(w[1]), rtol=1e-10)
    np.testing.assert_allclose(found[2], reference(2).hessian_product(w[2], v[2]), rtol=1e-10)


@pytest.mark.parametrize("ask", [lambda w, v: Slope(w), Curve, Gauss, lambda w, v: Matrix(w)])
def test_an_answer_has_the_same_bits_alone_and_among_others(ask):
    together = surface(0, 1, 2).answer({i: ask(WEIGHTS[i], DIRECTIONS[i]) for i in range(3)})
    for i in range(3):
        (alone,) = surface(i).answer({0: ask(WEIGHTS[i], DIRECTIONS[i])}).values()
        (kept,) = surface(0, 1, 2).keep([i]).answer({0: ask(WEIGHTS[i], DIRECTIONS[i])}).values()
        for found in (alone, kept):
            np.testing.assert_array_equal(np.hstack(found), np.hstack(together[i]))


def test_the_matrix_is_the_members_own_hessian():
    found = surface(0, 1, 2).answer({1: Matrix(WEIGHTS[1])})
    np.testing.assert_allclose(found[1], reference(1).hessian(WEIGHTS[1]), rtol=1e-10, atol=1e-12)


def test_a_gauss_newton_product_leaves_out_the_curvature_of_the_outputs_alone():
    outputs = Function(lambda w: ops.tanh(INPUTS[0] @ w[:4]) + w[4], WEIGHTS[0])
    jacobian = outputs.jacobian(WEIGHTS[0])
    penalty = np.diag([*(1.2 * WEIGHTS[0, :4] ** 2), 0])
    wanted = (2 / 20 * jacobian.T @ jacobian + penalty) @ DIRECTIONS[0]
    (found,) = surface(0).answer({0: Gauss(WEIGHTS[0], DIRECTIONS[0])}).values()
    np.testing.assert_allclose(found, wanted, rtol=1e-10)


def test_weights_that_are_not_free_stay_as_they_are_given():
    w, v = WEIGHTS[0, :4] + 0.5, DIRECTIONS[0, :4]
    whole = np.array([*w, WEIGHTS[0, 4]])
    found = surface(0, free=4)
    value, slope = found.answer({0: Slope(w)})[0]
    assert value == pytest.approx(reference(0)(whole), rel=1e-12)
    np.testing.assert_allclose(slope, reference(0).gradient(whole)[:4], rtol=1e-10)
    hessian = reference(0).hessian(whole)[:4, :4]
    np.testing.assert_allclose(found.answer({0: Curve(w, v)})[0], hessian @ v, rtol=1e-10)
    np.testing.assert_allclose(found.answer({0: Matrix(w)})[0], hessian, rtol=1e-10, atol=1e-12)
    assert found.answer({0: Gauss(w, v)})[0].shape == (4,)


def test_reports_are_read_at_the_whole_weights():
    found = surface(0, 1).reports(WEIGHTS[:2])["loss"]
    assert found.shape == (2,)
    penalty = 0.1 * (WEIGHTS[1, :4] ** 4).sum()
    assert found[1] == pytest.approx(reference(1)(WEIGHTS[1]) - penalty, rel=1e-12)


def test_a_gauss_newton_product_wants_to_know_the_outputs():
    alone = Function(lambda x: ops.sum(x * x), np.ones(2)).surface()
    with pytest.raises(ShapeError, match=r"needs a function of outputs: .*through=g"):
        alone.answer({0: Gauss(np.ones(2), np.ones(2))})


def decayed(strengths):
    """Return the surface of members that share their data and differ in a number and a fixed weight."""
    graph = Graph("float64")
    x, w, s = graph.input("x", (20, 4)), graph.input("weights", (5,)), graph.input("strength", ())
    total = ops.mean(ops.tanh(x @ w[:4] + w[4]) ** 2) + s * ops.sum(w[:4] ** 4)
    fixed = np.array([[0.0, 0.0, 0.0, 0.0, each] for each in strengths])
    inputs = {"x": INPUTS[0], "strength": np.array(strengths), "weights": fixed}
    return Surface(Traced(graph, total, free=4), len(strengths), inputs, {"strength", "weights"})


@pytest.mark.parametrize("asking", [(2,), (0, 4), (1, 2, 3), (4, 3, 2, 1, 0)])
def test_whoever_asks_gets_the_bits_of_a_member_alone(asking):
    strengths, w, v = [0.1, 0.2, 0.3, 0.4, 0.5], WEIGHTS[0, :4], DIRECTIONS[0, :4]
    surface = decayed(strengths)
    for ask in (Slope(w), Curve(w, v), Matrix(w)):
        found = surface.answer(dict.fromkeys(asking, ask))
        for slot in asking:
            (alone,) = decayed([strengths[slot]]).answer({0: ask}).values()
            np.testing.assert_array_equal(np.hstack(found[slot]), np.hstack(alone))
