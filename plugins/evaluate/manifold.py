"""How well a code of few numbers keeps which rows are near to each other."""

from typing import Literal

import numpy as np

from pipeline import DataError, OptionError, evaluate, exhibits
from pipeline.options import Count

Method = Literal["pca", "isomap", "tsne"]


@evaluate
def manifold(
    model,
    data,
    *,
    split: str = "test",
    head: str = "code",
    neighbors: Count = 5,
    against: tuple[Method, ...] = ("pca",),
):
    """Measure the `trustworthiness` of the model's `head`: near in it is near in the inputs, at best 1.

    Venna & Kaski 2001, by scikit-learn, over `neighbors`.  The methods in `against` embed the rows of the
    split in as many numbers, fitted on these rows themselves (PCA on the train rows), and are measured
    alike.  Codes of two numbers are drawn, coloured by the auxiliary targets `labels`, or by class.
    """
    inputs = model.prepared(data, split)
    flat = inputs.reshape(len(inputs), -1).astype(np.float64)
    if neighbors >= len(flat) / 2:
        raise OptionError(f"neighbors {neighbors} is too many for {len(flat)} rows\n    give fewer than half")
    code = model.head(head, inputs).reshape(len(inputs), -1).astype(np.float64)
    codes = {"": code}
    for method in against:
        codes[f"{method}_"] = _embedded(method, flat, model.prepared(data, "train"), code.shape[1], neighbors)
    labels = _labels(data, split)
    return _measured(codes, flat, neighbors) | _drawn(codes, labels)


def _measured(codes, flat, neighbors):
    from sklearn.manifold import trustworthiness

    return {
        f"{name}trustworthiness": float(trustworthiness(flat, code, n_neighbors=neighbors))
        for name, code in codes.items()
    }


def _embedded(method, flat, train, width, neighbors):
    if method == "pca":
        from sklearn.decomposition import PCA

        return PCA(width, svd_solver="full").fit(train.reshape(len(train), -1)).transform(flat)
    if method == "isomap":
        from sklearn.manifold import Isomap

        return Isomap(n_neighbors=min(max(neighbors, 10), len(flat) - 1), n_components=width).fit_transform(
            flat
        )
    from sklearn.manifold import TSNE

    if width > 3:
        raise DataError(
            f"t-SNE embeds in 1 to 3 numbers, the code has {width}\n    leave tsne out of `against`"
        )
    perplexity = min(30, (len(flat) - 1) / 3)
    return (
        TSNE(width, perplexity=perplexity, init="pca", random_state=0).fit_transform(flat).astype(np.float64)
    )


def _labels(data, split):
    rows = data.rows(split)
    if "labels" in data.auxiliary:
        return data.auxiliary["labels"][rows]
    return np.array(data.classes)[data.targets[rows]] if data.task == "classes" else np.full(len(rows), "")


def _drawn(codes, labels):
    names = {"": "The code", "pca_": "PCA", "isomap_": "Isomap", "tsne_": "t-SNE"}
    return {
        f"{name}map": exhibits.Scatter(code, labels, caption=names[name])
        for name, code in codes.items()
        if code.shape[1] == 2
    }
