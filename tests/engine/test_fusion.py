"""Fused kernels give the bits of the calls that they replace, whatever the layout of operands."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from graphs import CASES, trace

from pipeline.engine import Graph, Program, fusion, gradient, numba_kernels, numpy_backend, ops

pytestmark = pytest.mark.skipif(not numba_kernels.available(), reason="numba is not installed")
MEMBERS = 3


@pytest.fixture(autouse=True)
def any_size(monkeypatch):
    monkeypatch.setattr(fusion, "LEAST_ELEMENTS", MEMBERS + 1)
    monkeypatch.setattr(fusion, "LEAST_STEPS", 2)


def run(program, values, batched, fuse):
    executor = program.bind(
        MEMBERS, [name for name in batched if name in program.inputs], numpy_backend(), fuse
    )
    for name, value in values.items():
        if name in executor.inputs:
            executor.inputs[name][...] = value
    executor.run()
    kernels = [call for call in executor._calls if hasattr(call.function, "py_func")]
    state = {name: executor.inputs[name].copy() for name in program.updates}
    return {name: array.copy() for name, array in executor.outputs.items()} | state, len(kernels)


def adam(dtype, width):
    graph = Graph(dtype)
    w, m, v, g = (graph.input(name, (width,)) for name in "wmvg")
    lr, t = graph.input("lr", ()), graph.input("t", ())
    first = 0.9 * m + (1 - 0.9) * g
    second = 0.999 * v + (1 - 0.999) * g * g
    step = (first / (1 - 0.9**t)) / (ops.sqrt(second / (1 - 0.999**t)) + 1e-8)
    return Program(graph, {"g": g * 1.0}, {"w": w - lr * step, "m": first, "v": second})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_optimizer_is_one_kernel_with_the_same_bits(dtype):
    rng = np.random.default_rng(0)
    values = {name: rng.normal(size=(MEMBERS, 37)) for name in "wmg"} | {
        "v": rng.uniform(size=(MEMBERS, 37)),
        "lr": rng.uniform(size=MEMBERS),
        "t": 3.0,
    }
    program = adam(dtype, 37)
    plain, none = run(program, values, ["w", "m", "v", "g", "lr"], fuse=False)
    fused, one = run(program, values, ["w", "m", "v", "g", "lr"], fuse=True)
    assert (none, one) == (0, 1)
    for name, value in plain.items():
        assert fused[name].tobytes() == value.tobytes(), name


LAYOUTS = {
    "row": lambda x, a: x + a[0],
    "column": lambda x, a: x * a[:, :1],
    "transposed": lambda x, a: x - ops.transpose(ops.reshape(a, (5, 4))),
    "slice": lambda x, a: x / a[::-1],
    "scalar": lambda x, a: x * a[0, 0],
    "stretched": lambda x, a: x + ops.broadcast_to(a[:1], (4, 5)),
}


@pytest.mark.parametrize(("layout", "shared"), [*((one, False) for one in LAYOUTS), ("row", True)])
def test_an_operand_of_any_layout_gives_the_same_bits(layout, shared):
    graph = Graph("float32")
    x, a = graph.input("x", (4, 5)), graph.input("a", (4, 5))
    y = LAYOUTS[layout](x, a)
    program = Program(graph, {"y": ops.square(y) * 2.0 + y, "flat": ops.sum(y * 3.0 + y)})
    rng = np.random.default_rng(1)
    values = {
        "x": rng.normal(size=(MEMBERS, 4, 5)),
        "a": rng.normal(size=(4, 5) if shared else (MEMBERS, 4, 5)),
    }
    batched = ["x"] if shared else ["x", "a"]
    plain, _ = run(program, values, batched, fuse=False)
    fused, kernels = run(program, values, batched, fuse=True)
    assert kernels > 0
    for name, value in plain.items():
        assert fused[name].tobytes() == value.tobytes(), name


@pytest.mark.parametrize("name", ["divide", "log_softmax"])
def test_catalogue_graphs_have_the_same_bits_fused(name):
    case = CASES[name]
    program = trace(case, "float32")
    values = {
        f"x{i}": np.stack([a * (1 + 0.1 * m) for m in range(MEMBERS)]) for i, a in enumerate(case.arguments)
    }
    plain, _ = run(program, values, list(values), fuse=False)
    fused, _ = run(program, values, list(values), fuse=True)
    for output, value in plain.items():
        assert fused[output].tobytes() == value.tobytes(), output


def test_small_results_are_left_alone(monkeypatch):
    monkeypatch.setattr(fusion, "LEAST_ELEMENTS", 1000)
    _, kernels = run(
        adam("float32", 37), dict.fromkeys("wmvg", 1.0) | {"lr": 1.0, "t": 1.0}, list("wmvg"), fuse=True
    )
    assert kernels == 0


def test_fusing_keeps_every_instruction_once_and_in_a_possible_order():
    graph = Graph("float32")
    x = graph.input("x", (8,))
    y = ops.tanh(x * 2.0 + 1.0)
    (g,) = gradient(ops.sum(y * y - x), [x])
    program = Program(graph, {"g": g})
    fused = fusion.fuse(program.instructions, {g.index}, set(), 1)
    steps = sum(len(i.params["steps"]) if i.primitive.name == "fused" else 1 for i in fused)
    assert steps == len(program.instructions)
    made = {x.index} | set(graph.constants)
    for instruction in fused:
        assert {operand.index for operand in instruction.inputs} <= made
        made |= {output.index for output in instruction.outputs}


def test_a_kernel_compiled_by_one_process_is_loaded_by_the_next(tmp_path):
    script = (
        "import numpy as np\n"
        "from pipeline.engine import fusion, Graph, Program, numpy_backend\n"
        "fusion.LEAST_ELEMENTS = 1\n"
        "g = Graph('float32'); x = g.input('x', (6,))\n"
        "e = Program(g, {'y': (x + 1.0) * x - 2.0}).bind(1, (), numpy_backend(), fuse=True)\n"
        "e.inputs['x'][...] = 3.0; e.run()\n"
        "assert e.outputs['y'].tolist() == [10.0] * 6\n"
        "kernel = next(c.function for c in e._calls if hasattr(c.function, 'stats'))\n"
        "print(sum(kernel.stats.cache_hits.values()))\n"
    )
    env = {**os.environ, "PLAIT_KERNELS": str(tmp_path)}
    found = [
        subprocess.run(
            [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert [int(text) for text in found] == [0, 1]


def test_a_folder_that_cannot_be_written_only_costs_the_cache(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PLAIT_KERNELS", str(tmp_path / "file"))
    numba_kernels.compiled.cache_clear()
    _, kernels = run(
        adam("float32", 37), dict.fromkeys("wmvg", 1.0) | {"lr": 1.0, "t": 1.0}, list("wmvg"), fuse=True
    )
    assert kernels == 1
