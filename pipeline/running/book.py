"""Keeps a run's record while it goes on: the driver's process alone writes it."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.running.outcomes import Outcome
from pipeline.running.records import NodeEnd, NodeRow, Records, RunState, TrialEnd, TrialRow
from pipeline.running.standing import own_nodes, trial_metrics, worst

if TYPE_CHECKING:
    from pipeline.dag.instances import Instance
    from pipeline.running.plan import Plan


class Book:
    """The record of one run, entered when it is made; `settle` writes what became of instances and trials."""

    def __init__(self, plan: Plan, records: Records):
        self._plan = plan
        self._records = records
        self._outcomes: list[Outcome | None] = [None] * len(plan.expansion.instances)
        self._kinds = {node: place.spec.kind for node, place in plan.expansion.places.items()}
        self._counted = bytearray(len(plan.expansion.instances))  # by instance, whether the run has it
        for instance in plan.concerned:
            self._counted[instance.id] = True
        self._nodes = [node for node in own_nodes(plan.expansion) if node in plan.selection.nodes]
        self._open = [len(self._own(number)) for number in range(len(plan.expansion.trials))]
        with records.together():
            self.run = self._enter()
            records.add_trials(self._trial_rows())
            records.add_nodes(self._node_row(instance) for instance in plan.concerned)
            records.add_components((plan.keys[i.id], plan.keys.components(i)) for i in plan.to_run)

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Enter outcomes, and the trials that are complete with them."""
        for outcome in outcomes:
            self._outcomes[outcome.instance] = outcome
        complete = [number for outcome in outcomes for number in self._completed(outcome.instance)]
        with self._records.together():
            self._records.nodes_finished(self.run, map(_node_end, outcomes))
            self._records.trials_finished(self.run, map(self._trial_end, complete))

    def _completed(self, instance: int) -> Iterator[int]:
        """Count an instance as ended, and yield the trials that are complete with it."""
        for number in self._plan.trials[instance]:
            if instance in self._own(number).values():
                self._open[number] -= 1
                if not self._open[number]:
                    yield number

    def _own(self, number: int) -> dict[str, int]:
        """Return the instances that count for a trial, by node; not kept, as there are many trials."""
        of_trial = self._plan.expansion.of_trial
        return {node: i for node in self._nodes if self._counted[i := of_trial[node][number]]}

    def finish(self, state: RunState, seconds: float) -> None:
        """Close the record of a run that took so many seconds."""
        self._records.finish_run(self.run, state, seconds=seconds)

    def trial_state(self, number: int) -> tuple[str, Mapping[str, float]]:
        """Return a trial's state and metrics, as far as they are known."""
        own = self._own(number)
        found = {node: outcome for node, i in own.items() if (outcome := self._outcomes[i])}
        if not found:
            return ("skipped" if own else "idle"), {}
        missing = len(found) < len(own)
        state = worst([outcome.state for outcome in found.values()] + (["stopped"] if missing else []))
        return state, trial_metrics(found, self._kinds)

    def _enter(self) -> str:
        plan, dag = self._plan, self._plan.dag
        return self._records.start_run(
            dag.name,
            dag=str(dag.path),
            text=dag.text,
            overrides=dag.overrides,
            seed=dag.seed,
            machine=_machine(plan),
            plan=plan.to_json(),
        )

    def _trial_rows(self) -> Iterator[TrialRow]:
        for trial in self._plan.expansion.trials:
            yield TrialRow(self.run, trial.id, trial.label, dict(trial.settings), trial.seed)

    def _node_row(self, instance: Instance) -> NodeRow:
        trials = self._plan.trials_of(instance)
        kind = self._kinds[instance.node]
        return NodeRow(self.run, instance.label, instance.node, kind, trials, self._plan.keys[instance.id])

    def _trial_end(self, number: int) -> TrialEnd:
        state, metrics = self.trial_state(number)
        return TrialEnd(self._plan.expansion.trials[number].id, state, metrics)  # type: ignore[arg-type]


def _node_end(outcome: Outcome) -> NodeEnd:
    state: Any = outcome.state  # one that is kept is never `blocked`
    seconds, metrics, error = outcome.seconds, outcome.metrics, _error(outcome)
    return NodeEnd(outcome.label, state, seconds, metrics, error, outcome.log)


def _error(outcome: Outcome) -> dict[str, Any] | None:
    """Return what the record says went wrong; `cause` is `note` for what a result had to go without."""
    if outcome.error:
        message, _, hint = outcome.error.partition("\n")
        cause = outcome.blame or outcome.state
        where = {"traceback": outcome.log, "worker": outcome.worker}
        return {"cause": cause, "message": message, "hint": hint.strip(), **where}
    if outcome.notes:
        return {
            "cause": "note",
            "message": "; ".join(outcome.notes),
            "hint": "",
            "traceback": "",
            "worker": "",
        }
    return None


def _machine(plan: Plan) -> dict[str, Any]:
    return {
        "host": platform.node(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "workers": plan.workers,
        "backend": plan.backend,
        "registry": plan.dag.registry.description(),
        "given": dict(plan.keys.given),
        "only": plan.selection.only,
        "to": plan.selection.to,
    }
