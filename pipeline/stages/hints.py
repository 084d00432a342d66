"""What helps against an operation that left the finite numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.engine.inspection import Event

Hint = Callable[[Event], str]
LARGE = (
    "numbers have grown beyond what the dtype holds: take smaller steps, or limit the gradient or the weights"
)


def hint(event: Event) -> str:
    """Return a sentence for the event's operation, or for the one that it derives."""
    derived = DERIVED.get(event.instruction.origin.derivative)
    if derived is not None:
        return derived
    return HINTS.get(event.instruction.primitive.name, _large)(event)


def _large(event: Event) -> str:
    return LARGE if any(x.infinite for x in event.results) else ""


def _exponential(event: Event) -> str:
    limit = "88.7 in float32" if event.instruction.outputs[0].dtype.itemsize == 4 else "709 in float64"
    return (
        f"e^x overflows above {limit}: subtract the largest x first, or use ops.log_softmax, ops.logsumexp, "
        "ops.softplus or ops.sigmoid"
    )


def _logarithm(event: Event) -> str:
    if event.operands[0].low < 0:
        return "numbers below 0 have no logarithm: keep them above 0, by ops.softplus or ops.exp say"
    return "log 0 is infinite: use ops.log_softmax or ops.log_sigmoid, or ops.log(x, floor=...)"


def _quotient(event: Event) -> str:
    if event.operands[-1].low <= 0 <= event.operands[-1].high:
        return "a divisor is 0: keep it away from 0, by ops.maximum(x, eps) or x + eps"
    return LARGE


def _root(event: Event) -> str:
    return "numbers below 0 have no square root: use ops.relu or ops.square before it"


def _power(event: Event) -> str:
    base = event.operands[0]
    if base.low < 0:
        return "a negative number to a broken power is nan: take the power of ops.abs"
    return "0 to a negative power is infinite: keep the base away from 0" if base.low == 0 else LARGE


HINTS: Mapping[str, Hint] = {
    "exp": _exponential,
    "expm1": _exponential,
    "log": _logarithm,
    "log1p": lambda event: "log1p is infinite at -1 and nan below: keep x above -1",
    "divide": _quotient,
    "reciprocal": _quotient,
    "sqrt": _root,
    "power": _power,
}
DERIVED: Mapping[str, str] = {
    "sqrt": "the derivative of sqrt is infinite at 0: use ops.sqrt(x, floor=...)",
    "log": "the derivative of log is infinite at 0: use ops.log(x, floor=...), or ops.log_softmax",
    "power": "the derivative of a power below 1 is infinite at 0: keep the base away from 0",
}
