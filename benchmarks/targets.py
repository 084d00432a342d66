"""What each work is held to: a multiple of what another takes in the same run, or seconds."""

from __future__ import annotations

from collections.abc import Mapping

PRODUCTS = "matrix products alone"
EAGER = "torch eager, one by one"
VMAP = "torch.func.vmap"
JAX = "JAX jit + vmap"
SCAN = "JAX jit + vmap + scan"
PROCESSES = "torch in 2 processes"
SKLEARN = "scikit-learn GridSearchCV"
OPTUNA = "Optuna + torch"
RAY = "Ray Tune + torch"

# The longest time of a work as a multiple of another's: 1/6 is six times as fast.
MULTIPLES: Mapping[str, Mapping[str, float]] = {
    "16 members, [32], batch 32": {PRODUCTS: 2.2, EAGER: 1 / 6, VMAP: 1 / 4, JAX: 1},
    "64 members, [32], batch 32": {PRODUCTS: 2.2, EAGER: 1 / 6, VMAP: 1 / 4, JAX: 1},
    "16 members, [128, 64], batch 64": {PRODUCTS: 1.5, EAGER: 1 / 2.5, VMAP: 1 / 5, JAX: 1},
    "16 members, [256, 256], batch 128": {PRODUCTS: 1.25, EAGER: 1 / 1.7, JAX: 1},
    "reference sweep, 64 trials": {SCAN: 1 / 2.5, PROCESSES: 1 / 5, SKLEARN: 1 / 5, RAY: 1 / 50},
}
SECONDS: Mapping[str, float] = {"reference sweep, 64 trials": 1.8}


def multiples(work: str) -> Mapping[str, float]:
    """Return what a work is held to beside others, by their names."""
    return MULTIPLES.get(work, {})


def limit(work: str, others: Mapping[str, float]) -> float | None:
    """Return the most seconds that `work` may take beside `others`, None if it is held to nothing."""
    held = multiples(work)
    limits = [held[name] * seconds for name, seconds in others.items() if name in held]
    limits += [SECONDS[work]] if work in SECONDS else []
    return min(limits, default=None)
