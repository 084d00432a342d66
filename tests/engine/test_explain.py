"""Explaining plans: what an instruction reads, writes and computes, where its result lies."""

from __future__ import annotations

import json

import numpy as np
import pytest
from graphs import CASES, trace

from pipeline.engine import Graph, Program, numba_kernels, numpy_backend, ops
from pipeline.engine.explain import explain, explained, matrix_form
from pipeline.engine.passes import PLAIN
from pipeline.engine.plan_table import count, size


def rows(outputs, members=1, batched=(), passes=PLAIN, updates=None):
    graph = next(iter(outputs.values())).graph
    program = Program(graph, outputs, updates)
    return program.bind(members, batched, numpy_backend(), passes).explain().rows


def inputs(*shapes):
    graph = Graph("float32")
    return [graph.input(f"x{i}", shape) for i, shape in enumerate(shapes)]


def test_a_product_counts_its_flops_and_the_bytes_of_its_arrays():
    a, b = inputs((3, 4), (4, 5))
    (row,) = rows({"y": a @ b}, members=2, batched=["x0"])
    assert (row.operation, row.reads, row.makes, row.members) == ("matmul", ((3, 4), (4, 5)), ((3, 5),), 2)
    assert row.flops == 2 * 2 * 3 * 4 * 5
    assert row.bytes_read == 4 * (2 * 12 + 20)
    assert row.bytes_written == 4 * 2 * 15


def test_a_view_costs_nothing_and_a_copy_says_why_it_is_one():
    (x,) = inputs((3, 4))
    view, product = rows({"y": ops.transpose(x) * 2.0})
    assert (view.operation, view.calls, view.bytes_read, view.flops, view.placed) == (
        "transpose",
        0,
        0,
        0,
        ("view",),
    )
    assert product.bytes_read == 4 * (12 + 1)
    copy = rows({"y": ops.reshape(ops.transpose(x), (12,))})[1]
    assert (copy.calls, copy.bytes_written) == (1, 48)
    assert copy.note == "copied: the operand does not lie in order"


def test_a_stretched_operand_is_read_once():
    (x,) = inputs((3, 1))
    row = rows({"y": ops.exp(ops.broadcast_to(x, (3, 100)))})[1]
    assert (row.bytes_read, row.bytes_written) == (12, 1200)


def test_rows_say_where_results_lie():
    w, g = inputs((4,), (4,))
    doubled = ops.exp(g * 2.0)
    placed = {
        row.operation: row.placed
        for row in rows({"y": ops.concatenate([doubled, ops.sin(w)])}, updates={"x0": w - doubled})
        if row.calls
    }
    assert placed == {"multiply": ("new",), "exp": ("joined",), "sin": ("joined",), "subtract": ("update",)}
    chain = rows({"y": ops.sum(ops.exp(ops.tanh(g) + 1.0))})
    assert [row.placed for row in chain if row.calls] == [
        ("new",),
        ("over operand",),
        ("over operand",),
        ("new",),
    ]


def test_an_update_that_must_wait_is_a_copy():
    a, b = inputs((2,), (2,))
    swap = rows({"sum": a + b}, updates={"x0": b * 1.0, "x1": a * 1.0})
    assert swap[-1].operation == "copy"
    assert swap[-1].bytes_written == 8


def test_a_recurrence_counts_every_step():
    xs, h = inputs((7, 2), (2,))
    last, _ = ops.scan(lambda h, x: (ops.tanh(h) + x, None), h, xs)
    scan = next(row for row in rows({"y": last}) if row.operation == "scan")
    assert scan.flops == 7 * 2 * 2
    assert scan.note == "7 steps of 2 instructions (tanh, add)"


@pytest.mark.skipif(not numba_kernels.available(), reason="numba is not installed")
def test_a_comparison_shows_the_plan_before_and_after_passes():
    x, b = inputs((64, 100), (100,))
    program = Program(x.graph, {"y": ops.sum(ops.relu(x * 1.0 + b), 0)})
    compared = explain(program, 4, ["x0", "x1"], numpy_backend())
    before = [row.operation for row in compared.before.rows if row.calls]
    after = [row for row in compared.after.rows if row.calls]
    assert before == ["multiply", "add", "relu", "sum"]
    assert [row.operation for row in after] == ["rows(add relu column_sum)"]
    assert after[0].flops == 4 * 3 * 6400
    assert compared.after.calls == 1 < compared.before.calls
    assert compared.after.bytes_written < compared.before.bytes_written / 10
    json.dumps(compared.to_json())


def test_a_recurrence_counts_what_a_step_runs():
    x, h, w = inputs((7, 3, 4), (3, 4), (4, 4))

    def step(h, x):
        unused = ops.exp(x)
        h = ops.tanh(h @ w + ops.transpose(ops.transpose(x)))
        return h, (h, unused)

    _, (states, _) = ops.scan(step, h, x)
    (row,) = [row for row in rows({"y": states}) if row.operation == "scan"]
    assert row.note == "7 steps of 4 instructions (matmul, add, tanh, copy)"
    assert row.flops == 7 * (2 * 3 * 4 * 4 + 12 + 12)


def test_a_table_lists_calls_counts_views_and_ends_with_totals():
    a, b = inputs((3, 4), (3, 5))
    program = Program(a.graph, {"y": ops.transpose(a) @ b})
    executor = program.bind(16, ["x0", "x1"], numpy_backend())
    head, product, totals = str(explained(executor)).splitlines()
    assert head.split() == "operation reads makes members read written flops calls results".split()
    assert product.split() == (
        "matmul 4x3 3x5 4x5 16 1.7 KiB 1.2 KiB 1.9 k 1 new A transposed, B plain".split()
    )
    work = "1 calls, 1 views; 1.7 KiB read, 1.2 KiB written, 1.9 kflop"
    assert totals == f"{work}; {size(executor.bytes)} of memory"


def test_sizes_and_counts_have_the_unit_that_fits():
    sizes = [size(n) for n in (0, 1023, 1536, 3 << 20, 5 << 40)]
    assert sizes == ["0 B", "1023 B", "1.5 KiB", "3.0 MiB", "5120.0 GiB"]
    counts = [count(n).strip() for n in (7, 1500, 2_500_000, 3e9, 4e15)]
    assert counts == ["7", "1.5 k", "2.5 M", "3.0 G", "4000.0 T"]


FORMS = {
    "plain": lambda a: a,
    "transposed": lambda a: a.swapaxes(-1, -2),
    "loop": lambda a: a[..., ::2],
}


@pytest.mark.parametrize("form", FORMS)
def test_the_form_of_an_operand_is_what_blas_is_told(form):
    assert matrix_form(FORMS[form](np.zeros((2, 4, 6), "float32"))) == form


@pytest.mark.parametrize("name", [name for name in CASES if "matmul" in name or "recurrence" in name])
def test_a_transposed_operand_of_a_product_is_a_view_that_blas_takes(name):
    program = trace(CASES[name], "float32")
    executor = program.bind(2, program.inputs.keys(), numpy_backend())
    for bound in executor.bound:
        if bound.instruction.primitive.name == "transpose":
            assert np.shares_memory(bound.ins[0], bound.outs[0])
        if bound.instruction.primitive.name == "matmul":
            assert bound.calls == 1, "no operand is copied"
