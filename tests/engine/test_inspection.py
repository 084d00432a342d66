"""Inspecting a run: which operation first made what is not finite, and what came of small numbers."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.engine import Graph, Program, gradient, ops
from pipeline.engine.graph import Origin
from pipeline.engine.inspection import inspected

X = np.array([-2.0, 0.0, 1.0, 89.0], "float32")


def inspection(function, x=X, wrt=False):
    graph = Graph("float32")
    tensor = graph.input("x", x.shape)
    with graph.traced_by(Origin("net", "model.mine")):
        y = ops.sum(function(tensor))
    y = gradient(y, [tensor])[0] if wrt else y
    return inspected(Program(graph, {"y": y}), {"x": x})


PLANTED = {
    "exp(89)": (ops.exp, "exp", (0, 1)),
    "0/0": (lambda x: x / x, "divide", (1, 0)),
    "log(0)": (lambda x: ops.log(ops.relu(x)), "log", (0, 2)),
    "sqrt(-2)": (ops.sqrt, "sqrt", (1, 0)),
    "inf - inf": (lambda x: ops.exp(2 * x) - ops.exp(2 * x + 1), "exp", (0, 1)),
}


@pytest.mark.parametrize("name", PLANTED)
def test_the_operation_that_first_leaves_the_finite_numbers_is_named(name):
    function, operation, (nan, infinite) = PLANTED[name]
    event = inspection(function).culprit
    assert event.instruction.primitive.name == operation
    assert (event.results[0].nan, event.results[0].infinite) == (nan, infinite)
    assert str(event.instruction.origin) == "net (model.mine)"


def test_a_derivative_at_zero_names_the_operation_that_it_derives():
    event = inspection(lambda x: ops.sqrt(ops.relu(x)), wrt=True).culprit
    assert event.instruction.primitive.name == "divide"
    assert event.instruction.origin == Origin("net", "model.mine", "sqrt")
    assert event.operands[1].low == 0


def test_operands_have_their_ranges():
    (operand,) = inspection(ops.exp).culprit.operands
    assert (operand.shape, operand.low, operand.high, operand.finite) == ((4,), -2.0, 89.0, True)


def test_what_is_left_out_again_is_no_fault():
    assert inspection(lambda x: ops.where(x > 0, ops.log(ops.relu(x)), 0.0)).culprit is None
    mask = np.array([0.0, -np.inf, 0.0, -np.inf], "float32")
    assert inspection(lambda x: ops.softmax(x + mask)).culprit is None


def test_of_two_faults_the_one_that_reaches_the_result_is_named():
    def function(x):
        unused = ops.where(x > 0.5, 0.0, ops.exp(x * 100.0))
        return ops.log(ops.relu(x)) + unused

    assert inspection(function).culprit.instruction.primitive.name == "log"


def test_inside_a_recurrence_the_operation_and_its_step_are_named():
    def squares(x):
        return ops.scan(lambda h, z: (ops.square(h) + z, None), x[:1], ops.reshape(x, (-1, 1)))[0]

    event = inspection(squares, np.full(6, 1e5, "float32")).culprit
    assert event.instruction.primitive.name == "square"
    assert event.steps == (2,)  # 1e5, 1e10, 1e20, and then 1e40


def test_numbers_that_become_too_large_or_too_small_are_counted():
    found = inspection(lambda x: ops.exp(-2 * x) + ops.square(x * 1e-25) + ops.exp(2 * x))
    assert found.overflows == {"exp": 1}
    assert +found.underflows == {"exp": 1, "square": 3}  # e^-178, and 1e-50 times 4, 1 and 7921


def test_a_run_that_stays_finite_has_no_culprit():
    found = inspection(ops.tanh, wrt=True)
    assert found.culprit is None
    assert not found.overflows
