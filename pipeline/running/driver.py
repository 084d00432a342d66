"""The driver: hands a plan's units to a pool, a window of them at a time, and settles what comes back.

A unit becomes a task that refers to the tasks it depends on, or takes the outcomes of those already
finished.  Only outcomes travel; results go from worker to worker through the store.  A result that is
missing or damaged when it is needed (`blocked`) is computed again, and then what needed it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dask._task_spec import Task, TaskRef

from pipeline.errors import PlaitError, StageError
from pipeline.running.assignments import log_of
from pipeline.running.jobs import Job
from pipeline.running.outcomes import Outcome, failure
from pipeline.running.pool import Finished, Pool
from pipeline.running.tasks import run_job
from pipeline.running.units import Unit, Units, sources
from pipeline.stages.events import Event

if TYPE_CHECKING:
    from pipeline.dag.instances import Instance

WINDOW_PER_WORKER = 4
WINDOW_AT_LEAST = 16
MOST_TRIES = 2
WAIT_SECONDS = 0.5


class Driver:
    """Runs units.  `settled` hears of outcomes as they come, `heard` of events.

    Once `patience` says no, tasks that have not come back are not waited for.
    """

    def __init__(
        self,
        units: Units,
        job_of: Callable[[Unit], Job],
        settled: Callable[[Sequence[Outcome]], None],
        heard: Callable[[Event], None],
        patience: Callable[[], bool] = lambda: True,
    ):
        self.outcomes: dict[int, Outcome] = {}
        self._units = units
        self._job_of = job_of
        self._settled = settled
        self._heard = heard
        self._patience = patience
        self._waiting = deque(units.ordered())
        self._flying: dict[str, Unit] = {}
        self._abandoned = False
        self._tries: Counter[int] = Counter()
        self._notes: dict[int, tuple[str, ...]] = {}

    def run(self, pool: Pool, until: Callable[[Unit], bool] = lambda unit: False) -> None:
        """Run everything on `pool`, or up to the first unit for which `until` holds."""
        while (self._flying or self._more(until)) and self._patience():
            self._fill(pool, until)
            for message in pool.wait(WAIT_SECONDS):
                if isinstance(message, Event):
                    self._heard(message)
                else:
                    self._land(message)

    def abandon(self) -> None:
        """Hand in nothing more.  A signal's handler may call this at any moment."""
        self._abandoned = True

    def _more(self, until: Callable[[Unit], bool]) -> bool:
        return bool(self._waiting) and not self._abandoned and not until(self._waiting[0])

    def _fill(self, pool: Pool, until: Callable[[Unit], bool]) -> None:
        window = max(WINDOW_AT_LEAST, WINDOW_PER_WORKER * pool.workers)
        graph: dict[str, Task] = {}
        while self._more(until) and len(self._flying) < window and self._bearable(self._waiting[0]):
            unit = self._waiting.popleft()
            graph[unit.name] = self._task(unit, pool)
            self._flying[unit.name] = unit
        if graph:
            pool.start(graph)

    def _bearable(self, unit: Unit) -> bool:
        """Tell whether a unit may run beside those in flight."""
        return not self._flying or not (unit.suspect or any(other.suspect for other in self._flying.values()))

    def _task(self, unit: Unit, pool: Pool) -> Task:
        flying = [TaskRef(name) for name in self._units.before(unit) if name in self._flying]
        lost = [outcome.to_json() for outcome in self._lost(sources(unit))]
        return Task(unit.name, run_job, self._job_of(unit).dumps(), lost, *flying, **pool.task_options)

    def _lost(self, instances: Iterable[int]) -> list[Outcome]:
        known = (self.outcomes.get(instance) for instance in instances)
        return [outcome for outcome in known if outcome is not None and outcome.lost]

    def _land(self, finished: Finished) -> None:
        unit = self._flying.pop(finished.name)
        if finished.error is not None:
            self._crashed(unit, finished)
            return
        outcomes = [Outcome.from_json(json) for json in finished.value]
        self._settle([outcome for outcome in outcomes if outcome.state != "blocked"])
        self._unblock(unit, [outcome for outcome in outcomes if outcome.state == "blocked"])

    def _settle(self, outcomes: Sequence[Outcome]) -> None:
        noted = [replace(o, notes=(*self._notes.pop(o.instance, ()), *o.notes)) for o in outcomes]
        self.outcomes.update({outcome.instance: outcome for outcome in noted})
        if any(outcome.fatal for outcome in noted):
            self.abandon()
        if noted:
            self._settled(noted)

    def _crashed(self, unit: Unit, finished: Finished) -> None:
        """A task did not return: its worker died, or another task killed the worker that it was on."""
        if finished.blamed and finished.blamed != unit.name:
            self._queue_again(unit.instances)
        elif finished.blamed and not unit.suspect and not self._abandoned:
            # Who waited on the worker that died is blamed too: one by one, only the culprit is lost.
            self._waiting.extend(self._units.make([instance], suspect=True) for instance in unit.instances)
        else:
            log, worker = log_of(unit.name), finished.worker
            ended = [replace(_done(i.id, i.label), log=log, worker=worker) for i in unit.instances]
            self._settle([failure(outcome, _cause(finished)) for outcome in ended])

    def _unblock(self, unit: Unit, blocked: Sequence[Outcome]) -> None:
        """Have what is missing computed again, and after it the instances that wait for it."""
        again: dict[int, Unit] = {}
        patient = []
        for outcome in blocked:
            if any(self._tries[missing] >= MOST_TRIES for missing in outcome.missing):
                self._settle([failure(_done(outcome.instance, outcome.label), _unreadable(outcome))])
                continue
            patient.append(outcome.instance)
            for missing in outcome.missing:
                self._notes[missing] = (*self._notes.get(missing, ()), *outcome.notes)
                if missing not in again and self._idle(missing):
                    self._tries[missing] += 1
                    again[missing] = self._units.alone(missing)
        self._waiting.extendleft(again.values())
        if patient:
            self._queue_again([i for i in unit.instances if i.id in patient])

    def _queue_again(self, instances: Sequence[Instance]) -> None:
        """Put instances into the queue once more, right behind the last unit there that they wait for."""
        unit = self._units.make(instances)
        before = set(self._units.before(unit))
        places = [place for place, other in enumerate(self._waiting, 1) if other.name in before]
        self._waiting.insert(max(places, default=0), unit)

    def _idle(self, instance: int) -> bool:
        """Tell whether nobody is about to compute an instance, nor has found that it cannot be computed."""
        name = self._units.unit_of(instance)
        coming = name in self._flying or any(unit.name == name for unit in self._waiting)
        return not coming and not self._lost([instance])


def _done(instance: int, label: str) -> Outcome:
    return Outcome(instance, label, "done")


def _cause(finished: Finished) -> BaseException:
    if finished.blamed:
        return StageError(
            "its worker process died, again and again, while it ran\n"
            "    it may need more memory than there is, or crash in compiled code: try --cluster inline"
        )
    return finished.error or PlaitError("the task gave nothing")


def _unreadable(outcome: Outcome) -> PlaitError:
    return PlaitError(
        f"its inputs cannot be read from the store, though they were computed again: {outcome.notes}"
    )
