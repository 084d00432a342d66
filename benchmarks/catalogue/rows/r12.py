"""Attacks and the training against them."""

from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import metrics

ROW = Row(
    id="R12",
    name="Adversarial examples and training",
    sentence="One step of 0.25 in each pixel breaks a plain net and others with it; trained on such digits a "
    "net withstands such steps, though not ten smaller ones, and makes fewer errors on digits as they are.",
    source="Goodfellow et al. 2015 (arXiv:1412.6572), eq. 1 and section 6; Madry et al. 2018; "
    "Szegedy et al. 2014",
    bars={
        "error of a plain net under FGSM of 0.25": AtLeast(0.8),
        "error of a net trained with it": AtMost(0.25),
        "its error on digits as they are": AtMost(0.06),
        "error of a net on what was made against another": AtLeast(0.5),
        "probability reached by designed inputs": AtLeast(0.99),
    },
    dags=("adversarial.yaml",),
    stages=("evaluate.attack", "evaluate.design", "regularizer.adversarial"),
)


def figures(runs):
    """Return the errors on test digits under attack, and what designed inputs reach."""
    results = runs("adversarial.yaml", digits__path=runs.data("mnist10k.npz"))
    hardened = metrics(results, "fgsm_hardened")
    return {
        "error of a plain net under FGSM of 0.25": metrics(results, "fgsm_plain")["error"],
        "error of a net trained with it": hardened["error"],
        "its error on digits as they are": hardened["clean_error"],
        "error of a net on what was made against another": metrics(results, "between")["transferred_error"],
        "probability reached by designed inputs": metrics(results, "designed")["reached"],
    }
