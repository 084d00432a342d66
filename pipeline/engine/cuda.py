"""CUDA source for elementwise kernels, generated from one table of expressions.

A kernel reads element i of each operand and writes element i of the result.  Where all lie in order the
index is i itself; elsewhere shape and strides, known when a program is bound, are constants in the
source.  The same text compiles as C with the few CUDA words defined away, which is how it is run in
tests on machines without a GPU.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

THREADS = 256  # threads in a block

CTYPES: Mapping[str, str] = {
    "float32": "float",
    "float64": "double",
    "int64": "long long",
    "int32": "int",
    "uint8": "unsigned char",
    "bool": "unsigned char",
}

# a, b, c are the operands' elements; T is the result's type
EXPRESSIONS: Mapping[str, str] = {
    "negative": "-a",
    "exp": "exp(a)",
    "expm1": "expm1(a)",
    "log": "log(a)",
    "log1p": "log1p(a)",
    "sqrt": "sqrt(a)",
    "square": "a * a",
    "reciprocal": "(T)1 / a",
    "abs": "a < 0 ? -a : a",
    "sign": "(T)((a > 0) - (a < 0))",
    "sin": "sin(a)",
    "cos": "cos(a)",
    "tanh": "tanh(a)",
    "sigmoid": "(T)1 / ((T)1 + exp(-a))",
    "softplus": "(a > 0 ? a : (T)0) + log1p(exp(a > 0 ? -a : a))",
    "relu": "a > 0 ? a : (a == a ? (T)0 : a)",
    "erf": "erf(a)",
    "floor": "floor(a)",
    "add": "a + b",
    "subtract": "a - b",
    "multiply": "a * b",
    "divide": "a / b",
    "power": "pow(a, b)",
    # a comparison with NaN is false: the operand that is NaN is passed on, as NumPy does
    "maximum": "a > b ? a : (a == a ? b : a)",
    "minimum": "a < b ? a : (a == a ? b : a)",
    "gate": "b > 0 ? a : (T)0",
    "where": "a ? b : c",
    "cast": "(T)a",
    "equal": "a == b",
    "not_equal": "a != b",
    "less": "a < b",
    "less_equal": "a <= b",
    "greater": "a > b",
    "greater_equal": "a >= b",
    "logical_and": "a && b",
    "logical_or": "a || b",
    "logical_not": "!a",
    "isfinite": "a - a == 0",
}

_SINGLE = "exp expm1 log log1p sqrt sin cos tanh erf floor pow".split()


def source(
    name: str,
    dtypes: Sequence[str],
    shape: Sequence[int] | None = None,
    strides: Sequence[Sequence[int]] = (),
) -> str:
    """Return the source of the kernel of primitive `name`: `dtypes` of the operands and, last, of the result.

    Without `shape` everything is contiguous.  Otherwise `strides` has one row an array (operands, then
    result), in elements, 0 where it is stretched.
    """
    *operands, result = dtypes
    letters = "abc"[: len(operands)]
    arguments = [f"const {CTYPES[dtype]}* p{x}" for x, dtype in zip(letters, operands, strict=True)]
    places = _places(len(dtypes), shape, strides)
    loads = [
        f"    const {CTYPES[dtype]} {x} = p{x}[{place}];"
        for x, dtype, place in zip(letters, operands, places, strict=False)
    ]
    expression = "a != 0" if name == "cast" and result == "bool" else EXPRESSIONS[name]
    body = _in_precision(expression, result if result.startswith("float") else operands[0])
    return "\n".join(
        [
            f"typedef {CTYPES[result]} T;",
            f'extern "C" __global__ void {kernel_name(name)}({", ".join(arguments)}, T* out, long long n) {{',
            "    const long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;",
            "    if (i >= n) return;",
            *_indices(shape),
            *loads,
            f"    out[{places[-1]}] = {body};",
            "}",
        ]
    )


def kernel_name(name: str) -> str:
    """Return the name of a primitive's kernel, apart from CUDA's own functions."""
    return f"plait_{name}"


def _in_precision(expression: str, dtype: str) -> str:
    """Name the float forms of mathematical functions where the operands are single."""
    if dtype != "float32":
        return expression
    for function in _SINGLE:
        expression = expression.replace(f"{function}(", f"{function}f(")
    # exp is a part of expm1f's name: undo the double replacement
    return expression.replace("ff(", "f(")


def _indices(shape: Sequence[int] | None) -> list[str]:
    """Return the lines that take i apart into one index an axis."""
    if shape is None:
        return []
    lines, rest = [], "i"
    for axis in range(len(shape) - 1, -1, -1):
        lines.append(f"    const long long i{axis} = ({rest}) % {shape[axis]};")
        rest = f"({rest}) / {shape[axis]}"
    return lines


def _places(count: int, shape: Sequence[int] | None, strides: Sequence[Sequence[int]]) -> list[str]:
    if shape is None:
        return ["i"] * count
    return [_place(row) for row in strides]


def _place(row: Sequence[int]) -> str:
    terms = [f"i{axis} * {stride}" for axis, stride in enumerate(row) if stride]
    return " + ".join(terms) or "0"


def layout(operands: Sequence[Any], out: Any) -> tuple[list[int], list[list[int]]] | None:
    """Return (shape, strides) of the arrays for `source`, or None where all lie in order."""
    if all(a.shape == out.shape and _in_order(a) for a in (*operands, out)):
        return None
    rows = [_element_strides(array, out.shape) for array in (*operands, out)]
    return list(out.shape), rows


def _in_order(array: Any) -> bool:
    return bool(array.flags.c_contiguous)


def _element_strides(array: Any, shape: Sequence[int]) -> list[int]:
    """Return an array's strides in elements over the axes of `shape`, 0 along stretched ones."""
    lead = len(shape) - array.ndim
    own = [
        0 if length == 1 else stride // array.itemsize
        for length, stride in zip(array.shape, array.strides, strict=True)
    ]
    return [0] * lead + own
