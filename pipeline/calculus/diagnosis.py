"""Why a descent does not get on: a plateau, a saddle, a minimum that is not low, or nothing of these."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from pipeline.calculus.function import Function
from pipeline.calculus.lanczos import Extremes, extremes
from pipeline.engine.random import generator

Array = npt.NDArray[Any]
Kind = Literal["slope", "plateau", "saddle", "minimum", "poor minimum", "maximum"]


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What a point is, and what tells: value, gradient norm, extreme eigenvalues of the Hessian."""

    kind: Kind
    value: float
    gradient_norm: float
    curvature: Extremes


def diagnose(
    f: Function,
    x: npt.ArrayLike,
    *,
    still: float = 1e-3,
    flat: float = 1e-3,
    low: float = -math.inf,
    radius: float = 0.1,
    probes: int = 64,
    iterations: int = 200,
    seed: int = 0,
) -> Diagnosis:
    """Tell what the point `x` is; no Hessian is formed.

    A gradient longer than `still` is a slope.  Otherwise an eigenvalue below -`flat` beside one above
    makes a saddle, all above `flat` a minimum, all below -`flat` a maximum.  What the eigenvalues leave
    open, `probes` pairs of points on the sphere of `radius` decide: changes beyond what `still` and `flat`
    allow, both up and down, are a saddle of higher order; up in the mean, a minimum; none, a plateau.
    Where `low` is given, a minimum above it is poor, and a plateau that is not above it a minimum: the
    bottom of a trained network's valley is flat in most directions.
    """
    point = np.asarray(x, f.dtype)
    value, norm = float(f.value(point)), float(np.linalg.norm(f.gradient(point)))
    found = extremes(
        lambda v: f.hessian_product(point, v.reshape(point.shape)).reshape(-1),
        point.size,
        iterations=iterations,
        seed=seed,
    )
    kind = _kind(found, norm, still, flat)
    if kind is None:
        around = _around(f, point, radius, probes, seed) - value
        kind = _probed(around, still * radius + 0.5 * flat * radius**2)
    if kind == "minimum" and -math.inf < low < value:
        kind = "poor minimum"
    if kind == "plateau" and value <= low:
        kind = "minimum"
    return Diagnosis(kind, value, norm, found)


def _kind(found: Extremes, norm: float, still: float, flat: float) -> Kind | None:
    if not norm <= still:
        return "slope"
    if found.smallest < -flat and found.largest > flat:
        return "saddle"
    if found.smallest > flat:
        return "minimum"
    return "maximum" if found.largest < -flat else None


def _around(f: Function, point: Array, radius: float, probes: int, seed: int) -> Array:
    """Return values on a sphere around `point`, at both ends of each of its diameters drawn."""
    rng = generator(seed, "diagnose", point.size)
    values = []
    for _ in range(probes):
        direction = rng.standard_normal(point.shape)
        step = radius / np.linalg.norm(direction) * direction
        values += [float(f.value(point + step)), float(f.value(point - step))]
    return np.array(values)


def _probed(around: Array, nothing: float) -> Kind:
    """Return what changes of the value on a sphere tell; `nothing` is a change too small to count."""
    up, down = float(around.max()) > nothing, float(around.min()) < -nothing
    if up and down:
        return "saddle"
    if float(around.mean()) > nothing:
        return "minimum"
    return "maximum" if float(around.mean()) < -nothing else "plateau"
