"""All checks of a train node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipeline.errors import UserError
from pipeline.stages.cohort import CohortSpec
from pipeline.stages.dataset import DataSet
from pipeline.stages.doctor.finding import Finding
from pipeline.stages.doctor.first_steps import (
    check_first_loss,
    check_minibatches,
    check_updates,
    watched,
)
from pipeline.stages.doctor.gradients import check_gradients
from pipeline.stages.doctor.patient import Patient
from pipeline.stages.doctor.sanity import check_labels, check_tiny_batch
from pipeline.stages.doctor.units import check_units
from pipeline.stages.estimating import estimates
from pipeline.stages.registry import Registry
from pipeline.stages.tables import checked


def examine(spec: CohortSpec, datasets: Mapping[str, DataSet], registry: Registry) -> list[Finding]:
    """Examine the first member of a train node's cohort; nothing is kept.

    UserError for a node whose model is an estimator, and for what training would refuse.
    """
    spec = replace(spec, members=spec.members[:1], backend="numpy")
    if estimates(spec, registry):
        raise UserError(f"{spec.node}: its model is an estimator, and there are no steps to examine")
    checked(spec, datasets)
    patient = Patient(spec, datasets[spec.members[0].data], registry)
    watch = watched(patient)
    return [
        check_gradients(patient),
        check_first_loss(patient, watch),
        check_minibatches(patient, watch),
        check_updates(patient, watch),
        check_units(patient),
        check_tiny_batch(patient),
        *([] if watch.own_examples else check_labels(patient)),
    ]
