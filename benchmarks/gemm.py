"""The matrix products of a training step and nothing else: the floor that a step is measured against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import numpy as np

FEATURES, CLASSES = 784, 10


def products(members: int, hidden: Sequence[int], batch: int) -> list[Callable[[], object]]:
    """Return the calls of one step: forward, by the weights, and by all inputs but the first layer's.

    Each member has its own minibatch; arrays are float32, allocated here, and the products write into them.
    """
    rng = np.random.default_rng(0)

    def array(*shape: int) -> np.ndarray:
        return rng.standard_normal((members, *shape), dtype=np.float32)

    calls = []
    sizes = [FEATURES, *hidden, CLASSES]
    for layer, (wide, narrow) in enumerate(pairwise(sizes)):
        x, w, dy = array(batch, wide), array(wide, narrow), array(batch, narrow)
        calls.append(partial(np.matmul, x, w, out=array(batch, narrow)))
        calls.append(partial(np.matmul, x.swapaxes(-1, -2), dy, out=array(wide, narrow)))
        if layer:
            calls.append(partial(np.matmul, dy, w.swapaxes(-1, -2), out=array(batch, wide)))
    return calls
