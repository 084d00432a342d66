"""Recurrences: what a gradient keeps and recomputes, what is left out, where steps read and write."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import CASES, trace
from runs import run, run_members

from pipeline.engine import Graph, Program, gradient, numpy_backend, ops, recurrence
from pipeline.engine.relocation import NotMovable

STEPS, BATCH, UNITS = 7, 3, 4
RNG = np.random.default_rng(0)
X, H, W = RNG.normal(size=(STEPS, BATCH, UNITS)), RNG.normal(size=(BATCH, UNITS)), RNG.normal(size=(4, 4))


def recurrent(x, h, w, **options):
    def body(h, x):
        h = ops.tanh(h @ w + x)
        return h, h * x

    return ops.scan(body, h, x, **options)


def training(steps=STEPS, wrt=("x", "h", "w"), **options):
    graph = Graph("float64")
    shapes = {"x": (steps, BATCH, UNITS), "h": (BATCH, UNITS), "w": (UNITS, UNITS)}
    names = {letter: graph.input(f"x{i}", shape) for i, (letter, shape) in enumerate(shapes.items())}
    last, ys = recurrent(**names, **options)
    loss = ops.sum(ops.sin(last)) + ops.sum(ys * ys)
    slopes = gradient(loss, [names[letter] for letter in wrt])
    return Program(graph, {"loss": loss, **dict(zip(wrt, slopes, strict=True))})


def recurrences(program):
    return [one for one in program.instructions if one.primitive.name == "scan"]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("checkpoint", [1, 2, 3, STEPS, 50])
def test_recomputed_steps_have_the_gradients_of_kept_ones(checkpoint, reverse):
    kept = run(training(reverse=reverse), [X, H, W])
    recomputed = run(training(reverse=reverse, checkpoint=checkpoint), [X, H, W])
    for name, value in kept.items():
        np.testing.assert_allclose(recomputed[name], value, rtol=1e-12, atol=1e-14, err_msg=name)


def test_checkpoints_take_less_memory():
    def memory(**options):
        return training(steps=64, **options).bind(1, (), numpy_backend()).bytes

    every, some, kept = memory(checkpoint=1), memory(checkpoint=8), memory()
    assert some < every < kept


def test_with_checkpoints_only_carries_are_kept():
    def stacked(**options):
        graph = Graph("float64")
        x, w = graph.input("x0", X.shape), graph.input("x1", W.shape)
        last, _ = ops.scan(lambda h, x: (ops.tanh(ops.exp(h @ w) + x), None), H, x, **options)
        return len(recurrences(Program(graph, {"g": gradient(ops.sum(last), [w])[0]}))[0].outputs) - 1

    assert stacked(checkpoint=1) == 1
    assert stacked() == 3  # the carry, exp, tanh


def test_a_weights_gradient_is_one_product_over_all_steps():
    products = [one.outputs[0].shape for one in training(wrt=["w"]).instructions]
    assert (UNITS, UNITS) in products
    (backward,) = recurrences(training(wrt=["w"]))[1:]
    assert backward.params["body"].terms == ()


def test_without_a_gradient_nothing_is_stacked_but_what_is_asked_for():
    graph = Graph("float64")
    last, _ = recurrent(graph.input("x0", X.shape), graph.input("x1", H.shape), graph.input("x2", W.shape))
    (forward,) = recurrences(Program(graph, {"last": last}))
    assert [x.shape for x in forward.outputs] == [(BATCH, UNITS)]


def test_the_gradient_of_a_sequence_that_nobody_asks_for_is_not_computed():
    def stacked(program):
        return sum(x.ndim == 3 for x in recurrences(program)[1].outputs)

    graph = Graph("float64")
    x, w = graph.input("x0", X.shape), graph.input("x1", W.shape)
    last, _ = ops.scan(lambda h, x: (ops.tanh(h + x @ w), None), np.zeros((BATCH, UNITS)), x)
    by_w, by_x = gradient(ops.sum(last), [w, x])
    assert stacked(Program(graph, {"w": by_w})) == 1
    assert stacked(Program(graph, {"w": by_w, "x": by_x})) == 2


def test_a_carry_that_only_itself_reads_is_left_out():
    graph = Graph("float64")
    x = graph.input("x0", X.shape)
    (used, _), _ = ops.scan(lambda c, x: ((c[0] + x, c[1] * x), None), (H, H), x)
    (forward,) = recurrences(Program(graph, {"used": used}))
    assert len(forward.params["body"].carries) == 1
    np.testing.assert_allclose(run(Program(graph, {"used": used}), [X])["used"], H + X.sum(0))


def test_a_gradient_taken_twice_keeps_each_value_once():
    graph = Graph("float64")
    x, w = graph.input("x0", X.shape), graph.input("x1", W.shape)
    last, _ = recurrent(x, H, w)
    gradient(ops.sum(last), [w])
    outputs = len(last.source.outputs)
    gradient(ops.sum(last * last), [w])
    assert len(last.source.outputs) == outputs


@pytest.mark.parametrize("name", [name for name in CASES if "recurrence" in name])
def test_steps_in_place_have_the_bits_of_steps_on_copies(name, monkeypatch):
    case = CASES[name]
    program = trace(case)
    arguments = [np.stack([a, 0.5 * a, -a]) for a in case.arguments]
    in_place = run_members(program, arguments)

    def refuse(place):
        raise NotMovable

    monkeypatch.setattr(recurrence, "_in_place", refuse)
    copied = run_members(program, arguments)
    assert all(in_place[name].tobytes() == copied[name].tobytes() for name in copied)


def test_every_catalogue_recurrence_runs_in_place(monkeypatch):
    def refuse(place):
        raise AssertionError("a recurrence that copies")

    monkeypatch.setattr(recurrence, "_by_copies", refuse)
    for name in [name for name in CASES if "recurrence" in name]:
        run(trace(CASES[name]), CASES[name].arguments)


VIEWS = {
    "plain": (lambda x: x, X),
    "batch first": (lambda x: ops.swapaxes(x, 0, 1), np.swapaxes(X, 0, 1).copy()),
    "backwards": (lambda x: ops.flip(x, 0), X[::-1].copy()),
    "every other": (lambda x: x[::2], np.repeat(X, 2, axis=0)),
    "the same": (lambda x: ops.broadcast_to(x, X.shape), X[:1].copy()),
}


@pytest.mark.parametrize("members", [None, 2])
@pytest.mark.parametrize("name", VIEWS)
def test_sequences_may_be_views(name, members):
    view, array = VIEWS[name]
    graph = Graph("float64")
    x = graph.input("x0", array.shape)
    last, ys = recurrent(view(x), H, W)
    (g,) = gradient(ops.sum(ys * ys) + ops.sum(last), [x])
    program = Program(graph, {"last": last, "ys": ys, "g": g})
    found = run(program, [array]) if members is None else run_members(program, [np.stack([array] * 2)])
    sequence = view(array)
    last, ys = recurrent(sequence, H, W)
    np.testing.assert_allclose(found["last"] - last, 0.0, atol=1e-14)
    np.testing.assert_allclose(found["ys"] - ys, 0.0, atol=1e-14)


def test_a_sequence_that_is_also_read_whole_is_not_moved():
    graph = Graph("float64")
    x = graph.input("x0", (4, 4))
    last, _ = ops.scan(lambda h, row: (ops.tanh(h @ x) + row, None), np.zeros(4), x)
    value = RNG.normal(size=(4, 4))
    h = np.zeros(4)
    for row in value:
        h = np.tanh(h @ value) + row
    np.testing.assert_allclose(run(Program(graph, {"last": last}), [value])["last"], h, rtol=1e-12)


def test_a_sequence_of_numbers_may_meet_weights_that_are_traced():
    graph = Graph("float64")
    w = graph.input("x0", (2,))
    last, ys = ops.scan(lambda h, x: (h * w + x, h), np.ones(2), np.arange(3.0))
    assert len(recurrences(Program(graph, {"last": last, "ys": ys}))) == 1
    value = np.array([0.5, 2.0])
    expected = ((value + 0.0) * value + 1.0) * value + 2.0
    np.testing.assert_allclose(run(Program(graph, {"last": last}), [value])["last"], expected)


def test_a_scan_of_784_steps_trains_with_calls_for_a_step_each():
    program = training(steps=784, wrt=["w"])
    executor = program.bind(1, (), numpy_backend())
    executor.inputs["x0"][...] = 0.1
    executor.inputs["x2"][...] = 0.01
    executor.run()
    assert np.isfinite(executor.outputs["w"]).all()
    assert len(program.instructions) == len(training(steps=3, wrt=["w"]).instructions)
