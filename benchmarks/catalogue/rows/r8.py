"""R8: parameters that are the same, or drawn towards each other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmarks.catalogue.against_torch import deviation
from benchmarks.catalogue.row import AtMost, Row
from benchmarks.catalogue.runs import Runs, metrics
from pipeline.results import Results

ROW = Row(
    id="R8",
    name="Parameter tying and soft sharing",
    sentence="An autoencoder of digits whose decoder is its encoder turned round, half the weights; or two "
    "parameters with a penalty on their difference (3 seeds)",
    source="Vincent et al. 2010, section 2.1; Lasserre et al. 2006; Nowlan & Hinton 1992",
    stages=("model.autoencoder", "regularizer.sharing"),
    dags=("tied.yaml",),
    bars={
        "tied autoencoder, five steps beside PyTorch's": AtMost(1e-9),
        "shared weights, five steps beside PyTorch's": AtMost(1e-9),
        "distance of decoder and encoder, shared, of that of free ones": AtMost(0.2),
        "error of the tied autoencoder, of the free one's": AtMost(1.05),
        "error of the shared autoencoder, of the free one's": AtMost(1.05),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return how exact both are, and what they do to an autoencoder of digits."""
    results = runs("tied.yaml")
    error = {name: metrics(results, f"score_{name}")["rmse"] for name in ("free", "tied", "drawn")}
    return {
        "tied autoencoder, five steps beside PyTorch's": deviation("tied"),
        "shared weights, five steps beside PyTorch's": deviation("sharing"),
        "distance of decoder and encoder, shared, of that of free ones": _distance(results, "drawn")
        / _distance(results, "free"),
        "error of the tied autoencoder, of the free one's": error["tied"] / error["free"],
        "error of the shared autoencoder, of the free one's": error["drawn"] / error["free"],
    }


def _distance(results: Results, node: str) -> float:
    """Return the distance of the decoder's weights from the encoder's, relative to these."""
    found = results.model(node).networks[0].parameters
    encode, decode = found["encode0.weights"], found["decode0.weights"]
    return float(np.linalg.norm(encode - decode.T) / np.linalg.norm(encode))
