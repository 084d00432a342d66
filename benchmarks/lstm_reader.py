"""A model that reads images row by row, as a stage that a DAG file could name under `plugins`."""

from pipeline import model, nn
from pipeline.options import Count


@model
def lstm_reader(x, net, *, units: Count = 64, outputs: Count):
    """Read the rows of images (batch, height, width) by an LSTM; its last state tells the classes."""
    _, (h, _) = nn.lstm(net, x, units, name="lstm")
    return net.dense(h, outputs, name="out", init="glorot")
