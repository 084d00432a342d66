"""Operations on each element, and what is made of them: activations, powers, choices."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pipeline.engine.dispatch import Value, apply, as_dtype, common_dtype, elementwise, graph_of, spec_of
from pipeline.errors import OptionError, nearest


def _float(name: str) -> Callable[[Value], Value]:
    def operation(x: Value) -> Value:
        dtype = spec_of(x).dtype
        if dtype.kind != "f":
            graph = graph_of([x])
            x = as_dtype(x, graph.dtype if graph else np.float64)
        return elementwise(name, x)

    operation.__name__ = operation.__qualname__ = name
    operation.__doc__ = f"Return {name} of each element."
    return operation


exp, expm1, log1p = _float("exp"), _float("expm1"), _float("log1p")
reciprocal, erf = _float("reciprocal"), _float("erf")
sin, cos, tanh = _float("sin"), _float("cos"), _float("tanh")
sigmoid, softplus, isfinite = _float("sigmoid"), _float("softplus"), _float("isfinite")


def _floored(name: str, summary: str) -> Callable[..., Value]:
    plain = _float(name)

    def operation(x: Value, floor: float = 0.0) -> Value:
        if not floor >= 0:
            raise OptionError(f"{name}: the floor {floor} is below 0; it is a small number such as 1e-12")
        return plain(maximum(x, floor)) if floor else plain(x)

    operation.__name__ = operation.__qualname__ = name
    operation.__doc__ = f"""{summary}

    With a `floor` above 0 it is that of the larger of x and the floor, below which the derivative is 0: both
    are finite then, whatever x is.
    """
    return operation


sqrt = _floored("sqrt", "Return the square root of each element; its derivative at 0 is infinite.")
log = _floored("log", "Return the logarithm of each element; it and its derivative at 0 are infinite.")


def log_sigmoid(x: Value) -> Value:
    """Return log(sigmoid(x)), which is x far below 0 and 0 far above."""
    return -softplus(-x)


def negative(x: Value) -> Value:
    """Return -x."""
    return elementwise("negative", x)


def abs(x: Value) -> Value:
    """Return |x|; the derivative at 0 is 0."""
    return elementwise("abs", x)


def sign(x: Value) -> Value:
    """Return -1, 0 or 1; the derivative is 0."""
    return elementwise("sign", x)


def square(x: Value) -> Value:
    """Return x²."""
    return elementwise("square", x)


def floor(x: Value) -> Value:
    """Return the largest whole number not above x; the derivative is 0."""
    return elementwise("floor", x)


def relu(x: Value) -> Value:
    """Return max(x, 0); the derivative at 0 is 0."""
    return elementwise("relu", x)


def leaky_relu(x: Value, slope: Value = 0.01) -> Value:
    """Return x where it is positive, `slope`·x elsewhere (Maas et al. 2013)."""
    return relu(x) - slope * relu(-x)


def elu(x: Value, alpha: Value = 1.0) -> Value:
    """Return x where it is positive, `alpha`·(eˣ - 1) elsewhere (Clevert et al. 2016, arXiv:1511.07289)."""
    return relu(x) + alpha * expm1(-relu(-x))


def gelu(x: Value) -> Value:
    """Return x·Φ(x), Φ the normal distribution function (Hendrycks & Gimpel 2016, arXiv:1606.08415)."""
    return 0.5 * x * (1.0 + erf(x * math.sqrt(0.5)))


def silu(x: Value) -> Value:
    """Return x·sigmoid(x) (Elfwing et al. 2018, arXiv:1702.03118)."""
    return x * sigmoid(x)


def identity(x: Value) -> Value:
    """Return x."""
    return x


def logical_not(x: Value) -> Value:
    """Return whether x is false."""
    return elementwise("logical_not", x)


def stop_gradient(x: Value) -> Value:
    """Return x, through which no gradient passes."""
    return apply("stop_gradient", [x])


def cast(x: Value, dtype: npt.DTypeLike) -> Value:
    """Return x in another dtype."""
    return as_dtype(x, dtype)


def _binary(name: str, summary: str) -> Callable[[Value, Value], Value]:
    def operation(a: Value, b: Value) -> Value:
        return elementwise(name, a, b)

    operation.__name__ = operation.__qualname__ = name
    operation.__doc__ = summary
    return operation


add = _binary("add", "Return a + b.")
subtract = _binary("subtract", "Return a - b.")
maximum = _binary(
    "maximum", "Return the larger of a and b; where they are equal each has half the derivative."
)
minimum = _binary(
    "minimum", "Return the smaller of a and b; where they are equal each has half the derivative."
)
equal = _binary("equal", "Return whether a = b.")
not_equal = _binary("not_equal", "Return whether a ≠ b.")
less = _binary("less", "Return whether a < b.")
less_equal = _binary("less_equal", "Return whether a ≤ b.")
greater = _binary("greater", "Return whether a > b.")
greater_equal = _binary("greater_equal", "Return whether a ≥ b.")
logical_and = _binary("logical_and", "Return whether both are true.")
logical_or = _binary("logical_or", "Return whether one is true.")


def multiply(a: Value, b: Value) -> Value:
    """Return a·b, element by element; a·a is a square, whose derivative is one pass."""
    return square(a) if a is b else elementwise("multiply", a, b)


def divide(a: Value, b: Value) -> Value:
    """Return a / b as a float."""
    dtype = common_dtype("divide", [a, b])
    if dtype.kind != "f":
        graph = graph_of([a, b])
        a = as_dtype(a, graph.dtype if graph else np.float64)
    return elementwise("divide", a, b)


def power(x: Value, exponent: Value) -> Value:
    """Return x to the `exponent`; the constants 0.5, 1, 2, 3 and -1 take their cheap forms."""
    if isinstance(exponent, int | float):
        cheap = _POWERS.get(float(exponent))
        if cheap is not None:
            return cheap(x)
    return elementwise("power", x, exponent)


_POWERS: dict[float, Callable[[Value], Value]] = {
    0.5: sqrt,
    1.0: identity,
    2.0: square,
    3.0: lambda x: square(x) * x,
    -1.0: reciprocal,
}


def where(condition: Value, a: Value, b: Value) -> Value:
    """Return a where `condition` holds, b elsewhere.  Gradients flow to the chosen side only."""
    return elementwise("where", condition, a, b, align=slice(1, 3))


def clip(x: Value, low: Value, high: Value) -> Value:
    """Return x, not below `low` and not above `high`."""
    return minimum(maximum(x, low), high)


ACTIVATIONS: dict[str, Callable[[Value], Value]] = {
    "elu": elu,
    "gelu": gelu,
    "identity": identity,
    "leaky_relu": leaky_relu,
    "relu": relu,
    "sigmoid": sigmoid,
    "silu": silu,
    "softplus": softplus,
    "tanh": tanh,
}


def activation(name: str) -> Callable[[Value], Value]:
    """Return the activation function called `name`; OptionError lists all that there are."""
    if name not in ACTIVATIONS:
        hint = nearest(name, ACTIVATIONS)
        raise OptionError(
            f"activation {name!r} is not one of {', '.join(sorted(ACTIVATIONS))}. {hint}".strip()
        )
    return ACTIVATIONS[name]
