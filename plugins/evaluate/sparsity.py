"""How sparse a net is: its weights, and what its units say."""

from fnmatch import fnmatchcase

import numpy as np

from pipeline import DataError, OptionError, evaluate, nearest
from pipeline.options import NonNegative


@evaluate
def sparsity(
    model, data, *, split: str = "test", threshold: NonNegative = 0.0, only: str = "*"
) -> dict[str, float]:
    """Measure the share of weights that are 0 and, over the rows of `split`, how few units are active.

    `quiet` is the share of hidden activations of at most `threshold` in size, `activity` their mean size and
    `hoyer` the mean over rows of (√n - Σ|h| / √Σh²) / (√n - 1), 0 where n units are equally active and 1
    where one alone is: Hoyer 2004 (JMLR 5), section 3.1.  `only` names activations, such as `hidden0`.
    A model that marks no hidden activations has weights only.  Of an ensemble the mean.
    """
    if not model.networks:
        raise DataError("only networks have weights and units\n    measure a train node that trains a net")
    measured = [
        _measure(network, network.prepared(data, split), threshold, only) for network in model.networks
    ]
    return {name: float(np.mean([one[name] for one in measured])) for name in measured[0]}


def _measure(network, inputs, threshold, only):
    weights = np.concatenate([w.ravel() for w in network.named_weights.values()])
    found = {"zero_weights": np.mean(weights == 0)}
    marked = network.hidden(inputs)
    hidden = [h.reshape(len(h), -1) for name, h in marked.items() if fnmatchcase(name, only)]
    if not hidden and only != "*":
        raise OptionError(
            f"`only` is {only!r}, which fits no hidden activation of the model\n"
            f"    allowed: {', '.join(marked) or 'none: it marks no such'}\n"
            f"    {nearest(only, marked)}".rstrip()
        )
    if hidden:
        sizes = np.abs(np.concatenate(hidden, axis=1).astype(np.float64))
        found |= {"quiet": np.mean(sizes <= threshold), "activity": sizes.mean(), "hoyer": _hoyer(sizes)}
    return found


def _hoyer(sizes):
    """Return the mean sparseness of rows (rows, n) of sizes; rows that are 0 do not count."""
    sizes = sizes[sizes.any(axis=1)]
    root = np.sqrt(sizes.shape[1])
    if not len(sizes) or root == 1:
        return 0.0
    ratio = sizes.sum(axis=1) / np.sqrt(np.square(sizes).sum(axis=1))
    return np.mean((root - ratio) / (root - 1))
