"""What a critical point is, told by the eigenvalues of the Hessian there."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from pipeline.calculus.function import Function

Array = npt.NDArray[Any]
Kind = Literal["minimum", "maximum", "saddle", "inconclusive", "not critical"]


def kind_of(eigenvalues: npt.ArrayLike, *, tolerance: float = 1e-8) -> Kind:
    """Return what a critical point is: Goodfellow et al. 2016, section 4.3.1.

    All eigenvalues above 0: a minimum; all below: a maximum; both: a saddle.  Where some are zero and the
    others of one sign, the second derivatives do not tell.  Zero is within `tolerance` of the largest size.
    """
    values = np.asarray(eigenvalues, dtype=np.float64)
    zero = tolerance * float(np.abs(values).max(initial=0.0))
    up, down = values > zero, values < -zero
    if up.any() and down.any():
        return "saddle"
    if up.all():
        return "minimum"
    return "maximum" if down.all() else "inconclusive"


def classify(f: Function, x: npt.ArrayLike, *, gradient: float = 1e-6, tolerance: float = 1e-8) -> Kind:
    """Return what the point `x` of a scalar function is; "not critical" where |∇f| is above `gradient`.

    It forms the Hessian; `pipeline.calculus.diagnose` does without.
    """
    if float(np.linalg.norm(f.gradient(x))) > gradient:
        return "not critical"
    return kind_of(f.eigen(x)[0], tolerance=tolerance)
