"""Several tasks on one trunk."""

from statistics import mean

from benchmarks.catalogue.row import AtLeast, Row

ROW = Row(
    id="R6",
    name="Multitask learning",
    sentence="A trunk that also learns whether a digit is even, known of every row, tells digits better "
    "of which few are known.",
    source="Caruana 1997, Multitask Learning",
    bars={
        "accuracy of the digits with parity minus alone, mean of 5 seeds": AtLeast(0.008),
        "the same of the worst seed": AtLeast(0.0),
        "accuracy of parity, the main task": AtLeast(0.95),
    },
    dags=("multitask.yaml",),
    stages=(
        "model.multitask",
        "regularizer.auxiliary",
        "transform.auxiliary",
        "transform.regroup",
        "evaluate.head",
    ),
)


def figures(runs):
    """Return what the heads' accuracies on test digits are, together and alone, seed by seed."""
    nodes = runs("multitask.yaml").nodes
    together, alone = (_by_seed(nodes["digits_told"], share) for share in ("0.5", "1"))
    gains = [together[seed] - alone[seed] for seed in together]
    return {
        "accuracy of the digits with parity minus alone, mean of 5 seeds": mean(gains),
        "the same of the worst seed": min(gains),
        "accuracy of parity, the main task": mean(_by_seed(nodes["parity_told"], "0.5").values()),
    }


def _by_seed(node, share):
    """Return the accuracy of each seed where the digits' head has this share of the loss."""
    labels = {one["label"].split("[")[1]: one["metrics"]["accuracy"] for one in node["results"]}
    return {
        label.split()[1]: value
        for label, value in labels.items()
        if label.startswith(f"digit.share={share} ")
    }
