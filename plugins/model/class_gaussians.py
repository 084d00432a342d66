"""A generative classifier whose inputs may be missing."""

from math import log, pi

from pipeline import ShapeError, model, ops
from pipeline.options import Natural, Positive


@model
def class_gaussians(x, net, *, rank: Natural = 4, floor: Positive = 1e-2, outputs: int):
    """Give log p(x, y) of each class y, (batch, classes), with missing inputs integrated out.

    The inputs are those of transform.mask, (batch, 2 · features): features, then which of them are there.
    A class's density is a Gaussian of covariance D + V Vᵀ, D diagonal and at least `floor`, V of `rank`
    columns (a factor analyser: Ghahramani & Hinton 1996, equation 2); where inputs are missing, it is the
    marginal of the others.  Train it with loss.joint for the joint density, or with loss.softmax for the
    classes alone.
    """
    if x.ndim != 2 or x.shape[1] % 2:
        raise ShapeError(
            f"class_gaussians: inputs of shape {x.shape}; allowed: (batch, 2 · features)\n"
            "    put transform.mask before training"
        )
    d = x.shape[1] // 2
    there = ops.where(x[:, d:] > 0.5, 1.0, 0.0)
    x = x[:, :d] * there
    prior = ops.log_softmax(net.parameter("prior", (outputs,), "zeros", weight=False))
    means = net.parameter("means", (outputs, d), "zeros", weight=False)
    spread = floor + ops.exp(net.parameter("log_variances", (outputs, d), "zeros", weight=False))
    factors = [net.parameter(f"factor{i}", (outputs, d), _small) for i in range(rank)]
    distance, volume = _diagonal(x, there, means, spread)
    for change, ratio in _woodbury(x, there, means, spread, factors):
        distance, volume = distance - ops.square(change), volume + 2 * ops.log(ratio)
    count = ops.sum(there, axis=-1, keepdims=True)
    return prior - 0.5 * (distance + volume + count * log(2 * pi))


def _small(rng, shape):
    return 0.3 * rng.standard_normal(shape)


def _diagonal(x, there, means, spread):
    """Return Mahalanobis' distance and the log determinant under D, (batch, classes) each."""
    p = 1 / spread
    distance = ops.square(x) @ ops.transpose(p) - 2 * x @ ops.transpose(p * means)
    return distance + there @ ops.transpose(p * ops.square(means)), there @ ops.transpose(ops.log(spread))


def _woodbury(x, there, means, spread, factors):
    """Yield for each factor what V adds: z = L⁻¹ Vᵀ D⁻¹ (x - m) and L's diagonal, L Lᵀ = I + Vᵀ D⁻¹ V.

    All of it over the features that are there; each is (batch, classes).
    """
    rows, found = [], []
    for i, v in enumerate(factors):
        scaled = v / spread
        change = x @ ops.transpose(scaled) - there @ ops.transpose(scaled * means)
        row = []
        for j in range(i):
            dot = there @ ops.transpose(scaled * factors[j])
            row.append((dot - _dot(row, rows[j])) / rows[j][j])
        row.append(ops.sqrt(1 + there @ ops.transpose(scaled * v) - _dot(row, row)))
        found.append((change - _dot(row, found)) / row[i])
        rows.append(row)
        yield found[i], row[i]


def _dot(a, b):
    return sum((left * right for left, right in zip(a, b, strict=False)), start=0.0)
