"""R3: augmentation, at each step and once before training."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.catalogue.row import AtLeast, Row
from benchmarks.catalogue.runs import Runs, metrics

ROW = Row(
    id="R3",
    name="Augmentation",
    sentence="Images turned, moved, scaled, mirrored, bent, cropped, hidden in part, noisy, mixed; anew "
    "at each step or once before training; digits that are mirrored are no digits any more (3 splits)",
    source="Simard et al. 2003; DeVries & Taylor 2017; Zhang et al. 2018 (arXiv:1710.09412)",
    stages=(
        "augment.rotate",
        "augment.shift",
        "augment.scale",
        "augment.flip",
        "augment.elastic",
        "augment.crop",
        "augment.cutout",
        "augment.noise",
        "regularizer.mixup",
        "transform.augmented",
    ),
    dags=("augmentation.yaml", "noise.yaml"),
    bars={
        "accuracy gained by turning, moving, scaling": AtLeast(0.02),
        "accuracy gained by these, once before training": AtLeast(0.02),
        "accuracy gained by elastic bending": AtLeast(0.02),
        "accuracy gained by cropping": AtLeast(0.003),
        "accuracy gained by mixing, 8 x 8 digits (5 splits)": AtLeast(0.003),
        "accuracy lost by mirroring": AtLeast(0.01),
    },
)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return what each adds to the accuracy of a net trained on five hundred digits."""
    digits, small = runs("augmentation.yaml"), runs("noise.yaml")

    def gain(name: str) -> float:
        return metrics(digits, f"score_{name}")["accuracy"] - metrics(digits, "score_plain")["accuracy"]

    mixed = metrics(small, "score_mixed")["accuracy"] - metrics(small, "score_plain")["accuracy"]
    return {
        "accuracy gained by turning, moving, scaling": gain("moved"),
        "accuracy gained by these, once before training": gain("offline"),
        "accuracy gained by elastic bending": gain("bent"),
        "accuracy gained by cropping": gain("cropped"),
        "accuracy gained by mixing, 8 x 8 digits (5 splits)": mixed,
        "accuracy lost by mirroring": -gain("mirrored"),
    }
