"""Classification with missing inputs."""

from statistics import mean

from benchmarks.catalogue.row import AtLeast, Row
from benchmarks.catalogue.runs import metrics

ROW = Row(
    id="B2",
    name="Classification with missing inputs",
    sentence="Of 30 % of the measurements missing, a joint density makes more than their mean does, "
    "and so does the same net that sees what is missing.",
    source="Ghahramani & Jordan 1994; Bouchard & Triggs 2004",
    bars={
        "accuracy of the joint density minus that of mean imputation": AtLeast(0.003),
        "accuracy of the net with a mask minus that of mean imputation": AtLeast(0.001),
    },
    dags=("missing_inputs.yaml",),
    stages=(
        "transform.hide",
        "transform.impute",
        "transform.mask",
        "augment.hide",
        "model.class_gaussians",
        "loss.joint",
    ),
)
SEEDS = range(0, 80, 10)  # of split, holes and weights; each net is trained from three starts


def figures(runs):
    """Return what accuracy is gained on test rows, in the mean over 8 splits and 3 starts each."""
    results = [runs("missing_inputs.yaml", seed=seed) for seed in SEEDS]
    scores = {
        way: mean(metrics(each, f"score_{way}")["accuracy"] for each in results)
        for way in ("mean", "mask", "joint")
    }
    return {
        "accuracy of the joint density minus that of mean imputation": scores["joint"] - scores["mean"],
        "accuracy of the net with a mask minus that of mean imputation": scores["mask"] - scores["mean"],
    }
