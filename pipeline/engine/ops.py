"""The operations that stages are written in: on tensors they trace, on NumPy arrays they compute at once.

Shapes are those of one member.  Axes may be given from either side.  Nothing here looks at values.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.engine.convolution import convolve
from pipeline.engine.elementwise import (
    ACTIVATIONS,
    abs,
    activation,
    add,
    cast,
    clip,
    cos,
    divide,
    elu,
    equal,
    erf,
    exp,
    expm1,
    floor,
    gelu,
    greater,
    greater_equal,
    identity,
    isfinite,
    leaky_relu,
    less,
    less_equal,
    log,
    log1p,
    log_sigmoid,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    power,
    reciprocal,
    relu,
    sigmoid,
    sign,
    silu,
    sin,
    softplus,
    sqrt,
    square,
    stop_gradient,
    subtract,
    tanh,
    where,
)
from pipeline.engine.graph import Tensor
from pipeline.engine.likelihoods import binary_cross_entropy, cross_entropy
from pipeline.engine.pooling import pool
from pipeline.engine.products import (
    arange,
    matmul,
    one_hot,
    scatter_add,
    take,
    zeros_like,
)
from pipeline.engine.reductions import (
    argmax,
    argmin,
    cumsum,
    log_softmax,
    logsumexp,
    max,
    mean,
    min,
    norm,
    softmax,
    sum,
    var,
)
from pipeline.engine.scan import scan
from pipeline.engine.shapes import (
    broadcast_to,
    concatenate,
    expand_dims,
    flatten,
    flip,
    index,
    pad,
    reshape,
    squeeze,
    stack,
    swapaxes,
    transpose,
    windows,
)

__all__ = [
    "ACTIVATIONS",
    "abs",
    "activation",
    "add",
    "arange",
    "argmax",
    "argmin",
    "binary_cross_entropy",
    "broadcast_to",
    "cast",
    "clip",
    "concatenate",
    "convolve",
    "cos",
    "cross_entropy",
    "cumsum",
    "divide",
    "elu",
    "equal",
    "erf",
    "exp",
    "expand_dims",
    "expm1",
    "flatten",
    "flip",
    "floor",
    "gelu",
    "gradient",
    "greater",
    "greater_equal",
    "identity",
    "index",
    "isfinite",
    "leaky_relu",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log_sigmoid",
    "log_softmax",
    "logical_and",
    "logical_not",
    "logical_or",
    "logsumexp",
    "matmul",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "multiply",
    "negative",
    "norm",
    "not_equal",
    "one_hot",
    "pad",
    "pool",
    "power",
    "reciprocal",
    "relu",
    "reshape",
    "scan",
    "scatter_add",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "softmax",
    "softplus",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "stop_gradient",
    "subtract",
    "sum",
    "swapaxes",
    "take",
    "tanh",
    "transpose",
    "var",
    "where",
    "windows",
    "zeros_like",
]


def gradient(y: Tensor, wrt: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return the gradient of the scalar `y` with respect to each of `wrt`, traced too.

    Only of tensors: of arrays nothing is known of how they came about.
    """
    from pipeline.engine import gradients  # which is written with these operations

    return gradients.gradient(y, wrt)


def _attach_operators() -> None:
    """Give tensors Python's operators."""
    reflected = {
        "add": add,
        "sub": subtract,
        "mul": multiply,
        "truediv": divide,
        "pow": power,
        "matmul": matmul,
    }
    for name, operation in reflected.items():
        setattr(Tensor, f"__{name}__", lambda a, b, f=operation: f(a, b))
        setattr(Tensor, f"__r{name}__", lambda a, b, f=operation: f(b, a))
    comparisons = {
        "lt": less,
        "le": less_equal,
        "gt": greater,
        "ge": greater_equal,
        "eq": equal,
        "ne": not_equal,
    }
    for name, operation in {**comparisons, "and": logical_and, "or": logical_or}.items():
        setattr(Tensor, f"__{name}__", lambda a, b, f=operation: f(a, b))
    for name, unary in {"neg": negative, "abs": abs, "invert": logical_not}.items():
        setattr(Tensor, f"__{name}__", lambda a, f=unary: f(a))
    setattr(Tensor, "__getitem__", index)  # noqa: B010 (a declared operator is replaced)


_attach_operators()
