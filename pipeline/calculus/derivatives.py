"""Products of second derivatives with a vector, in a trace: nothing here forms a matrix."""

from __future__ import annotations

from pipeline.engine import Tensor, gradient, jvp, ops, vjp
from pipeline.errors import ShapeError


def hessian_product(total: Tensor, w: Tensor, v: Tensor) -> Tensor:
    """Return H v, H the Hessian of the scalar `total` to `w`: the gradient of v'∇f (Pearlmutter 1994)."""
    (g,) = gradient(total, [w])
    return gradient(ops.sum(g * v), [w])[0]


def gauss_newton_product(total: Tensor, outputs: Tensor | None, w: Tensor, v: Tensor) -> Tensor:
    """Return G v, G = J'AJ + B: `total` is a scalar of w and of `outputs`, which are a function of w.

    J is the outputs' Jacobian to w, A the Hessian of `total` to the outputs, B its Hessian to w while the
    outputs stay (that of penalties): what is left out is the outputs' own curvature.  Schraudolph 2002.
    """
    if outputs is None:
        raise ShapeError("a Gauss-Newton product needs a function of outputs: give Function(f, x, through=g)")
    # asked for both, a gradient to w does not go through the outputs
    u = ops.stop_gradient(jvp([outputs], [w], [v])[0])
    to_w, to_outputs = gradient(total, [w, outputs])
    slope = ops.sum(to_w * v) + ops.sum(to_outputs * u)
    own, pulled = gradient(slope, [w, outputs])
    return own + vjp([outputs], [w], [pulled])[0]
