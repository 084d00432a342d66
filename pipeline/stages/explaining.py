"""The plan of a train node's step, explained without training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.engine.backends import backend as backend_named
from pipeline.engine.explain import Comparison, explain
from pipeline.stages.cohort import CohortSpec
from pipeline.stages.dataset import DataSet
from pipeline.stages.parts import resolve
from pipeline.stages.registry import Registry
from pipeline.stages.step import StepTracer, discovered
from pipeline.stages.tables import checked, tables
from pipeline.stages.training import Traces, Training

BATCH = 32  # of train stages that take no option `batch_size`


@dataclass(frozen=True)
class ExplainedTraining:
    """A later step of a train node: its plan as traced, and after the passes that its training pays for."""

    node: str
    members: int
    batch: int
    steps: int
    shared: bool
    plans: Comparison

    def to_json(self) -> dict[str, Any]:
        """Return plain records."""
        about = {"node": self.node, "members": self.members, "batch": self.batch, "steps": self.steps}
        return {**about, "shared_batches": self.shared, **self.plans.to_json()}

    def __str__(self) -> str:
        whose = "shared by all" if self.shared else "one each"
        size = f"{self.members} members, minibatches of {self.batch} ({whose})"
        head = f"{self.node}: {size}, {self.steps} steps"
        return f"{head}\n\n{self.plans}"


def explain_training(
    spec: CohortSpec, datasets: Mapping[str, DataSet], registry: Registry, together: int | None = None
) -> ExplainedTraining:
    """Trace the step of a train node's cohort and explain its plan.  Nothing is trained or compiled.

    The members of `spec` step abreast; `together` is how many their cohort has, if they are a block of it.
    `datasets` maps the members' `data` keys to data sets, of which only the forms and the number of rows
    matter.  Errors are those of training: UserError, StageError.
    """
    checked(spec, datasets)
    data, backend = datasets[spec.members[0].data], backend_named(spec.backend)
    parts = resolve(spec, data, registry)
    train = tables(datasets, spec.members, "train", spec.dtype, backend)
    batch = train.tables[0].batch
    layout = discovered(parts, batch, spec.dtype, f"data of {spec.node}")
    tracer = StepTracer(parts, layout, batch, spec.dtype)
    traces = Traces(together or len(spec.members))
    training = Training(spec.node, parts, tracer, spec.members, train, backend, traces)
    rows = min(int(parts.train.options.get("batch_size", BATCH)), len(train.tables[0]))
    steps = int(parts.train.options.get("epochs", 1)) * -(-len(train.tables[0]) // rows)
    first = tracer.trace(rows, steps)
    step = tracer.trace(rows, steps, first.templates)
    shared = train.shared and training.seeds.shared
    batched, passes = training.batched(step, shared), training.passes(step, shared, steps)
    plans = explain(step.program, len(spec.members), batched, backend, passes)
    return ExplainedTraining(spec.node, len(spec.members), rows, steps, shared, plans)
