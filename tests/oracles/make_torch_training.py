"""Write how PyTorch's other optimizers and schedules train, for the tests: torch_training.json.

Run it in an environment of its own (pip install torch==2.13.0 numpy); the tests need only the file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from make_torch_figures import KEPT, START, factors, trajectory

HERE = Path(__file__).parent
optim = torch.optim

# name of the case: stage, its options, the class in torch and the options there
OPTIMIZERS: dict[str, tuple[str, dict[str, Any], type[optim.Optimizer], dict[str, Any]]] = {
    "adadelta": ("adadelta", {"lr": 1.0}, optim.Adadelta, {}),
    "adadelta all": (
        "adadelta",
        {"lr": 0.5, "decay": 0.8, "weight_decay": 0.1, "eps": 1e-2},
        optim.Adadelta,
        {"rho": 0.8},
    ),
    "nadam": ("nadam", {"lr": 0.05}, optim.NAdam, {}),
    "nadam all": (
        "nadam",
        {"lr": 0.05, "beta1": 0.8, "beta2": 0.9, "momentum_decay": 0.1, "eps": 1e-3},
        optim.NAdam,
        {"betas": (0.8, 0.9)},
    ),
    "adam amsgrad": (
        "adam",
        {"lr": 0.1, "beta1": 0.5, "beta2": 0.6, "amsgrad": True},
        optim.Adam,
        {"betas": (0.5, 0.6)},
    ),
    "adamw amsgrad": (
        "adamw",
        {"lr": 0.1, "beta1": 0.5, "beta2": 0.6, "weight_decay": 0.1, "amsgrad": True},
        optim.AdamW,
        {"betas": (0.5, 0.6)},
    ),
}
RENAMED = {"beta1", "beta2", "decay"}
LOSSES = (1.0, 0.8, 0.81, 0.8, 0.79, 0.9, 0.9, 0.9, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.2, 0.3)


def optimizers() -> dict[str, Any]:
    """Return each optimizer's options and trajectory."""
    cases = {}
    for name, (stage, options, make, special) in OPTIMIZERS.items():
        shared = {key: value for key, value in options.items() if key not in RENAMED}
        cases[name] = {"stage": stage, "options": options, "path": trajectory(make, {**shared, **special})}
    return cases


def one_cycle(**options: Any) -> list[float]:
    """Return the factors of one cycle of 12 steps, momentum left alone."""

    def make(optimizer: optim.Optimizer) -> Any:
        schedule = optim.lr_scheduler.OneCycleLR
        return schedule(optimizer, 1.0, total_steps=12, cycle_momentum=False, **options)

    return [*factors(make, 11), final(make)]


def final(make: Any) -> float:
    """Return the rate of the twelfth and last step, after which a cycle refuses to go on."""
    optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimizer)
    for _ in range(11):
        optimizer.step()
        scheduler.step()
    return float(optimizer.param_groups[0]["lr"])


def plateau(**options: Any) -> list[float]:
    """Return the learning rate after each of LOSSES."""
    optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
    rates = []
    for loss in LOSSES:
        scheduler.step(loss)
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


def main() -> None:
    """Write the file beside this one."""
    torch.set_default_dtype(torch.float64)  # that of the scalars in an optimizer's state
    figures = {
        "torch": torch.__version__,
        "start": START,
        "kept": KEPT,
        "optimizers": optimizers(),
        "schedules": {
            "one cycle": one_cycle(),
            "one cycle linear": one_cycle(
                anneal_strategy="linear", pct_start=0.5, div_factor=4.0, final_div_factor=10.0
            ),
        },
        "losses": LOSSES,
        "plateaus": {
            "patience 1": plateau(factor=0.5, patience=1, threshold=0.0),
            "tolerance": plateau(factor=0.1, patience=2, threshold=0.05, threshold_mode="abs", min_lr=0.05),
            "cooldown": plateau(factor=0.5, patience=0, threshold=0.0, cooldown=2),
        },
    }
    (HERE / "torch_training.json").write_text(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
