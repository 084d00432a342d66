"""Run a DAG: plan, record, open a pool, drive the units, and say what came of it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pipeline.running.assignments import STOP, job_of, log_directory
from pipeline.running.book import Book
from pipeline.running.driver import Driver
from pipeline.running.events import Tracker, Trackers, file_trackers
from pipeline.running.interrupt import Interrupt
from pipeline.running.outcomes import Outcome, exit_code
from pipeline.running.pool import InlinePool
from pipeline.running.records import RunState
from pipeline.running.units import Unit, Units
from pipeline.stages.events import Event, EventName

if TYPE_CHECKING:
    from pipeline.running.dask_pool import DaskPool
    from pipeline.running.plan import Plan
    from pipeline.running.records import Records

PREPARATIONS = ("data", "transform")
OWN = "plait"
STOP_SECONDS = 10.0
"""How long a stop waits for workers to reach the end of an epoch before they are killed."""


@dataclass(frozen=True)
class Run:
    """A run that has ended: `outcomes` by instance id, for all that ran or was found in the store."""

    id: str
    plan: Plan
    state: RunState
    seconds: float
    outcomes: Mapping[int, Outcome]
    trials: Sequence[tuple[str, Mapping[str, float]]]

    @property
    def exit_code(self) -> int:
        """What the command ends with: 1 where trials failed or it was stopped, 2 the user's input, 3 ours."""
        return exit_code(self.outcomes.values()) or (0 if self.state == "done" else 1)


class Execution:
    """One run of a plan."""

    def __init__(self, plan: Plan, records: Records, trackers: Iterable[Tracker], began: float):
        self._began = began
        self._plan = plan
        self._book = Book(plan, records)
        self._trackers = Trackers([*file_trackers(plan.dag.trackers, plan.dag.registry), *trackers])
        self._outcomes: dict[int, Outcome] = {}
        self._stop = plan.stored.store.root / log_directory(self._book.run) / STOP
        self._stop_before = math.inf
        self._driver: Driver | None = None

    @property
    def id(self) -> str:
        """The run's id."""
        return self._book.run

    def run(self, pool: DaskPool | None) -> Run:
        """Run the plan on `pool`; None runs everything in this process."""
        state: RunState = "failed"
        self._tell("run_started", data={"plan": self._plan.to_json(), "nodes": self._trials_to_run()})
        try:
            with Interrupt(self._ask_to_stop):
                self._settle(self._found())
                if self._plan.to_run:
                    self._drive(pool)
            state = self._state()
        except KeyboardInterrupt:
            state = "stopped"
        finally:
            seconds = time.perf_counter() - self._began
            name: EventName = "run_ended" if state == "done" else "run_failed"
            self._tell(name, data={"state": state, "seconds": seconds})
            with suppress(OSError):  # a disk that refuses has been told of; the file is this run's alone
                self._stop.unlink(missing_ok=True)
            self._book.finish(state, seconds)
        trials = [self._book.trial_state(trial.number) for trial in self._plan.expansion.trials]
        return Run(self.id, self._plan, state, seconds, self._outcomes, trials)

    def _drive(self, pool: DaskPool | None) -> None:
        units = Units(self._plan, self.id)
        job = partial(job_of, self._plan, self.id)
        self._driver = Driver(units, job, self._settle, self._trackers.tell, self._patient)
        inline = InlinePool(self._trackers.tell)
        if pool is None:
            self._driver.run(inline)
            return
        # While workers start: what a run begins with is mostly short, and all the rest waits for it.
        self._driver.run(inline, lambda unit: not pool.opening or not self._may_run_here(unit))
        pool.listen(self.id)
        self._driver.run(pool)

    def _may_run_here(self, unit: Unit) -> bool:
        """Tell whether a unit prepares data by a stage of plait's own: one that cannot kill its process."""
        stage = self._plan.dag.registry.stage(unit.instances[0].place.spec.stage)
        return stage.kind in PREPARATIONS and stage.distribution == OWN

    def _trials_to_run(self) -> dict[str, int]:
        found: dict[str, set[int]] = {}
        for instance in self._plan.to_run:
            found.setdefault(instance.node, set()).update(self._plan.trials[instance.id])
        return {node: len(trials) for node, trials in found.items()}

    def _found(self) -> list[Outcome]:
        """Return the outcomes of instances whose results are in the store."""
        plan = self._plan
        return [
            Outcome(i.id, i.label, "cached", plan.keys[i.id], plan.stored.metrics.get(plan.keys[i.id], {}))
            for i in plan.cached
        ]

    def _settle(self, outcomes: Sequence[Outcome]) -> None:
        noted = [self._noted(outcome) for outcome in outcomes]
        self._outcomes.update({outcome.instance: outcome for outcome in noted})
        self._book.settle(noted)
        for outcome in noted:
            self._tell_of(outcome)

    def _noted(self, outcome: Outcome) -> Outcome:
        note = self._plan.stored.notes.get(outcome.key)
        return replace(outcome, notes=(note, *outcome.notes)) if note else outcome

    def _tell_of(self, outcome: Outcome) -> None:
        instance = self._plan.expansion.instances[outcome.instance]
        trials = self._plan.trials_of(instance)
        about = {
            "instance": outcome.label,
            "state": outcome.state,
            "seconds": outcome.seconds,
            "log": outcome.log,
        }
        name: EventName = "node_failed" if outcome.lost else "node_ended"
        data = {
            **about,
            "metrics": dict(outcome.metrics),
            "error": outcome.error,
            "notes": list(outcome.notes),
        }
        self._tell(name, node=instance.node, trials=trials, data=data)

    def _tell(self, name: EventName, **fields: Any) -> None:
        self._trackers.tell(Event(name, run=self.id, **fields))

    def _ask_to_stop(self) -> None:
        self._stop_before = time.monotonic() + STOP_SECONDS
        if self._driver is not None:
            self._driver.abandon()
        with suppress(OSError):  # then tasks that run are not waited for beyond their time
            self._stop.parent.mkdir(parents=True, exist_ok=True)
            self._stop.touch()

    def _patient(self) -> bool:
        return time.monotonic() < self._stop_before

    def _state(self) -> RunState:
        missing = any(instance.id not in self._outcomes for instance in self._plan.to_run)
        if self._stop.exists() and (missing or any(o.state == "stopped" for o in self._outcomes.values())):
            return "stopped"
        return "failed" if any(outcome.lost for outcome in self._outcomes.values()) else "done"
