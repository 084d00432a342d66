"""Make a unit's job: what a worker has to be told about its instances."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.running.jobs import Input, Job, Piece

if TYPE_CHECKING:
    from pipeline.dag.instances import Instance
    from pipeline.running.plan import Plan
    from pipeline.running.units import Unit

STOP = "stop"


def log_directory(run: str) -> Path:
    """Return where a run's logs lie, below the store's root."""
    return Path("logs") / run


def log_of(unit: str) -> str:
    """Return the path of the log of the unit with this name, below the store's root."""
    run, _, name = unit.partition("/")
    return str(log_directory(run) / f"{name}.log")


def job_of(plan: Plan, run: str, unit: Unit) -> Job:
    """Return the job of a unit."""
    root, logs = plan.stored.store.root, log_directory(run)
    return Job(
        name=unit.name,
        run=run,
        store=str(root),
        registry=plan.dag.registry.description(),
        log=log_of(unit.name),
        stop=str(root / logs / STOP),
        pieces=tuple(piece_of(plan, instance) for instance in unit.instances),
        cohort=_cohort(plan, unit),
    )


def _cohort(plan: Plan, unit: Unit) -> dict[str, Any] | None:
    if unit.cohort is None:
        return None
    return unit.cohort.spec(plan.keys.__getitem__, plan.dag.dtype, plan.backend).to_json()


def piece_of(plan: Plan, instance: Instance) -> Piece:
    """Return an instance as a worker sees it."""
    spec = instance.place.spec
    return Piece(
        instance=instance.id,
        label=instance.label,
        node=instance.node,
        kind=spec.kind,
        stage=spec.stage,
        key=plan.keys[instance.id],
        seed=instance.seed,
        options=instance.options,
        inputs={port: tuple(_input(plan, i) for i in ids) for port, ids in instance.inputs.items()},
        gather=spec.gather,
        components=plan.keys.components(instance),
        trials=plan.trials_of(instance) if spec.kind == "train" else (),
        fresh=instance.id in plan.fresh,
        validation=_validation(plan, instance),
    )


def _input(plan: Plan, instance: int) -> Input:
    return Input(instance, plan.keys[instance])


def _validation(plan: Plan, instance: Instance) -> Input | None:
    """Return the data set on which an ensemble can be measured: the one that all its networks trained on.

    Networks of different data sets (folds, bags) have seen each other's validation rows, or might have.
    """
    if instance.place.spec.kind != "ensemble":
        return None
    found = {data for source in _trained(plan, instance) for data in source.inputs["data"]}
    return _input(plan, found.pop()) if len(found) == 1 else None


def _trained(plan: Plan, instance: Instance) -> list[Instance]:
    """Return the train instances that a predictor consists of."""
    if instance.place.spec.kind == "train":
        return [instance]
    instances = plan.expansion.instances
    return [train for i in instance.inputs["models"] for train in _trained(plan, instances[i])]
