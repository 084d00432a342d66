"""Blocks that several models share: functions of (net, x, ...) or of x alone, for one member.

Images are (batch, height, width, channels), sequences (batch, steps, features), tables end in features.
"""

from pipeline.nn.chains import chain
from pipeline.nn.classes import divergence, entropy, log_probabilities
from pipeline.nn.features import embedding
from pipeline.nn.images import as_images, avg_pool, conv2d, max_pool
from pipeline.nn.noise import dropout
from pipeline.nn.norms import Norm, batch_norm, layer_norm, normalize
from pipeline.nn.recurrent import gru, lstm, rnn
from pipeline.nn.residual import residual
from pipeline.nn.sampling import places, sample
from pipeline.nn.targets import as_columns
from pipeline.nn.units import Activation, PlainActivation, activate, linear_width, maxout, prelu, rises

__all__ = [
    "Activation",
    "Norm",
    "PlainActivation",
    "activate",
    "as_columns",
    "as_images",
    "avg_pool",
    "batch_norm",
    "chain",
    "conv2d",
    "divergence",
    "dropout",
    "embedding",
    "entropy",
    "gru",
    "layer_norm",
    "linear_width",
    "log_probabilities",
    "lstm",
    "max_pool",
    "maxout",
    "normalize",
    "places",
    "prelu",
    "residual",
    "rises",
    "rnn",
    "sample",
]
