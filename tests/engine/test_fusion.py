"""Fused kernels give the bits of the calls that they replace, however operands lie."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest
from graphs import CASES, trace

from pipeline.engine import Graph, Program, exponential, gradient, numba_kernels, numpy_backend, ops
from pipeline.engine.dispatch import apply
from pipeline.engine.fusion import FUSABLE
from pipeline.engine.passes import ALL, PASSES, PLAIN, chains, reductions
from pipeline.engine.passes.plan import Plan

pytestmark = pytest.mark.skipif(not numba_kernels.available(), reason="numba is not installed")
MEMBERS = 3


@pytest.fixture(autouse=True)
def any_size(monkeypatch):
    monkeypatch.setattr(chains, "LEAST_ELEMENTS", MEMBERS + 1)
    monkeypatch.setattr(reductions, "LEAST_ELEMENTS", MEMBERS + 1)


def run(program, values, batched, passes, members=MEMBERS):
    """Return the outputs and updated inputs of one run, and how many kernels the plan has."""
    names = [name for name in batched if name in program.inputs]
    executor = program.bind(members, names, numpy_backend(), passes)
    for name, value in values.items():
        if name in executor.inputs:
            executor.inputs[name][...] = value
    executor.run()
    kernels = sum("steps" in one.params for one in executor.plan.instructions)
    state = {name: executor.inputs[name].copy() for name in program.updates}
    return {name: array.copy() for name, array in executor.outputs.items()} | state, kernels


def assert_same_bits(found, expected):
    assert [name for name in expected if _bits(found[name]) != _bits(expected[name])] == []


def _bits(array):
    """Return the bits of an array; of NaN, which has many, the same ones."""
    return (np.where(np.isnan(array), np.nan, array) if array.dtype.kind == "f" else array).tobytes()


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


# Chains


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
    plain, none = run(program, values, ["w", "m", "v", "g", "lr"], ())
    fused, one = run(program, values, ["w", "m", "v", "g", "lr"], ALL)
    assert (none, one) == (0, 1)
    assert_same_bits(fused, plain)


def test_numbers_that_only_a_kernel_reads_are_computed_in_it():
    executor = adam("float32", 37).bind(MEMBERS, ["w", "m", "v", "g", "lr"], numpy_backend(), ALL)
    called = [bound.instruction.primitive.name for bound in executor.bound if bound.calls]
    assert called == ["power", "power", "fused"]  # 1 - 0.9**t is in the kernel; 0.9**t is NumPy's to round


LAYOUTS = {
    "row": lambda x, a: x + a[0],
    "column": lambda x, a: x * a[:, :1],
    "transposed": lambda x, a: x - ops.transpose(ops.reshape(a, (5, 4))),
    "slice": lambda x, a: x / a[::-1],
    "scalar": lambda x, a: x * a[0, 0],
    "stretched": lambda x, a: x + ops.broadcast_to(a[:1], (4, 5)),
    "columns": lambda x, a: x[:, :2] + a[:, 3:],
    "every other row": lambda x, a: x[::2] + a[::2],
    "a column of columns": lambda x, a: x[:, :3] * a[:, 2:3],
}


@pytest.mark.parametrize(("layout", "shared"), [*((one, False) for one in LAYOUTS), ("row", True)])
def test_an_operand_of_any_layout_gives_the_same_bits(layout, shared):
    graph = Graph("float32")
    x, a = graph.input("x", (4, 5)), graph.input("a", (4, 5))
    y = LAYOUTS[layout](x, a)
    program = Program(graph, {"y": ops.square(y) * 2.0 + y, "next": y * 3.0 + y})
    values = {"x": normal(1, MEMBERS, 4, 5), "a": normal(2, *(() if shared else (MEMBERS,)), 4, 5)}
    batched = ["x"] if shared else ["x", "a"]
    fused, kernels = run(program, values, batched, ALL)
    assert kernels == 1
    assert_same_bits(fused, run(program, values, batched, ())[0])


def test_rows_that_lie_apart_are_walked_where_they_are():
    graph = Graph("float32")
    x, y = graph.input("x", (4, 6)), graph.input("y", (4, 6))
    parts = [x[:, :3] * 2.0 - y[:, 3:], ops.square(x[:, 3:]) + y[:, :3]]
    program = Program(graph, {"z": ops.concatenate(parts, 1)})
    values = {"x": normal(1, MEMBERS, 4, 6), "y": normal(2, MEMBERS, 4, 6)}
    executor = program.bind(MEMBERS, list(values), numpy_backend(), ALL)
    assert executor.calls == 1  # one kernel reads all slices and writes both parts: nothing is copied
    assert_same_bits(run(program, values, list(values), ALL)[0], run(program, values, list(values), ())[0])


def test_what_is_exact_of_a_sigmoid_joins_its_neighbours():
    graph = Graph("float32")
    x, y = graph.input("x", (4, 6)), graph.input("y", (4, 6))
    program = Program(graph, {"z": ops.sigmoid(x + y) * y})
    executor = program.bind(MEMBERS, ["x", "y"], numpy_backend(), ALL)
    called = [row.operation for row in executor.explain().rows if row.calls]
    assert called == ["fused(add negative exp add reciprocal multiply)"]
    values = {"x": normal(1, MEMBERS, 4, 6) * 60, "y": normal(2, MEMBERS, 4, 6)}
    assert_same_bits(run(program, values, ["x", "y"], ALL)[0], run(program, values, ["x", "y"], ())[0])


def test_a_shared_operand_with_as_many_rows_as_members_is_not_taken_for_theirs():
    graph = Graph("float32")
    x, a = graph.input("x", (MEMBERS, 5)), graph.input("a", (MEMBERS, 5))
    program = Program(graph, {"y": ops.square(x + a) * 2.0 + (x + a), "next": (x + a) * 3.0 + (x + a)})
    values = {"x": normal(1, MEMBERS, MEMBERS, 5), "a": normal(2, MEMBERS, 5)}
    assert_same_bits(run(program, values, ["x"], ALL)[0], run(program, values, ["x"], ())[0])


def test_a_result_with_its_place_among_columns_is_put_there():
    graph = Graph("float32")
    a, b = graph.input("a", (3, 4)), graph.input("b", (3, 2))
    program = Program(graph, {"both": ops.concatenate([a * 2.0 + 1.0, b * 2.0 + 1.0], 1)})
    values = {"a": normal(1, MEMBERS, 3, 4), "b": normal(2, MEMBERS, 3, 2)}
    fused, kernels = run(program, values, ["a", "b"], ALL)
    assert kernels == 2
    assert_same_bits(fused, run(program, values, ["a", "b"], ())[0])


def test_small_results_are_left_alone(monkeypatch):
    monkeypatch.setattr(chains, "LEAST_ELEMENTS", 1000)
    values = dict.fromkeys("wmvg", 1.0) | {"lr": 1.0, "t": 1.0}
    assert run(adam("float32", 37), values, list("wmvg"), ALL)[1] == 0


def gated(steps, batch, units):
    """Return the loss and gradient of a recurrence whose gates are columns of one product."""
    graph = Graph("float32")
    x = graph.input("x", (steps, batch, 3 * units))
    h, w = graph.input("h", (batch, units)), graph.input("w", (units, 3 * units))

    def step(h, x):
        own = h @ w
        a, b, c = (x[:, k * units : (k + 1) * units] + own[:, k * units : (k + 1) * units] for k in range(3))
        return ops.sigmoid(a) * h + ops.sigmoid(b) * ops.tanh(c), None

    last, _ = ops.scan(step, h, x)
    loss = ops.sum(ops.square(last))
    return Program(graph, dict(zip(("loss", "x", "w"), (loss, *gradient(loss, [x, w])), strict=True)))


def test_a_step_of_a_gated_recurrence_copies_no_gate():
    program = gated(5, 4, 8)
    values = {name: normal(i, MEMBERS, *x.shape) for i, (name, x) in enumerate(program.inputs.items())}
    executor = program.bind(MEMBERS, list(values), numpy_backend(), ALL)
    recurrences = [bound.inner[0] for bound in executor.bound if bound.inner]
    assert len(recurrences) == 2
    copies = [call for step in recurrences for call in step.sequence if call.function is np.copyto]
    assert copies == []
    assert_same_bits(run(program, values, list(values), ALL)[0], run(program, values, list(values), ())[0])


# Special values

SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.5, -2.5, 1e-42, np.inf, -np.inf, np.nan]
UNARY = "negative square sqrt reciprocal abs sign relu".split()
BINARY = (
    "add subtract multiply divide maximum minimum equal not_equal less less_equal greater greater_equal"
).split()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_operation_treats_zeros_infinities_and_nan_as_numpy_does(dtype):
    graph = Graph(dtype)
    x, y = graph.input("x", (10, 10)), graph.input("y", (10, 10))
    mask, other = x > y, x != y
    outputs = {name: getattr(ops, name)(x) for name in UNARY}
    outputs |= {name: getattr(ops, name)(x, y) for name in BINARY}
    outputs |= {"where": ops.where(mask, x, y), "cast": ops.cast(mask, dtype), "not": ~mask}
    outputs |= {"and": mask & other, "or": mask | other, "gate": apply("gate", [x, y])}
    program = Program(graph, outputs)
    assert {one.primitive.name for one in program.instructions} == FUSABLE
    values = dict(zip("xy", np.meshgrid(SPECIAL, SPECIAL), strict=True))
    fused, kernels = run(program, values, ["x", "y"], ["chains"])
    assert kernels == 1
    assert_same_bits(fused, run(program, values, ["x", "y"], ())[0])


def test_a_kernels_exponential_has_numpys_bits():
    if not exponential.as_numpy():
        pytest.skip("NumPy computes e^x in another way here")
    rng = np.random.default_rng(0)
    x = [rng.uniform(-110, 95, 1 << 16), rng.normal(size=1 << 16), np.float64([*SPECIAL, 88.7228394, -103.9])]
    any_bits = rng.integers(0, 1 << 32, 1 << 18, dtype=np.uint32).view(np.float32)
    values = {"x": np.concatenate([*x, any_bits[np.isfinite(any_bits)]])[None].astype(np.float32)}
    graph = Graph("float32")
    y = ops.exp(graph.input("x", values["x"].shape[1:]))
    program = Program(graph, {"y": y * 1.5 + y})
    fused, kernels = run(program, values, ["x"], ALL, members=1)
    assert kernels == 1
    assert_same_bits(fused, run(program, values, ["x"], (), members=1)[0])


def test_an_exponential_that_a_kernel_would_round_otherwise_stays_a_call(monkeypatch):
    monkeypatch.setattr(exponential, "as_numpy", lambda: False)
    graph = Graph("float32")
    y = ops.exp(graph.input("x", (8,)))
    executor = Program(graph, {"y": y * 1.5 + y}).bind(MEMBERS, ["x"], numpy_backend(), ALL)
    assert [row.operation for row in executor.explain().rows] == ["exp", "fused(multiply add)"]


# Reductions


def extremes(dtype, width):
    graph = Graph(dtype)
    x = graph.input("x", (4, width))
    y = x - ops.max(x, -1, keepdims=True)
    return Program(graph, {"y": y / ops.sum(y, -1, keepdims=True), "low": ops.min(x, -1)})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sums_and_extremes_along_rows_of_any_length_keep_numpys_order(dtype):
    for width in [2, 3, 7, 8, 9, 15, 16, 17, 63, 64, 127, 128]:
        values = {"x": normal(width, MEMBERS, 4, width)}
        fused, kernels = run(extremes(dtype, width), values, ["x"], ALL)
        assert kernels == 1
        assert_same_bits(fused, run(extremes(dtype, width), values, ["x"], ())[0])


def test_rows_that_numpy_adds_in_several_blocks_are_left_to_it():
    plan = Plan.of(extremes("float32", 129), MEMBERS, ["x"])
    assert PASSES["reductions"](plan).instructions == plan.instructions


@pytest.mark.parametrize("zeros", [(0.0, -0.0), (-0.0, 0.0), (np.nan, 1.0), (-np.inf, -np.inf)])
def test_extremes_of_zeros_infinities_and_nan_are_those_of_numpy(zeros):
    program, values = extremes("float32", 20), {"x": np.resize(zeros, (MEMBERS, 4, 20))}
    plain, _ = run(program, values, ["x"], ())
    assert_same_bits(run(program, values, ["x"], ALL)[0], plain)
    assert not np.signbit(plain["low"][plain["low"] == 0]).any(), "the order of two zeros does not matter"


def columns(rows, width):
    graph = Graph("float32")
    g, y = graph.input("g", (rows, width)), graph.input("y", (rows, width))
    masked = g * 2.0 - y
    return Program(graph, {"masked": masked, "sum": ops.sum(masked, 0)})


@pytest.mark.parametrize("members", [1, MEMBERS])
def test_sums_of_columns_keep_numpys_order(members):
    for rows, width in [(2, 2), (5, 1), (1, 5), (9, 3), (64, 33), (300, 10)]:
        program = columns(rows, width)
        values = {name: normal(rows, members, rows, width) for name in "gy"}
        fused, _ = run(program, values, ["g", "y"], ALL, members)
        assert_same_bits(fused, run(program, values, ["g", "y"], (), members)[0])


def test_a_sum_of_columns_is_not_read_before_the_last_row():
    graph = Graph("float32")
    x = graph.input("x", (6, 5))
    centred = x - ops.sum(x * 0.5, 0, keepdims=True)
    program = Program(graph, {"y": ops.square(centred) * 2.0, "z": ops.sum(x * x, -1)})
    values = {"x": normal(4, MEMBERS, 6, 5)}
    assert_same_bits(run(program, values, ["x"], ALL)[0], run(program, values, ["x"], ())[0])


def test_sums_of_negative_zeros_begin_where_numpys_do():
    values = {"g": np.full((MEMBERS, 4, 5), -0.0), "y": np.zeros((MEMBERS, 4, 5))}
    program = columns(4, 5)
    assert_same_bits(run(program, values, ["g", "y"], ALL)[0], run(program, values, ["g", "y"], ())[0])


# A whole step


def classifier():
    """A hidden layer, softmax, cross-entropy, and the gradients by all parameters."""
    graph = Graph("float32")
    x, t = graph.input("x", (6, 8)), graph.input("t", (6,), "int64")
    w, b = graph.input("w", (8, 5)), graph.input("b", (5,))
    v, c = graph.input("v", (5, 4)), graph.input("c", (4,))
    log_p = ops.log_softmax(ops.relu(x @ w + b) @ v + c)
    loss = -ops.mean(ops.sum(ops.one_hot(t, 4) * log_p, -1))
    gradients = gradient(loss, [w, b, v, c])
    outputs = {"loss": loss, **{f"g{i}": g for i, g in enumerate(gradients)}}
    values = {name: normal(5, MEMBERS, *tensor.shape) for name, tensor in graph.inputs.items()}
    values["t"] = np.random.default_rng(6).integers(4, size=(MEMBERS, 6))
    return Program(graph, outputs), values


def test_every_subset_of_the_passes_keeps_every_bit_of_a_step():
    program, values = classifier()
    plain, _ = run(program, values, list(values), ())
    for passes in [names for n in range(1, len(ALL) + 1) for names in combinations(ALL, n)]:
        assert_same_bits(run(program, values, list(values), passes)[0], plain)


def test_a_member_of_a_fused_cohort_has_the_bits_it_has_alone_without_kernels():
    program, values = classifier()
    together, _ = run(program, values, list(values), ALL)
    for member in range(MEMBERS):
        own = {name: value[member : member + 1] for name, value in values.items()}
        alone, kernels = run(program, own, list(values), PLAIN, members=1)
        assert kernels == 0
        assert_same_bits({k: together[k][member] for k in alone}, {k: alone[k][0] for k in alone})


def test_biases_activations_losses_and_their_gradients_are_kernels():
    program, values = classifier()
    executor = program.bind(MEMBERS, list(values), numpy_backend(), ALL)
    fused = [
        "+".join(step.name for step in one.params["steps"])
        for one in executor.plan.instructions
        if "steps" in one.params
    ]
    softmax = ["add+max+subtract+exp+sum"] if exponential.as_numpy() else ["add+max+subtract", "sum"]
    assert fused[: 1 + len(softmax)] == ["add+relu", *softmax]
    loss = fused[1 + len(softmax)]
    assert "equal+cast" in loss
    assert loss.endswith("add+column_sum")
    assert fused[-1] == "gate+column_sum"
    assert executor.calls < 20 < program.bind(MEMBERS, list(values), numpy_backend(), ()).calls


def interpreted(text):
    """Return a kernel as plain Python: compiling the kernels of every graph would take minutes."""
    names: dict = {}
    exec(re.sub(r"@numba\.njit\(.*\)\n", "", text), names)
    names["fma"] = lambda a, b, c: np.float32(np.float64(a) * np.float64(b) + np.float64(c))
    names["bits_of"], names["with_bits"] = lambda x: x.view(np.int32), lambda i: i.view(np.float32)
    return names["kernel"]


@pytest.mark.parametrize("zeros", [False, True], ids=["numbers", "zeros"])
@pytest.mark.parametrize("name", CASES)
def test_every_graph_keeps_every_bit_with_the_compiled_passes(name, zeros, monkeypatch):
    monkeypatch.setattr(numba_kernels, "compiled", interpreted)
    program = trace(CASES[name], "float32")
    values = {
        f"x{i}": np.stack([a * (1 + 0.1 * m) for m in range(MEMBERS)]).astype("float32")
        for i, a in enumerate(CASES[name].arguments)
    }
    for value in values.values() if zeros else ():
        value.reshape(-1)[::3], value.reshape(-1)[1::5] = 0.0, -0.0
    plain, _ = run(program, values, list(values), ())
    for passes in (*combinations(ALL[-2:], 1), ALL[-2:], (*PLAIN, ALL[-2]), (*PLAIN, ALL[-1]), ALL):
        assert_same_bits(run(program, values, list(values), passes)[0], plain)
    alone = {name: value[1:2] for name, value in values.items()}
    single, _ = run(program, alone, list(alone), ALL, members=1)
    assert_same_bits({k: v[0] for k, v in single.items()}, {k: plain[k][1] for k in single})


@pytest.mark.parametrize("name", ["plain_recurrence"])
def test_catalogue_graphs_have_the_same_bits_fused(name):
    program = trace(CASES[name], "float32")
    values = {
        f"x{i}": np.stack([a * (1 + 0.1 * m) for m in range(MEMBERS)])
        for i, a in enumerate(CASES[name].arguments)
    }
    assert_same_bits(run(program, values, list(values), ALL)[0], run(program, values, list(values), ())[0])


def test_fusing_keeps_every_instruction_once_and_in_a_possible_order():
    graph = Graph("float32")
    x = graph.input("x", (8, 4))
    (g,) = gradient(ops.sum(ops.softmax(ops.tanh(x * 2.0 + 1.0)) * x - x), [x])
    plan = Plan.of(Program(graph, {"g": g}), 1, ())
    computed = sorted(one.primitive.name for one in plan.instructions if one.primitive.role != "view")
    for name in ("reductions", "chains"):
        fused = PASSES[name](plan).instructions
        steps = [step.name for one in fused for step in one.params.get("steps", ())]
        others = [one.primitive.name for one in fused if "steps" not in one.params]
        kept = [name for name in others if name in computed]
        assert sorted([*(step.removeprefix("column_") for step in steps), *kept]) == computed
        made = {x.index} | set(graph.constants)
        for instruction in fused:
            assert {operand.index for operand in instruction.inputs} <= made
            made |= {output.index for output in instruction.outputs}


# The compiler's cache


def test_a_kernel_compiled_by_one_process_is_loaded_by_the_next(tmp_path):
    script = (
        "import numpy as np\n"
        "from pipeline.engine import Graph, Program, numpy_backend\n"
        "from pipeline.engine.passes import chains\n"
        "chains.LEAST_ELEMENTS = 1\n"
        "g = Graph('float32'); x = g.input('x', (6,))\n"
        "e = Program(g, {'y': (x + 1.0) * x - 2.0}).bind(1, (), numpy_backend(), ['chains'])\n"
        "waiting = e.to_compile\n"
        "e.inputs['x'][...] = 3.0; e.run()\n"
        "assert e.to_compile == 0\n"
        "assert e.outputs['y'].tolist() == [10.0] * 6\n"
        "kernel = next(c.function for c in e._calls if hasattr(c.function, 'stats'))\n"
        "print(waiting, sum(kernel.stats.cache_hits.values()))\n"
    )
    env = {**os.environ, "PLAIT_KERNELS": str(tmp_path)}
    found = [
        subprocess.run(
            [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert [text.split() for text in found] == [["1", "0"], ["0", "1"]]


def test_a_folder_that_cannot_be_written_only_costs_the_cache(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PLAIT_KERNELS", str(tmp_path / "file"))
    numba_kernels.compiled.cache_clear()
    graph = Graph("float32")
    x = graph.input("x", (6,))
    program = Program(graph, {"y": (x + 1.0) * x})
    found, kernels = run(program, {"x": 3.0}, ["x"], ALL)
    assert kernels == 1
    assert found["y"].tolist() == [[12.0] * 6] * MEMBERS
