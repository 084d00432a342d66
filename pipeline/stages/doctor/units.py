"""Units that are dead or saturated, at the initial weights and after a few epochs."""

from __future__ import annotations

import numpy as np

from pipeline.stages.doctor.finding import Finding
from pipeline.stages.doctor.patient import Patient
from pipeline.stages.inspecting import Health

NAME = "units"
ROWS = 512
MANY = 0.5  # of a layer's units


def check_units(patient: Patient) -> Finding:
    """Count units that say the same to every row, and those at a bound, after a few epochs."""
    trained = patient.shortly.network
    if trained is None or not trained.networks:
        return Finding(NAME, "not checked", "the training diverged within a few epochs")
    inputs, targets = patient.fewer.split("train")
    health = Health.of(trained.networks[-1], inputs[:ROWS], np.asarray(targets)[:ROWS])
    if not health.units:
        return Finding(NAME, "not checked", "the model marks no hidden activations, by net.hidden")
    told = (
        f"of {health.count} units {health.dead} are dead and {health.saturated} saturated "
        f"after {patient.shortly.epochs} epochs"
    )
    layers = [
        name for name, units in health.units.items() if max(units.dead, units.saturated) > MANY * units.count
    ]
    advice = (
        f"most of {', '.join(layers)} learns nothing: lower the learning rate, look at the biases, scale the "
        "inputs (transform.standardize), or take leaky_relu"
    )
    return Finding.of(NAME, not layers, told, advice)
