"""The CuPy executor without a GPU: on a stand-in that is as strict, and its kernels through NVRTC."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from graphs import CASES, trace
from runs import run, run_members
from strict import StrictArray, has_compiler, strict, strict_backend

from pipeline.engine import Graph, Program, ops
from pipeline.engine.cupy_kernels import _run_gemm, gemm

needs_compiler = pytest.mark.skipif(not has_compiler, reason="no C compiler to run CUDA source with")
MEMBERS = 3


def varied(case):
    return [np.stack([a * (1 + 0.1 * m) for m in range(MEMBERS)]) for a in case.arguments]


@needs_compiler
@pytest.mark.parametrize("name", CASES)
def test_members_on_the_stand_in_have_the_results_of_numpy(name):
    case = CASES[name]
    program = trace(case)
    expected = run_members(program, varied(case))
    found = run_members(program, varied(case), backend=strict_backend())
    for output, value in expected.items():
        np.testing.assert_allclose(found[output], value, rtol=1e-9, atol=1e-10, err_msg=output)


@needs_compiler
@pytest.mark.parametrize("name", CASES)
def test_shared_inputs_on_the_stand_in_have_the_results_of_numpy(name):
    case = CASES[name]
    program = trace(case, "float32")
    expected = run(program, case.arguments)
    found = run(program, case.arguments, strict_backend())
    for output, value in expected.items():
        np.testing.assert_allclose(found[output], value, rtol=1e-3, atol=1e-3, err_msg=output)


@needs_compiler
@pytest.mark.parametrize("name", "matmul matmul_of_transposed softmax take_rows plain_recurrence".split())
def test_a_shared_operand_beside_batched_ones_has_the_results_of_numpy(name):
    case = CASES[name]
    program = trace(case)
    arguments = [case.arguments[0], *varied(case)[1:]] if len(case.arguments) > 1 else varied(case)
    batched = range(1, len(arguments)) if len(arguments) > 1 else [0]
    expected = run_members(program, arguments, batched)
    found = run_members(program, arguments, batched, strict_backend())
    for output, value in expected.items():
        np.testing.assert_allclose(found[output], value, rtol=1e-9, atol=1e-10, err_msg=output)


def test_the_stand_in_refuses_what_cupy_refuses():
    array = strict.asarray(np.ones(3))
    with pytest.raises(TypeError, match="unsupported type"):
        strict.add(array, np.ones(3))
    with pytest.raises(TypeError, match="implicit conversion"):
        np.asarray(array)
    with pytest.raises(TypeError, match="where"):
        strict.add(array, array, where=array)
    assert isinstance(strict.sum(array), StrictArray)
    assert not hasattr(strict, "einsum")


LAYOUTS = {
    "plain": lambda a: a,
    "transposed": lambda a: np.ascontiguousarray(np.swapaxes(a, -1, -2)).swapaxes(-1, -2),
    "rows of wider": lambda a: np.concatenate([a, a], -1)[..., : a.shape[-1]],
    "shared": lambda a: np.ascontiguousarray(a[0]),
    "stretched": lambda a: np.broadcast_to(a[:1], a.shape),
    "members of a flat arena": lambda a: np.concatenate(
        [a.reshape(a.shape[0], -1), np.zeros((a.shape[0], 5))], 1
    )[:, :-5].reshape(a.shape),
}


@pytest.mark.parametrize(("left", "right"), list(product(LAYOUTS, LAYOUTS)))
def test_products_of_every_layout_are_one_strided_batched_call(left, right):
    rng = np.random.default_rng(0)
    a, b = LAYOUTS[left](rng.normal(size=(3, 4, 5))), LAYOUTS[right](rng.normal(size=(3, 5, 2)))
    out = np.empty((3, 4, 2))
    form = gemm(*(StrictArray(array) for array in (a, b, out)))
    assert form is not None
    _run_gemm(strict, form, np.ones(()), np.zeros(()))
    np.testing.assert_allclose(out, np.broadcast_to(a @ b, out.shape), rtol=1e-12)


def test_products_of_thin_matrices_are_one_strided_batched_call():
    rng = np.random.default_rng(0)
    for rows, inner, columns in product([1, 4], [1, 5], [1, 2]):
        a, b = rng.normal(size=(3, rows, inner)), rng.normal(size=(3, inner, columns))
        out = np.empty((3, rows, columns))
        form = gemm(*(StrictArray(array) for array in (a, b, out)))
        _run_gemm(strict, form, np.ones(()), np.zeros(()))
        np.testing.assert_allclose(out, a @ b, rtol=1e-12)


def test_a_product_of_elements_far_apart_is_left_to_cupy():
    a = StrictArray(np.zeros((3, 4, 10))[:, :, ::2])
    assert gemm(a, StrictArray(np.zeros((3, 5, 2))), StrictArray(np.empty((3, 4, 2)))) is None


def test_unknown_backend_and_missing_gpu_are_explained():
    from pipeline.engine.backends import backend
    from pipeline.errors import UserError

    with pytest.raises(UserError, match="'gpu' is not one of numpy, cupy, auto"):
        backend("gpu")
    import cupy

    if not cupy.cuda.is_available():
        with pytest.raises(UserError, match="no GPU is available here"):
            backend("cupy")
        assert backend("auto").name == "numpy"


def test_a_mask_that_multiplies_keeps_the_float_type():
    graph = Graph("float32")
    x = graph.input("x0", (3,))
    found = run(Program(graph, {"y": (x > 0) * x}), [np.array([-1.0, 0.0, 2.0])])
    assert found["y"].dtype == np.float32
    assert found["y"].tolist() == [0.0, 0.0, 2.0]
    assert ops.relu(np.array([-1.0, 2.0])).tolist() == [0.0, 2.0]
