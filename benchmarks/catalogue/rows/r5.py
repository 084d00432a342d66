"""Learning from examples without labels."""

from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import metrics

WAYS = {
    "entropy": "entropy minimisation",
    "pseudo": "pseudo-labels",
    "graph": "the graph's Laplacian",
    "vat": "virtual adversarial training",
}
RATIO = "error on 2,000 MNIST digits, 100 labels: virtual adversarial over supervised training"
SAME = "the same on the digits without labels themselves"
ROW = Row(
    id="R5",
    name="Semi-supervised learning",
    sentence="Of few labels and many examples without, on new examples and on those themselves.",
    source="Grandvalet & Bengio 2005; Belkin et al. 2006; Lee 2013; Miyato et al. 2018 (arXiv:1704.03976)",
    bars={
        RATIO: AtMost(0.5),
        SAME: AtMost(0.5),
        **{
            f"accuracy gained on digits by {name}, mean of 5 choices": AtLeast(0.01) for name in WAYS.values()
        },
    },
    dags=("semi_supervised.yaml", "virtual_adversarial.yaml"),
    stages=(
        "transform.unlabel",
        "transform.shrink",
        "regularizer.entropy",
        "regularizer.pseudo_labels",
        "regularizer.laplacian",
        "regularizer.virtual_adversarial",
    ),
)


def figures(runs):
    """Return ratios of errors on MNIST, and gains on digits over five choices of the labelled rows."""
    mnist = runs("virtual_adversarial.yaml", digits__path=runs.data("mnist10k.npz"))
    digits = runs("semi_supervised.yaml")
    alone = metrics(digits, "of_alone")["accuracy"]
    return {
        RATIO: _error(mnist, "of_vat") / _error(mnist, "of_alone"),
        SAME: _error(mnist, "same_vat") / _error(mnist, "same_alone"),
        **{
            f"accuracy gained on digits by {name}, mean of 5 choices": metrics(digits, f"of_{way}")[
                "accuracy"
            ]
            - alone
            for way, name in WAYS.items()
        },
    }


def _error(results, node):
    return 1 - metrics(results, node)["accuracy"]
