"""What a method of minimisation asks for, and what it gives: it is a generator written for one member.

It yields requests, each answered with what the request's docstring says, and an `Iterate` after every
iteration, answered with None.  It returns a `Reason`: why it has come to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Value:
    """Ask for the function's value at `w` (size,): a float."""

    w: Array


@dataclass(frozen=True, eq=False)
class Slope:
    """Ask for value and gradient at `w`: a float and an array (size,)."""

    w: Array


@dataclass(frozen=True, eq=False)
class Curve:
    """Ask for the Hessian at `w` times `v`: an array (size,).  No Hessian is formed."""

    w: Array
    v: Array


@dataclass(frozen=True, eq=False)
class Gauss:
    """Ask for the Gauss-Newton matrix at `w` times `v`: an array (size,).  No matrix is formed."""

    w: Array
    v: Array


@dataclass(frozen=True, eq=False)
class Matrix:
    """Ask for the Hessian at `w` itself: an array (size, size)."""

    w: Array


@dataclass(frozen=True, eq=False)
class Iterate:
    """Give the point that an iteration has reached, with its value and gradient."""

    w: Array
    value: float
    gradient: Array


class Reason(Enum):
    """Why a method has come to its end."""

    CONVERGED = "the gradient vanishes"
    STUCK = "no step decreases the function any more"
    SINGULAR = "the Hessian is singular"
    UNBOUNDED = "the function is not finite there"


Request = Value | Slope | Curve | Gauss | Matrix
Method = Generator[Request | Iterate, Any, Reason]
Start = Callable[[Array], Method]  # begins a method at a point (size,)
