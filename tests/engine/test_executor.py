"""Binding: updates, memory handed on, what a run allocates, and random graphs against eager NumPy."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.engine import Graph, Program, gradient, numpy_backend, ops
from pipeline.errors import OptionError, ShapeError


def step_program(width=4):
    """Gradient descent with momentum on ½(w·x - y)²."""
    graph = Graph("float64")
    w, v = graph.input("w", (width,)), graph.input("v", (width,))
    x, y = graph.input("x", (8, width)), graph.input("y", (8,))
    loss = 0.5 * ops.mean(ops.square(x @ w - y))
    (g,) = gradient(loss, [w])
    speed = 0.9 * v + g
    return Program(graph, {"loss": loss, "old": w * 1.0}, {"w": w - 0.1 * speed, "v": speed})


def test_updates_carry_state_from_run_to_run():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 4)), rng.normal(size=8)
    executor = step_program().bind(1, (), numpy_backend())
    executor.inputs["x"][...], executor.inputs["y"][...] = x, y
    w, v = np.zeros(4), np.zeros(4)
    for _ in range(5):
        executor.run()
        v = 0.9 * v + x.T @ (x @ w - y) / 8
        w = w - 0.1 * v
        np.testing.assert_allclose(executor.inputs["w"], w, rtol=1e-12)
        np.testing.assert_allclose(executor.inputs["v"], v, rtol=1e-12)


def test_an_output_that_is_an_updated_input_has_the_value_before_the_run():
    graph = Graph("float64")
    a, b = graph.input("a", (2,)), graph.input("b", (2,))
    executor = Program(graph, {"a": a}, {"a": b, "b": a}).bind(1, (), numpy_backend())
    executor.inputs["a"][...], executor.inputs["b"][...] = 1.0, 2.0
    executor.run()
    assert executor.outputs["a"].tolist() == [1.0, 1.0]
    assert executor.inputs["a"].tolist() == [2.0, 2.0]
    assert executor.inputs["b"].tolist() == [1.0, 1.0]


def test_a_long_chain_needs_few_buffers():
    graph = Graph("float64")
    x = graph.input("x", (1000,))
    y = x
    for _ in range(50):
        y = ops.tanh(y + 1.0)
    executor = Program(graph, {"y": y}).bind(1, (), numpy_backend())
    assert executor.bytes <= 3 * 8 * 1000 + 512


def test_a_run_allocates_no_arrays():
    executor = step_program(width=400).bind(6, ["w", "v"], numpy_backend())
    executor.run()
    tracemalloc.start()
    executor.run()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * 400 * 8  # less than one buffer of weights


def test_results_are_computed_in_their_place_in_a_concatenation():
    graph = Graph("float64")
    a, b = graph.input("a", (3, 4)), graph.input("b", (4, 2))
    flat = ops.concatenate([ops.reshape(a * 2.0, -1), ops.reshape(a @ b, -1)])
    executor = Program(graph, {"flat": flat}).bind(2, ["a", "b"], numpy_backend())
    a_value = np.random.default_rng(0).normal(size=(2, 3, 4))
    executor.inputs["a"][...] = a_value
    executor.inputs["b"][...] = 1.0
    executor.run()
    expected = np.concatenate([(a_value * 2).reshape(2, -1), (a_value @ np.ones((4, 2))).reshape(2, -1)], 1)
    np.testing.assert_allclose(executor.outputs["flat"], expected)
    copies = [call for call in executor._calls if call.function is np.copyto]
    assert copies == []


def test_a_block_of_one_member_copies_no_part_of_a_concatenation():
    graph = Graph("float64")
    a, b = graph.input("a", (3, 4)), graph.input("b", (4, 2))
    flat = ops.concatenate([ops.reshape(a * 2.0, -1), ops.reshape(a @ b, -1)])
    executor = Program(graph, {"flat": flat}).bind(1, ["a", "b"], numpy_backend())
    assert [call for call in executor._calls if call.function is np.copyto] == []


def test_a_concatenation_is_made_in_the_input_that_it_updates():
    graph = Graph("float64")
    a, b = graph.input("a", (3, 2)), graph.input("b", (3, 4))
    graph.input("held", (3, 6))
    parts = ops.concatenate([a * 2.0, b + 1.0], 1)
    executor = Program(graph, {"sum": ops.sum(parts)}, {"held": parts}).bind(
        2, ["a", "b", "held"], numpy_backend()
    )
    executor.inputs["a"][...], executor.inputs["b"][...] = 1.0, 2.0
    executor.run()
    assert executor.inputs["held"].tolist() == 2 * [3 * [[2.0, 2.0, 3.0, 3.0, 3.0, 3.0]]]
    assert [call.function for call in executor.sequence] == [np.multiply, np.add, np.add.reduce]


def test_a_concatenation_waits_where_the_old_value_is_still_read():
    graph = Graph("float64")
    a, held = graph.input("a", (2,)), graph.input("held", (4,))
    parts = ops.concatenate([a * 2.0, a + 1.0])
    program = Program(graph, {"old": ops.sum(held) * ops.sum(parts[:2])}, {"held": parts})
    executor = program.bind(1, ["a", "held"], numpy_backend())
    executor.inputs["a"][...], executor.inputs["held"][...] = 1.0, 5.0
    executor.run()
    assert executor.outputs["old"].tolist() == [80.0]
    assert executor.inputs["held"].tolist() == [[2.0, 2.0, 2.0, 2.0]]


def test_a_sigmoid_of_a_slice_copies_nothing():
    graph = Graph("float32")
    x = graph.input("x", (3, 8))
    executor = Program(graph, {"y": ops.sigmoid(x[:, 2:5])}).bind(2, ["x"], numpy_backend())
    assert [call.function for call in executor.sequence] == [np.negative, np.exp, np.add, np.reciprocal]


OPERATIONS = [
    lambda a, b: a + b,
    lambda a, b: a * ops.tanh(b),
    lambda a, b: ops.where(a > b, a, b * 0.5),
    lambda a, b: ops.maximum(a, -b),
    lambda a, b: ops.transpose(a) * 0.5 + b if a.shape[0] == a.shape[1] else a,
    lambda a, b: ops.flip(a, 0) + ops.mean(b),
    lambda a, b: ops.concatenate([a[1:], b[:1]], 0),
    lambda a, b: a @ ops.transpose(b) @ b,
    lambda a, b: ops.reshape(ops.transpose(a), b.shape) - b,
    lambda a, b: ops.softmax(a) + ops.sum(b, 0, keepdims=True),
]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(OPERATIONS) - 1), st.integers(0, 99), st.integers(0, 99)), max_size=12
    ),
    st.sampled_from([(2, 2), (3, 2), (3, 3)]),
)
def test_any_graph_computes_what_eager_numpy_computes(plan, shape):
    rng = np.random.default_rng(5)
    arrays = [rng.normal(size=shape), rng.normal(size=shape)]
    graph = Graph("float64")
    tensors = [graph.input("x0", shape), graph.input("x1", shape)]
    for operation, i, j in plan:
        tensors.append(OPERATIONS[operation](tensors[i % len(tensors)], tensors[j % len(tensors)]))
        arrays.append(OPERATIONS[operation](arrays[i % len(arrays)], arrays[j % len(arrays)]))
    program = Program(graph, {"last": tensors[-1], "middle": tensors[len(tensors) // 2]})
    executor = program.bind(2, [name for name in ("x0", "x1") if name in program.inputs], numpy_backend())
    for name, array in zip(("x0", "x1"), arrays, strict=False):
        if name in executor.inputs:
            executor.inputs[name][...] = np.stack([array, array * 0.0])
    executor.run()
    np.testing.assert_allclose(executor.outputs["last"][0], arrays[-1], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(
        executor.outputs["middle"][0], arrays[len(arrays) // 2], rtol=1e-10, atol=1e-12
    )


def test_equal_expressions_are_one_instruction():
    graph = Graph("float32")
    x = graph.input("x", (3,))
    assert (x * 2.0 + 1.0) is (x * 2.0 + 1.0)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda a, b: a + b, r"add: shapes \(2, 3\) and \(3, 2\) do not broadcast"),
        (lambda a, b: a @ a, r"matmul: shapes \(2, 3\) and \(2, 3\) do not fit"),
        (lambda a, b: ops.reshape(a, (4, 2)), r"reshape: \(2, 3\) does not hold the elements of \(4, 2\)"),
        (lambda a, b: ops.sum(a, 2), "axis 2 is outside of a shape of 2 axes"),
        (lambda a, b: a[5], "5 is outside of an axis of 2"),
        (lambda a, b: ops.windows(a, (3, 3)), "a window of 3 does not fit into axis -2"),
        (lambda a, b: ops.concatenate([a, b], 0), "differ outside of axis"),
        (lambda a, b: ops.take(a, b), "they must be integers"),
    ],
)
def test_shapes_that_do_not_fit_are_named_while_tracing(function, message):
    graph = Graph("float32")
    with pytest.raises(ShapeError, match=message):
        function(graph.input("a", (2, 3)), graph.input("b", (3, 2)))


def test_a_branch_on_a_value_is_refused_with_the_way_out():
    x = Graph("float32").input("x", ())
    with pytest.raises(TypeError, match=r"cannot branch on a tensor's value: use ops\.where"):
        bool(x > 0)


def test_an_unknown_activation_lists_what_there_is():
    with pytest.raises(OptionError, match=r"'rellu' is not one of elu, gelu.*did you mean 'relu'"):
        ops.activation("rellu")


def test_two_float_types_do_not_mix():
    graph = Graph("float32")
    with pytest.raises(ShapeError, match="float32 and float64 do not mix"):
        graph.input("a", ()) + graph.input("b", (), "float64")


def test_a_scan_body_must_keep_its_carry_and_draw_nothing():
    graph = Graph("float32")
    xs = graph.input("xs", (3, 2))
    with pytest.raises(ShapeError, match="they must stay alike"):
        ops.scan(lambda c, x: (ops.concatenate([c, x]), x), graph.input("c", (2,)), xs)
    with pytest.raises(ShapeError, match="draw them outside"):
        ops.scan(lambda c, x: (c + x.graph.random("normal", (2,), ("n",)), x), graph.input("d", (2,)), xs)


def test_a_scan_of_784_steps_has_as_many_instructions_as_one_of_3():
    def count(length):
        graph = Graph("float32")
        w = graph.input("w", (4, 4))
        last, _ = ops.scan(
            lambda h, x: (ops.tanh(h @ w + x), None),
            graph.input("h", (2, 4)),
            graph.input("x", (length, 2, 4)),
        )
        return len(Program(graph, {"g": gradient(ops.sum(last), [w])[0]}).instructions)

    assert count(784) == count(3)
