"""How the loss of a trained network bends around its weights."""

import math
import warnings

import numpy as np

from pipeline import calculus, evaluate, exhibits
from pipeline.options import Count, NonNegative

KINDS = ("slope", "plateau", "saddle", "minimum", "poor_minimum", "maximum")
POINTS = 41  # of the curve of the loss along the gradient


@evaluate
def curvature(
    model,
    data,
    *,
    split: str = "train",
    rate: NonNegative = 0.0,
    iterations: Count = 100,
    still: NonNegative = 1e-2,
    flat: NonNegative = 1e-2,
    good: NonNegative = 0.1,
):
    """Measure gradient and curvature of the loss at the weights, propose a learning rate, forecast a step.

    The proposal is 1/λ, λ the Hessian's largest eigenvalue, found by at most `iterations` of Lanczos; the
    Hessian is not formed.  The forecast f - ε g'g + ½ε² g'Hg is of a step of `rate`, by default the one
    proposed; a `rate` that goes uphill gives a warning.  The point is a slope where the gradient is longer
    than `still`; else a saddle, a minimum (poor where the loss is above `good`), a maximum or a plateau, as
    eigenvalues beyond `flat` tell, and the losses around.  Goodfellow et al. 2016, section 4.3.1.
    """
    f, w = model.loss_function(data, split), model.weights.astype(np.float64)
    found = calculus.diagnose(f, w, still=still, flat=flat, low=good, iterations=iterations)
    ahead, bent = calculus.forecast(f, w), found.curvature
    numbers = {
        "loss": found.value,
        "gradient_norm": found.gradient_norm,
        "slope": _slope(f, w, found.gradient_norm),
        "largest_eigenvalue": bent.largest,
        "smallest_eigenvalue": bent.smallest,
        "condition": bent.condition if bent.smallest > 0 else math.inf,
        "proposed_rate": 1 / bent.largest if bent.largest > 0 else math.inf,
        "best_rate": ahead.best_rate,
        **{f"is_{kind}": float(found.kind == kind.replace("_", " ")) for kind in KINDS},
    }
    taken = rate or numbers["proposed_rate"]
    if math.isfinite(taken):
        numbers |= _stepped(f, w, ahead, taken, rate > 0)
    numbers = {name: float(value) for name, value in numbers.items() if math.isfinite(value)}
    along = _along(f, w, ahead, taken) if math.isfinite(taken) else {}
    return {**numbers, **along, "point": _table(found.kind, numbers)}


def _slope(f, w, norm):
    """Return the derivative of the loss along its steepest descent: minus the gradient's length."""
    return f.directional(w, -f.gradient(w) / norm) if norm else 0.0


def _stepped(f, w, ahead, rate, asked):
    after = f(w - rate * f.gradient(w))
    if asked and after > ahead.value:
        warnings.warn(
            f"a step of rate {rate:g} goes uphill, from {ahead.value:g} to {after:g}; "
            f"the lowest forecast is at {ahead.best_rate:g}",
            calculus.UphillWarning,
            stacklevel=2,
        )
    return {"rate": rate, "forecast": ahead.at(rate), "loss_after_step": after}


def _along(f, w, ahead, rate):
    g = f.gradient(w)
    rates = np.linspace(0, 3 * rate, POINTS)
    measured = np.array([f(w - each * g) for each in rates])
    if not np.isfinite(measured).all():
        return {}
    series = {"loss": measured, "forecast": np.array([ahead.at(each) for each in rates])}
    caption = "The loss after a step against the gradient, and its second-order forecast"
    return {"along_the_gradient": exhibits.Lines(rates, series, caption, "rate", "loss")}


def _table(kind, numbers):
    rows = [("point", kind), *(pair for pair in numbers.items() if not pair[0].startswith("is_"))]
    return exhibits.Table(("measure", "value"), rows, "The loss around the trained weights")
