"""One training step of small convolutional nets on one core: plait's beside torch, one net after another.

Two 3 x 3 convolutions of 16 and 32 channels, each with relu and pooled by 2, then the classes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.networks import CLASSES, SIDE, Model, measured

MEMBERS, BATCH, CHANNELS, KERNEL = 8, 64, (16, 32), 3
MODEL = Model("model.cnn", {"channels": list(CHANNELS), "hidden": []})


def works(quick: bool = False) -> dict[str, dict[str, object]]:
    """Return the median seconds of a step of all members, held to be no longer than torch's."""
    name = f"CNN of {list(CHANNELS)} channels, {MEMBERS} members, batch {BATCH}"
    return {name: measured(MODEL, MEMBERS, BATCH, 1.0, products(), "torch_cnn", quick)}


def products() -> Callable[[], object]:
    """Return the matrix products of a step and nothing else: patches that are there already, by weights."""
    rng = np.random.default_rng(0)

    def array(*shape: int) -> np.ndarray:
        return rng.standard_normal((MEMBERS, *shape), dtype=np.float32)

    calls, side, depth = [], SIDE, 1
    for channels in CHANNELS:
        pixels, features = BATCH * side * side, KERNEL * KERNEL * depth + 1
        patches, g = array(pixels, features), array(pixels, channels)
        calls.append(partial(np.matmul, patches, array(features, channels), out=array(pixels, channels)))
        calls.append(partial(np.matmul, patches.swapaxes(1, 2), g, out=array(features, channels)))
        if depth > 1:  # the images need no gradient
            back = KERNEL * KERNEL * channels
            calls.append(
                partial(np.matmul, array(pixels, back), array(back, depth), out=array(pixels, depth))
            )
        side, depth = side // 2, channels
    flat, g = array(BATCH, side * side * depth), array(BATCH, CLASSES)
    w = array(flat.shape[-1], CLASSES)
    calls.append(partial(np.matmul, flat, w, out=array(BATCH, CLASSES)))
    calls.append(partial(np.matmul, flat.swapaxes(1, 2), g, out=array(*w.shape[1:])))
    calls.append(partial(np.matmul, g, w.swapaxes(1, 2), out=array(*flat.shape[1:])))
    return lambda: [call() for call in calls]
