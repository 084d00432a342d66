"""Retrain a trial of a run alone and compare its weights with those that are stored, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline.dag.cohorts import Cohort
from pipeline.errors import UserError
from pipeline.running.models import load_model
from pipeline.running.naming import Keys
from pipeline.running.recorded import expansion_of, trial_of
from pipeline.running.records import NodeRow, Records
from pipeline.running.values import from_stored

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.dag.instances import Instance
    from pipeline.dag.trials import Expansion
    from pipeline.running.store import Store
    from pipeline.stages.registry import Registry

TOLERANCES = {"numpy": 0.0, "cupy": 1e-4}
"""How far weights may lie apart, relative to the largest of their parameter."""


@dataclass(frozen=True)
class Compared:
    """A parameter: how many of its elements differ in any bit, and the largest difference."""

    node: str
    parameter: str
    shape: tuple[int, ...]
    different: int
    largest: float
    equal: bool


@dataclass(frozen=True)
class Verification:
    """What came out: `equal` if all parameters are; `changed` if code or options changed since the run."""

    run: str
    trial: str
    label: str
    backend: str
    tolerance: float
    changed: bool
    parameters: tuple[Compared, ...]

    @property
    def equal(self) -> bool:
        """Tell whether all parameters are equal within the tolerance, which is 0 on NumPy."""
        return all(parameter.equal for parameter in self.parameters)

    @property
    def exit_code(self) -> int:
        """What the command ends with: 3 if the equality that plait promises does not hold."""
        return 0 if self.equal else (1 if self.changed else 3)

    def to_json(self) -> dict[str, Any]:
        """Return what `plait verify --json` prints."""
        return {**asdict(self), "equal": self.equal}


def verify(store: Store, run: str, trial: str) -> Verification:
    """Retrain `trial` (its id or label) of `run` alone in this process.

    UserError if there is no such trial, or what it was trained on is not in the store.
    """
    with Records(store.records, create=False) as records:
        row = records.run(run)
        rows = {node.instance: node for node in records.nodes(row.id)}
    given = {
        node.node: node.key for node in rows.values() if node.kind == "data" and _handed_over(store, node.key)
    }
    backend = str(row.machine.get("backend", "numpy"))
    expansion = expansion_of(row)
    chosen = trial_of(expansion, trial, row)
    keys = Keys(expansion, expansion.dag.registry, expansion.dag.dtype, backend, given)
    trained = [expansion.at(n, chosen) for n, place in expansion.places.items() if place.spec.kind == "train"]
    registry, compared = expansion.dag.registry, []
    for instance in trained:
        stored = _stored_weights(store, rows, instance, registry)
        again = _retrain(store, rows, instance, expansion, backend)
        compared += _compare(instance.node, stored, again, TOLERANCES[backend])
    changed = any(keys[instance.id] != rows[instance.label].key for instance in trained)
    tolerance = TOLERANCES[backend]
    return Verification(row.id, chosen.id, chosen.label, backend, tolerance, changed, tuple(compared))


def _handed_over(store: Store, key: str) -> bool:
    return store.has(key) and "given" in store.get(key).components.get("shared", {})


def _stored_weights(
    store: Store, rows: Mapping[str, NodeRow], instance: Instance, registry: Registry
) -> Mapping[str, NDArray[Any]]:
    row = rows.get(instance.label)
    if row is None or row.state not in ("done", "cached"):
        state = row.state if row else "not run"
        raise UserError(
            f"{instance.label} has no weights to compare with: it is {state}\n    choose a trial that is done"
        )
    return load_model(store, row.key, registry).leaves[0].parameters


def _retrain(
    store: Store, rows: Mapping[str, NodeRow], instance: Instance, expansion: Expansion, backend: str
) -> Mapping[str, NDArray[Any]]:
    """Return the weights of an instance trained as a cohort of its own."""
    from pipeline.stages.fit import train_cohort

    dag = expansion.dag
    labels = {i: expansion.instances[i].label for i in (instance.id, *instance.inputs["data"])}
    spec = Cohort(instance.node, (instance,)).spec(lambda i: rows[labels[i]].key, dag.dtype, backend)
    data = spec.members[0].data
    if not store.has(data):
        raise UserError(
            f"the data set of {instance.label} is not in the store any more\n    plait run {dag.path} --from "
            f"{expansion.instances[instance.inputs['data'][0]].node} makes it again"
        )
    datasets = {data: from_stored(store.get(data), dag.registry)}
    with threadpool_limits(1):
        (result,) = train_cohort(spec, datasets, dag.registry)
    return result.params


def _compare(
    node: str, stored: Mapping[str, NDArray[Any]], again: Mapping[str, NDArray[Any]], tolerance: float
) -> list[Compared]:
    return [_compared(node, name, stored[name], again.get(name), tolerance) for name in stored]


def _compared(
    node: str, name: str, stored: NDArray[Any], again: NDArray[Any] | None, tolerance: float
) -> Compared:
    if again is None or again.shape != stored.shape or again.dtype != stored.dtype:
        return Compared(node, name, stored.shape, stored.size, float("inf"), False)
    bits = np.dtype(f"u{stored.dtype.itemsize}")
    different = int((np.ascontiguousarray(stored).view(bits) != np.ascontiguousarray(again).view(bits)).sum())
    largest = float(np.abs(stored - again).max(initial=0.0))
    close = largest <= tolerance * float(np.abs(stored).max(initial=0.0))
    return Compared(node, name, stored.shape, different, largest, close if tolerance else not different)
