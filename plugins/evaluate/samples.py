"""What a model of densities draws."""

import numpy as np

from pipeline import evaluate, exhibits
from pipeline.options import Count, Natural


@evaluate
def samples(model, data, *, split: str = "train", count: Count = 40, seed: Natural = 0):
    """Draw `count` inputs from the model and compare them with the rows of a split.

    `mean_gap` and `std_gap` are the root mean squared differences of the features' means and standard
    deviations; `nearest` is the mean distance of a sample to the row nearest to it, and `nearest_row` that of
    a row to the row nearest to it: copies would have 0.  Images and points of two features are drawn.
    """
    drawn = model.sample(count, seed)
    rows = model.prepared(data, split)
    a, b = (x.reshape(len(x), -1).astype(np.float64) for x in (drawn, rows))
    measured = {
        "mean_gap": _gap(a.mean(axis=0), b.mean(axis=0)),
        "std_gap": _gap(a.std(axis=0), b.std(axis=0)),
        "nearest": _nearest(a, b),
        "nearest_row": _nearest(b[:: max(1, len(b) // count)], b, itself=True),
    }
    if drawn.ndim == 3:
        measured["images"] = exhibits.Images(drawn, caption="Samples")
    elif a.shape[1] == 2:
        labels = ["data"] * len(b) + ["sample"] * len(a)
        measured["points"] = exhibits.Scatter(np.concatenate([b, a]), labels, caption="Data and samples")
    return measured


def _gap(a, b):
    return float(np.sqrt(np.square(a - b).mean()))


def _nearest(points, rows, itself=False):
    from sklearn.neighbors import NearestNeighbors

    distances, _ = NearestNeighbors(n_neighbors=1 + itself).fit(rows).kneighbors(points)
    return float(distances[:, -1].mean())
