"""Groups that run as one CUDA kernel give what the calls that they replace give, on the stand-in for CuPy."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import CASES, trace
from runs import run_members
from strict import has_compiler, strict_backend

from pipeline.engine import Graph, Program, cuda_groups, gradient, numpy_backend, ops
from pipeline.engine.passes import ALL
from pipeline.engine.passes.plan import Plan

pytestmark = pytest.mark.skipif(not has_compiler, reason="no C compiler to run CUDA source with")
MEMBERS = 3


def names(program, batched=()):
    """The primitives of a program's plan once groups are joined, views left out."""
    plan = cuda_groups.fuse(Plan.of(program, MEMBERS, batched))
    return [one.primitive.name for one in plan.instructions if one.primitive.role != "view"]


def bound(program, values, batched, backend=None):
    executor = program.bind(MEMBERS, batched, backend or strict_backend(), ALL)
    for name, value in values.items():
        if name in executor.inputs:
            array = np.asarray(value, program.inputs[name].dtype)
            executor.inputs[name][...] = executor.backend.from_host(array)
    return executor


def found(executor, program):
    """Outputs, and the updated inputs, after one run."""
    executor.run()
    arrays = {**executor.outputs, **{name: executor.inputs[name] for name in program.updates}}
    return {name: np.array(executor.backend.to_host(array)) for name, array in arrays.items()}


def check(program, values, batched, rtol=1e-9):
    theirs = found(bound(program, values, batched, numpy_backend()), program)
    ours = found(bound(program, values, batched), program)
    for name, value in theirs.items():
        np.testing.assert_allclose(ours[name], value, rtol=rtol, atol=rtol, err_msg=name)


@pytest.fixture(scope="module")
def catalogue():
    """All cases bound, so that their kernels are compiled in one go."""
    cases = {}
    for name, case in CASES.items():
        program = trace(case)
        values = {
            f"x{i}": np.stack([a * (1 + 0.1 * m) for m in range(MEMBERS)])
            for i, a in enumerate(case.arguments)
        }
        cases[name] = program, values, bound(program, values, program.inputs.keys())
    return cases


@pytest.mark.parametrize("name", CASES)
def test_catalogue_graphs_have_the_same_results_fused(name, catalogue):
    program, values, executor = catalogue[name]
    expected = run_members(program, list(values.values()))
    executor.run()
    for output, value in found(executor, program).items():
        wide = np.broadcast_to(value, expected[output].shape)
        np.testing.assert_allclose(wide, expected[output], rtol=1e-9, atol=1e-10, err_msg=output)


def adam(dtype, width):
    graph = Graph(dtype)
    w, m, v, g = (graph.input(name, (width,)) for name in "wmvg")
    lr, t = graph.input("lr", ()), graph.input("t", ())
    first = 0.9 * m + (1 - 0.9) * g
    second = 0.999 * v + (1 - 0.999) * g * g
    step = (first / (1 - 0.9**t)) / (ops.sqrt(second / (1 - 0.999**t)) + 1e-8)
    return Program(graph, {"g": g * 1.0}, {"w": w - lr * step, "m": first, "v": second})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_optimizer_is_one_kernel_over_all_members_and_writes_in_place(dtype):
    rng = np.random.default_rng(0)
    values = {name: rng.normal(size=(MEMBERS, 37)) for name in "wmg"}
    values |= {"v": rng.uniform(size=(MEMBERS, 37)), "lr": rng.uniform(size=MEMBERS), "t": 3.0}
    program, batched = adam(dtype, 37), ["w", "m", "v", "g", "lr"]
    assert names(program, batched).count("fused") == 2  # that of t alone, and all the rest
    check(program, values, batched, rtol=1e-5 if dtype == "float32" else 1e-12)
    executor = bound(program, values, batched)
    state = {id(executor.inputs[name]) for name in "wmv"}
    kernels = [call for call in executor._calls if state & set(map(id, call.arguments[2]))]
    assert (len(executor._calls), len(kernels)) == (2, 1)


LAYOUTS = {
    "row": lambda x, a: x + a[0],
    "column": lambda x, a: x * a[:, :1],
    "transposed": lambda x, a: x - ops.transpose(ops.reshape(a, (5, 4))),
    "slice": lambda x, a: x / a[::-1],
    "every other": lambda x, a: x - ops.concatenate([a, a])[::2],
    "scalar": lambda x, a: x * a[0, 0],
    "stretched": lambda x, a: x + ops.broadcast_to(a[:1], (4, 5)),
}


@pytest.mark.parametrize("shared", [False, True], ids=["own", "shared"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_operand_of_any_layout_gives_the_same_results(layout, shared):
    graph = Graph("float64")
    x, a = graph.input("x", (4, 5)), graph.input("a", (4, 5))
    y = LAYOUTS[layout](x, a)
    squares = ops.square(y) * 2.0 + y
    program = Program(graph, {"y": squares, "turned": ops.transpose(squares) * ops.transpose(x)})
    rng = np.random.default_rng(1)
    values = {"x": rng.normal(size=(MEMBERS, 4, 5)), "a": rng.normal(size=(4, 5) if shared else (3, 4, 5))}
    check(program, values, ["x"] if shared else ["x", "a"])


def cross_entropy(rows, classes):
    graph = Graph("float64")
    x, w, b = graph.input("x", (rows, 6)), graph.input("w", (6, classes)), graph.input("b", (classes,))
    y = graph.input("y", (rows,), "int64")
    logits = ops.log_softmax(x @ w + b)
    loss = -ops.mean(ops.sum(logits * ops.one_hot(y, classes), -1))
    gw, gb = gradient(loss, [w, b])
    return Program(graph, {"loss": loss, "gw": gw, "gb": gb})


@pytest.mark.parametrize("classes", [3, 40], ids=["a thread a line", "threads share a line"])
def test_softmax_cross_entropy_and_its_gradient_are_one_kernel_between_products(classes):
    program = cross_entropy(8, classes)
    found = names(program, ["x", "w", "b", "y"])
    assert found[found.index("lines") - 2 : found.index("sum")] == ["matmul", "fused", "lines"]
    rng = np.random.default_rng(2)
    values = {"x": (8, 6), "w": (6, classes), "b": (classes,)}
    values = {name: rng.normal(size=(MEMBERS, *shape)) for name, shape in values.items()}
    values["y"] = rng.integers(0, classes, (MEMBERS, 8))
    check(program, values, ["x", "w", "b", "y"])
    check(program, {**values, "y": values["y"][0]}, ["x", "w", "b"])


@pytest.mark.parametrize("axis", [0, 1, 2, None])
@pytest.mark.parametrize("name", ["sum", "max", "min"])
@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 70, 5), (3, 1, 300), (2, 33, 1)])
def test_a_reduction_of_an_expression_is_one_kernel(shape, name, axis):
    graph = Graph("float64")
    x, a = graph.input("x", shape), graph.input("a", (shape[-1],))
    away = {"sum": 0.0, "max": -9.0, "min": 9.0}[name]  # from the 0 of threads that have no element
    y = ops.sin(x) * a + away
    program = Program(graph, {"z": getattr(ops, name)(y, axis, keepdims=True) * 2.0, "y": y})
    rng = np.random.default_rng(3)
    values = {"x": rng.normal(size=(MEMBERS, *shape)), "a": rng.normal(size=shape[-1])}
    check(program, values, ["x"])
    if axis is not None:
        assert names(program, ["x"]) == ["lines"] or shape[axis] == 1


def test_reductions_of_integers_and_of_nan_are_those_of_numpy():
    graph = Graph("float32")
    n, x = graph.input("n", (3, 50), "int64"), graph.input("x", (3, 50))
    program = Program(graph, {"n": ops.sum(n * n, 1), "m": ops.max(n - 1, 0), "x": ops.max(x * 2.0, 1)})
    rng = np.random.default_rng(4)
    x = rng.normal(size=(3, 50))
    x[1, 20] = np.nan
    check(program, {"n": rng.integers(-(2**40), 2**40, (3, 50)), "x": x}, [])


def test_few_long_lines_are_left_to_cupy():
    graph = Graph("float32")
    x = graph.input("x", (10_000,))
    program = Program(graph, {"y": ops.sum(x * x, keepdims=True)})
    assert names(program, ["x"]) == ["square", "sum"]
    (one,) = cuda_groups.fuse(Plan.of(program, 64, ["x"])).instructions
    assert one.primitive.name == "lines"


def test_normalised_rows_have_one_kernel_forward_and_few_backward():
    graph = Graph("float64")
    x, scale = graph.input("x", (4, 50)), graph.input("scale", (50,))
    centred = x - ops.mean(x, -1, keepdims=True)
    y = centred / ops.sqrt(ops.mean(ops.square(centred), -1, keepdims=True) + 1e-5) * scale
    assert names(Program(graph, {"y": y}), ["x", "scale"]) == ["lines"]
    (g,) = gradient(ops.sum(ops.sin(y)), [x])
    program = Program(graph, {"y": y, "g": g})
    rng = np.random.default_rng(5)
    values = {"x": rng.normal(size=(MEMBERS, 4, 50)), "scale": rng.normal(size=(MEMBERS, 50))}
    check(program, values, ["x", "scale"])
    assert len(names(program, ["x", "scale"])) <= 2


def test_every_instruction_is_kept_once_and_in_a_possible_order():
    for case in CASES.values():
        program = trace(case)
        plan = cuda_groups.fuse(Plan.of(program, MEMBERS, ()))
        made = {x.index for x in program.inputs.values()} | set(program.graph.constants)
        for instruction in plan.instructions:
            assert {operand.index for operand in instruction.inputs} <= made
            made |= {output.index for output in instruction.outputs}
        assert {x.index for x in program.outputs.values()} <= made


def test_groups_do_not_grow_without_bound():
    graph = Graph("float32")
    x = y = graph.input("x", (5,))
    for _ in range(200):
        y = ops.tanh(y) + x
    plan = cuda_groups.fuse(Plan.of(Program(graph, {"y": y}), MEMBERS, ()))
    sizes = [len(one.params["steps"]) for one in plan.instructions]
    assert sum(sizes) == 400
    assert max(sizes) == cuda_groups.MOST_STEPS


def test_one_kernel_does_not_reduce_more_than_its_shared_memory_holds():
    graph = Graph("float64")
    xs = [graph.input(f"x{i}", (100,)) for i in range(40)]
    program = Program(graph, {f"y{i}": ops.sum(x, keepdims=True) for i, x in enumerate(xs)})
    plan = cuda_groups.fuse(Plan.of(program, MEMBERS, program.inputs))
    assert [len(one.outputs) for one in plan.instructions] == [16, 16, 8]
    check(program, {f"x{i}": np.full((MEMBERS, 100), i) for i in range(40)}, list(program.inputs))
