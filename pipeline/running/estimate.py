"""How large cohorts are: a step is traced and its buffers are counted for one member; nothing is trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipeline.running.assignments import piece_of
from pipeline.running.compute import compute
from pipeline.running.store import DamagedObject
from pipeline.running.values import from_stored

if TYPE_CHECKING:
    from pipeline.dag.cohorts import Cohort
    from pipeline.dag.instances import Instance
    from pipeline.engine import Program
    from pipeline.running.plan import Plan
    from pipeline.stages.cohort import CohortSpec
    from pipeline.stages.dataset import DataSet
    from pipeline.stages.explaining import ExplainedTraining
    from pipeline.stages.step import StepTracer

DEFAULT_BATCH = 32  # for a train stage that has no option `batch_size`


@dataclass(frozen=True)
class Estimate:
    """A cohort's size: `parameters` of one member, `bytes` of all its members and its data.

    `abreast` members step together: as many as the caches of this machine hold.
    """

    parameters: int
    bytes: int
    abreast: int


def with_estimates(plan: Plan) -> Plan:
    """Return the plan with the sizes of its cohorts.

    Data sets that are not in the store are loaded for this, and not kept.  Raises what training would raise
    before its first step: data that cannot be loaded, shapes that do not fit the model.
    """
    estimator = _Estimator(plan)
    return replace(plan, estimates=[estimator.of(cohort) for cohort in plan.cohorts])


def explanations(plan: Plan) -> list[ExplainedTraining]:
    """Return the plan of a training step for each structure among the cohorts, for its first cohort.

    It is that of as many members as step abreast.  Nothing is trained or compiled; data sets are loaded as
    for `with_estimates`.
    """
    estimator = _Estimator(plan)
    first = {_structure(spec): (cohort, spec) for cohort, spec in estimator.specs()}
    return [estimator.explained(cohort, spec) for cohort, spec in first.values()]


def tasks(plan: Plan, wanted: Sequence[Cohort]) -> Iterator[tuple[Cohort, CohortSpec, DataSet]]:
    """Yield cohorts with their tasks and the data sets of their first members, loaded where not stored."""
    estimator = _Estimator(plan)
    for cohort in wanted:
        yield cohort, estimator.spec(cohort), estimator.data(cohort)


def _structure(spec: CohortSpec) -> str:
    """Name what decides a step's form: all options but those that vary between members."""
    varying = spec.members[0].options
    parts = {
        port: [
            (part.stage, {k: v for k, v in part.options.items() if k not in varying.get(part.node, {})})
            for part in parts
        ]
        for port, parts in spec.parts.items()
    }
    return repr((spec.node, spec.train, parts))


class _Estimator:
    """Traces one cohort of each structure."""

    def __init__(self, plan: Plan):
        self._plan = plan
        self._data: dict[int, Any] = {}
        self._known: dict[str, tuple[int, int, int]] = {}

    def of(self, cohort: Cohort) -> Estimate:
        from pipeline.stages.blocks import block_width, step_bytes, widest
        from pipeline.stages.estimating import estimates

        spec = self.spec(cohort)
        if estimates(spec, self._plan.dag.registry):
            return Estimate(0, self.data(cohort).inputs.nbytes, 1)
        structure = _structure(spec)
        if structure not in self._known:
            self._known[structure] = self._measure(spec, self.data(cohort))
        parameters, each, shared = self._known[structure]
        members, backend = len(cohort.members), self._plan.backend
        own = step_bytes(parameters, spec.dtype)
        abreast = block_width(own, min(members, widest(own, backend)), backend)
        return Estimate(parameters, members * each + shared, abreast)

    def specs(self) -> list[tuple[Cohort, CohortSpec]]:
        """Return the cohorts that an optimizer steps with their tasks, the last of each structure first."""
        registry = self._plan.dag.registry
        all_of_them = [(cohort, self.spec(cohort)) for cohort in reversed(self._plan.cohorts)]
        return [(cohort, spec) for cohort, spec in all_of_them if registry.stage(spec.train.stage).optimizer]

    def explained(self, cohort: Cohort, spec: CohortSpec) -> ExplainedTraining:
        """Explain the step of as many members of a cohort as step abreast."""
        from pipeline.stages.explaining import explain_training

        members = spec.members[: self.of(cohort).abreast]
        data = self.data(cohort)
        spec = replace(spec, members=tuple(replace(member, data="data") for member in members))
        return explain_training(spec, {"data": data}, self._plan.dag.registry, together=len(cohort.members))

    def spec(self, cohort: Cohort) -> CohortSpec:
        """Return a cohort's task."""
        return cohort.spec(self._plan.keys.__getitem__, self._plan.dag.dtype, "numpy")

    def data(self, cohort: Cohort) -> Any:
        """Return the data set of a cohort's first member."""
        (data,) = cohort.members[0].inputs["data"]
        return self._value(self._plan.expansion.instances[data])

    def _measure(self, spec: CohortSpec, data: DataSet) -> tuple[int, int, int]:
        """Return the parameters of a member, the bytes of a member's buffers and those of the data."""
        import numpy as np

        from pipeline.engine.backends import numpy_backend
        from pipeline.stages.parts import resolve
        from pipeline.stages.step import StepTracer, discovered
        from pipeline.stages.tables import Table, checked

        checked(replace(spec, members=spec.members[:1]), {spec.members[0].data: data})
        parts = resolve(spec, data, self._plan.dag.registry)
        table = Table.of(data, "train", spec.dtype, numpy_backend())
        layout = discovered(parts, table.batch, spec.dtype, f"data of {spec.node}")
        tracer = StepTracer(parts, layout, table.batch, spec.dtype)
        rows = min(int(spec.train.options.get("batch_size", DEFAULT_BATCH)), len(table))
        programs = _steps(tracer, rows) if parts.optimizer else [_slope(tracer, len(table))]
        each = sum(program.bind(1, set(program.graph.inputs), numpy_backend()).bytes for program in programs)
        stored = (np.asarray(table.inputs).nbytes, np.asarray(table.targets).nbytes, data.inputs.nbytes)
        return layout.size, each, sum(stored)

    def _value(self, instance: Instance) -> Any:
        """Return a data set from the store, or else load it."""
        if instance.id not in self._data:
            self._data[instance.id] = self._stored(instance) or self._loaded(instance)
        return self._data[instance.id]

    def _stored(self, instance: Instance) -> Any:
        store, key = self._plan.stored.store, self._plan.keys[instance.id]
        if not store.has(key):
            return None
        try:
            return from_stored(store.get(key), self._plan.dag.registry)
        except DamagedObject:
            return None

    def _loaded(self, instance: Instance) -> Any:
        instances = self._plan.expansion.instances
        inputs = {port: [self._value(instances[i]) for i in ids] for port, ids in instance.inputs.items()}
        return compute(piece_of(self._plan, instance), inputs, self._plan.dag.registry)


def _steps(tracer: StepTracer, rows: int) -> list[Program]:
    """Return the programs of the first step and of later ones."""
    first = tracer.trace(rows, rows)
    return [first.program, tracer.trace(rows, rows, first.templates).program]


def _slope(tracer: StepTracer, rows: int) -> Program:
    """Return the gradient of all rows, which trainings without an optimizer go down."""
    from pipeline.engine import Graph, Program, gradient
    from pipeline.stages.step import STEP

    graph = Graph(tracer.dtype)
    objective = tracer.objective(graph, rows, graph.input(STEP, ()), 1)
    names = list(objective.parameters)
    found = gradient(objective.total(), [objective.parameters[name] for name in names])
    return Program(graph, dict(zip(names, found, strict=True)))
