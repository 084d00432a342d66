"""What a layer's activations know of the classes."""

import numpy as np

from pipeline import DataError, evaluate, exhibits
from pipeline.options import Count


@evaluate
def purity(model, data, *, layer: str = "hidden0", neighbours: Count = 5, split: str = "test"):
    """Measure how many of each row's nearest neighbours in a layer are of its class, and draw the layer."""
    from sklearn.decomposition import PCA
    from sklearn.neighbors import NearestNeighbors

    inputs, labels = model.prepared(data, split), data.split(split)[1]
    layers = model.networks[0].hidden(inputs)
    if layer not in layers:
        raise DataError(f"the model has no layer {layer!r}\n    allowed: {', '.join(layers)}")
    code = layers[layer].reshape(len(inputs), -1).astype(np.float64)
    near = NearestNeighbors(n_neighbors=neighbours).fit(code).kneighbors(return_distance=False)
    drawn = exhibits.Scatter(
        PCA(2, svd_solver="full").fit_transform(code),
        [model.classes[label] for label in labels],
        caption=f"{layer} in two directions",
    )
    return {"purity": float((labels[near] == labels[:, None]).mean()), "map": drawn}
