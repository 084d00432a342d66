"""Which setting is best: trials of one setting joined over seeds, ranked by a validation metric."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from pipeline.dag.gather import mode_of
from pipeline.dag.labels import label as written

PREFERRED = ("accuracy", "rmse", "loss")


@dataclass(frozen=True)
class Spread:
    """A mean over seeds and the standard deviation among them (NaN where there is one seed)."""

    mean: float
    deviation: float
    count: int

    def __str__(self) -> str:
        if math.isnan(self.mean):
            return "-"
        return f"{self.mean:.4f}" + ("" if math.isnan(self.deviation) else f" ± {self.deviation:.4f}")


@dataclass(frozen=True)
class Standing:
    """A setting's place: its label, how many seeds ended and failed, each metric's spread."""

    label: str
    trials: tuple[str, ...]
    ended: int
    failed: int
    metrics: Mapping[str, Spread]


def spread(values: Iterable[float]) -> Spread:
    """Return mean and standard deviation of the finite numbers among `values`."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    mean = fmean(finite) if finite else math.nan
    return Spread(mean, stdev(finite) if len(finite) > 1 else math.nan, len(finite))


def chosen_metric(trials: Iterable[Mapping[str, Any]]) -> str:
    """Return the validation metric to rank by: accuracy, else rmse, else loss, else the first there is."""
    names = list(dict.fromkeys(name for trial in trials for name in trial["metrics"] or {}))
    return next((name for name in PREFERRED if name in names), names[0] if names else "")


def standings(
    trials: Iterable[Mapping[str, Any]], metric: str, replicated: Collection[str] = ()
) -> list[Standing]:
    """Join `trials` that differ only in the seed, or in an option of `replicated`, and rank the settings.

    Settings without a value (all seeds failed) come last.
    """
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for trial in trials:
        setting = {name: value for name, value in trial["options"].items() if name not in replicated}
        groups.setdefault(setting_label(setting), []).append(trial)
    return sorted(
        (_standing(label, group) for label, group in groups.items()), key=lambda s: _order(s, metric)
    )


def simplest_standing(ranked: Sequence[Standing], metric: str) -> Standing | None:
    """Return the first setting of the sweep that is within one standard error of the best, or None.

    Settings are taken to be listed from simple to complex.  None where trials do not repeat, or where the
    best is itself the first: there is nothing to choose then.
    """
    from pipeline.capacity import simplest  # imports NumPy

    measured = [s for s in ranked if metric in s.metrics and not math.isnan(s.metrics[metric].deviation)]
    if len(measured) < 2 or len(measured) < len(ranked):
        return None
    listed = sorted(measured, key=lambda standing: (len(standing.trials[0]), standing.trials[0]))
    spreads = [standing.metrics[metric] for standing in listed]
    chosen = simplest(
        [spread.mean for spread in spreads],
        [spread.deviation / math.sqrt(spread.count) for spread in spreads],
        larger_is_better=mode_of(metric) == "max",
    )
    return None if listed[chosen] is ranked[0] else listed[chosen]


def setting_label(options: Mapping[str, Any]) -> str:
    """Return "adam.lr=0.01 decay.strength=0" for a trial's swept options."""
    return written(options.items()) or "as written"


def _standing(label: str, trials: list[Mapping[str, Any]]) -> Standing:
    measured = [trial["metrics"] or {} for trial in trials]
    names = dict.fromkeys(name for metrics in measured for name in metrics)
    metrics = {name: spread(values[name] for values in measured if name in values) for name in names}
    failed = sum(trial["state"] == "failed" for trial in trials)
    ids = tuple(trial["id"] for trial in trials)
    return Standing(label, ids, len(trials) - failed, failed, metrics)


def _order(standing: Standing, metric: str) -> tuple[bool, float]:
    found = standing.metrics.get(metric)
    if found is None or math.isnan(found.mean):
        return (True, 0.0)
    return (False, -found.mean if mode_of(metric) == "max" else found.mean)
