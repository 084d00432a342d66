"""Plan passes: what each does to a small graph, and that none changes a bit of any result."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from graphs import CASES, trace

from pipeline.engine import Graph, Program, gradient, numpy_backend, ops
from pipeline.engine.passes import ALL, PASSES, PLAIN, applied
from pipeline.engine.passes.plan import Plan

MEMBERS = 3
SUBSETS = [names for size in range(len(PLAIN) + 1) for names in combinations(PLAIN, size)]
ZEROS = (0.0, -0.0)


def planned(outputs, *names, batched=(), updates=None):
    graph = next(iter(outputs.values())).graph
    plan = Plan.of(Program(graph, outputs, updates), MEMBERS, batched)
    return applied(plan, names, numpy_backend())


def operations(outputs, *names, **keywords):
    return [one.primitive.name for one in planned(outputs, *names, **keywords).instructions]


def run(program, values, passes, members=MEMBERS):
    names = [name for name, value in values.items() if value.ndim > program.graph.inputs[name].ndim]
    executor = program.bind(members, set(names) & program.inputs.keys(), numpy_backend(), passes)
    for name in values.keys() & executor.inputs.keys():
        executor.inputs[name][...] = values[name]
    executor.run()
    executor.run()  # a second run finds buffers used: it must not matter
    return {name: array.copy() for name, array in executor.outputs.items()}


def bits(array):
    """Return the bits of an array; of NaN, which has many, the same ones."""
    return np.where(np.isnan(array), np.nan, array).tobytes()


def catalogue(case, dtype, zeros=False):
    """Return the arguments of each member; with `zeros` some elements are zeros of both signs."""
    values = {}
    for i, argument in enumerate(case.arguments):
        stacked = np.stack([argument * (1 + 0.1 * m) for m in range(MEMBERS)]).astype(dtype)
        if zeros:
            stacked.reshape(-1)[::3], stacked.reshape(-1)[1::5] = ZEROS
        values[f"x{i}"] = stacked
    return values


def inputs(*shapes):
    graph = Graph("float32")
    return [graph.input(f"x{i}", shape) for i, shape in enumerate(shapes)]


# No pass changes a bit


@pytest.mark.parametrize("zeros", [False, True], ids=["numbers", "with zeros"])
@pytest.mark.parametrize("name", CASES)
def test_every_subset_of_passes_keeps_every_bit(name, zeros):
    program, values = trace(CASES[name], "float32"), catalogue(CASES[name], "float32", zeros)
    plain = run(program, values, ())
    for passes in SUBSETS:
        found = run(program, values, passes)
        assert all(bits(found[k]) == bits(plain[k]) for k in plain), passes


@pytest.mark.parametrize("name", ["variance", "where", "plain_recurrence"])
def test_a_member_has_the_bits_it_has_alone_after_all_passes(name):
    program, values = trace(CASES[name], "float32"), catalogue(CASES[name], "float32")
    together = run(program, values, PLAIN)
    for member in range(MEMBERS):
        own = {k: value[member : member + 1] for k, value in values.items()}
        alone = run(program, own, PLAIN, members=1)
        assert all(bits(together[k][member]) == bits(alone[k][0]) for k in alone)


def test_an_unknown_pass_is_named_with_those_that_there_are():
    (x,) = inputs((2,))
    with pytest.raises(ValueError, match=r"no plan passes \['fodling'\]; there are folding, "):
        planned({"y": x * 2.0}, "fodling")


def test_passes_run_in_one_order_whatever_the_order_they_are_asked_for_in():
    (x,) = inputs((4,))
    y = (x + ops.broadcast_to(x.graph.constant([2.0]) * 3.0, (4,))) * 1.0
    forwards, backwards = operations({"y": y}, *PLAIN), operations({"y": y}, *reversed(PLAIN))
    assert forwards == backwards
    assert set(PLAIN) < set(ALL) == set(PASSES)


# Constant folding


def test_what_depends_on_constants_alone_is_folded():
    (x,) = inputs((3,))
    c = x.graph.constant(np.arange(3.0))
    plan = planned({"y": x * ops.exp(c + 1.0)}, "folding")
    assert [one.primitive.name for one in plan.instructions] == ["multiply"]
    constant = plan.constants[plan.instructions[0].inputs[1].index]
    assert constant.tolist() == np.exp(np.arange(3, dtype="float32") + np.float32(1)).tolist()


def test_a_constant_of_equal_elements_becomes_one_number_stretched():
    (x,) = inputs((4, 5))
    ones = -ops.broadcast_to(x.graph.constant(np.ones((1, 1))), (4, 5))
    stretch, add = planned({"y": x + ones}, "folding").instructions
    assert (stretch.primitive.name, add.primitive.name) == ("broadcast_to", "add")
    assert stretch.inputs[0].shape == (1, 1)


def test_a_constant_that_a_product_reads_stays_an_array():
    # BLAS does not take a stretched operand, and NumPy's own loop adds in another order
    (x,) = inputs((4, 5))
    ones = -ops.broadcast_to(x.graph.constant(np.ones((1, 1))), (5, 3))
    (product,) = planned({"y": x @ ones}, "folding").instructions
    assert product.primitive.name == "matmul"


def test_a_product_of_constants_that_is_too_large_is_computed_at_each_run(monkeypatch):
    monkeypatch.setattr("pipeline.engine.passes.folding.LARGEST", 3)
    (x,) = inputs((4,))
    assert operations({"y": x + ops.exp(x.graph.constant(np.arange(4.0)))}, "folding") == ["exp", "add"]


# Algebra


SAME = {
    "times one": lambda x: x * 1.0,
    "one times": lambda x: 1.0 * x,
    "over one": lambda x: x / 1.0,
    "minus zero": lambda x: x - 0.0,
    "plus negative zero": lambda x: x + -0.0,
    "negated twice": lambda x: ops.negative(-x),
    "cast to its own type": lambda x: ops.cast(ops.cast(x, "float64"), "float32"),
}


@pytest.mark.parametrize("name", SAME)
def test_what_gives_back_its_operand_is_left_out(name):
    (x,) = inputs((3,))
    assert operations({"y": ops.exp(SAME[name](x))}, "identities") == ["exp"]


CHANGED = {
    "plus zero": lambda x: x + 0.0,  # -0 + 0 is +0
    "minus negative zero": lambda x: x - -0.0,
    "stretched by ones": lambda x: x * np.ones((2, 3)),
    "narrowed and back": lambda x: ops.cast(ops.cast(x, "float16"), "float32"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_may_change_a_bit_or_a_shape_stays(name):
    (x,) = inputs((1, 3))
    y = {"y": ops.exp(CHANGED[name](x))}
    assert operations(y, "identities") == operations(y)


def test_a_sum_with_a_negative_is_a_difference():
    a, b = inputs((3,), (3,))
    assert operations({"y": a + -b}, "identities") == ["subtract"]
    assert operations({"y": -a + b}, "identities") == ["subtract"]
    assert operations({"y": a - -b}, "identities") == ["add"]
    values = {"x0": np.array(ZEROS * 2, "float32")[None, :3], "x1": np.array([0.0, 0.0, 2.0])[None]}
    program = Program(a.graph, {"y": -a + b, "z": a - -b})
    plain, found = run(program, values, (), 1), run(program, values, ["identities"], 1)
    assert all(bits(found[k]) == bits(plain[k]) for k in plain)


def test_an_operand_that_lies_otherwise_is_not_put_into_a_product():
    # BLAS may add in another order for a transposed operand: x' * 1 is a new array in order, x' is not
    x, w = inputs((4, 3), (4, 2))
    y = {"y": (ops.transpose(x) * 1.0) @ w}
    assert "multiply" in operations(y, "identities")


def test_a_result_stays_an_array_of_its_own():
    (x,) = inputs((3,))
    program = Program(x.graph, {"old": x * 1.0}, {"x0": x + 1.0})
    found = run(program, {"x0": np.zeros((1, 3), "float32")}, PLAIN, members=1)
    assert found["old"].tolist() == [[1.0] * 3]  # of the second run, before its update


# Views


def test_views_of_views_are_one_view():
    (x,) = inputs((4, 6))
    double = ops.transpose(ops.transpose(ops.reshape(x, (2, 2, 6)), (1, 2, 0)), (2, 0, 1))
    assert operations({"y": ops.exp(double)}, "views") == ["reshape", "exp"]
    assert operations({"y": ops.exp(ops.reshape(ops.reshape(x, (24,)), (6, 4)))}, "views") == [
        "reshape",
        "exp",
    ]
    plan = planned({"y": ops.exp(x[::-1, 1:][1:3, ::2])}, "views")
    assert [one.params["slices"] for one in plan.instructions if "slices" in one.params] == [
        ((2, 2, -1), (1, 3, 2))
    ]


def test_a_copy_that_two_reshapes_need_is_not_made_twice():
    (x,) = inputs((4, 6))
    row = ops.reshape(ops.transpose(x), (24,))
    y = {"y": ops.exp(ops.reshape(row, (2, 12))), "z": ops.exp(ops.reshape(row, (3, 8)))}
    assert operations(y, "views").count("reshape") == 3


def test_a_gradient_reaches_the_tensor_between_two_reshapes():
    (x,) = inputs((4, 6))
    between = ops.reshape(x, (24,))
    (g,) = gradient(ops.sum(ops.reshape(between, (6, 4)) ** 2), [between])
    found = run(Program(x.graph, {"g": g}), {"x0": np.full((1, 4, 6), 3.0, "float32")}, PLAIN, members=1)
    assert found["g"].tolist() == [[6.0] * 24]


# Dead code


def test_dead_code_is_dropped_when_passes_make_it():
    a, b = inputs((3,), (3,))
    assert "negative" not in operations({"y": ops.exp(a + -b)}, "identities")
