"""Manifold learning."""

from benchmarks.catalogue.row import AtLeast, Row
from benchmarks.catalogue.runs import metrics

ROW = Row(
    id="B12",
    name="Manifold learning",
    sentence="An autoencoder's code of two numbers keeps which digits are alike better than two principal "
    "components do; Isomap and t-SNE stand beside it, and all are drawn.",
    source="Hinton & Salakhutdinov 2006; Venna & Kaski 2001",
    bars={"trustworthiness above PCA's, mean of 3 starts": AtLeast(0.05)},
    dags=("manifold.yaml",),
    stages=("evaluate.manifold", "model.autoencoder"),
)


def figures(runs):
    """Return by how much the code is to be trusted more than two principal components, on test digits."""
    found = metrics(runs("manifold.yaml"), "map")
    return {
        "trustworthiness above PCA's, mean of 3 starts": found["trustworthiness"]
        - found["pca_trustworthiness"]
    }
