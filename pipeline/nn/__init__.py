"""Blocks that several models share: functions of (net, x, ...) or of x alone, for one member.

Images are (batch, height, width, channels), sequences (batch, steps, features), tables end in features.
"""

from pipeline.nn.chains import chain
from pipeline.nn.features import embedding, layer_norm
from pipeline.nn.images import as_images, avg_pool, conv2d, max_pool
from pipeline.nn.recurrent import gru, lstm, rnn
from pipeline.nn.sampling import places, sample

__all__ = [
    "as_images",
    "avg_pool",
    "chain",
    "conv2d",
    "embedding",
    "gru",
    "layer_norm",
    "lstm",
    "max_pool",
    "places",
    "rnn",
    "sample",
]
