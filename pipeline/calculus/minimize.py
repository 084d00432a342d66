"""Minimise a function from a point, by a method of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from inspect import signature
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.calculus.choice import chosen
from pipeline.calculus.driver import Driver
from pipeline.calculus.function import Function
from pipeline.calculus.methods import METHODS
from pipeline.calculus.requests import Iterate, Method, Reason, Start

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Minimum:
    """Where a minimisation ended: the point `x`, value and gradient there, and the way to it.

    `values` begins with the value at the start and has one number more than there were `iterations`.
    `evaluations` counts what was asked for: values, gradients, products.  `reason` says why it ended;
    None where the iterations ran out.
    """

    x: Array
    value: float
    gradient: Array
    iterations: int
    evaluations: int
    values: tuple[float, ...]
    reason: Reason | None

    @property
    def converged(self) -> bool:
        """Whether the gradient vanished within the tolerance."""
        return self.reason is Reason.CONVERGED


def minimize(
    f: Function | Callable[[Any], Any],
    x0: npt.ArrayLike,
    method: str | Callable[..., Method] = "lbfgs",
    *,
    iterations: int = 1000,
    **options: Any,
) -> Minimum:
    """Minimise a scalar function of one array from `x0`, in at most `iterations` of a method.

    `f` is written with `ops`, or a `Function`; `method` is a name (OptionError lists them) or a generator
    function as `pipeline.calculus.requests` describes; `options` are the method's own.
    """
    function = f if isinstance(f, Function) else Function(f, x0)
    start = np.array(x0, function.dtype)
    first = function.value(start)
    driver = Driver(function.surface(), _begun(method, options), [start.reshape(-1)])
    path: list[Iterate] = []
    while len(path) < iterations and not driver.ended:
        driver.advance()
        path += [found for found in driver.iterates if found is not None and found not in path[-1:]]
    last = path[-1] if path else Iterate(start, first, function.gradient(start))
    return Minimum(
        last.w.reshape(start.shape),
        last.value,
        last.gradient.reshape(start.shape),
        len(path),
        driver.evaluations[0],
        (first, *(point.value for point in path)),
        driver.ended.get(0),
    )


def _begun(method: str | Callable[..., Method], options: Mapping[str, Any]) -> Start:
    """Return what begins a method with its options; OptionError where there is no such method or option."""
    begin = method if callable(method) else chosen(METHODS, method, "there is no method")
    known = {name: p for name, p in signature(begin).parameters.items() if p.kind is p.KEYWORD_ONLY}
    for option in options:
        chosen(known, option, f"{begin.__name__} has no option")
    return partial(begin, **options)
