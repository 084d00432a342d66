"""Run one node of one trial of a recorded run again, alone in this process, and leave no trace of it.

The DAG is that of the record, the code is today's: so a stage that was mended can be tried on the trial
that it failed.  Inputs come from the store; those that are gone are computed.  What is computed goes into
a folder of its own, which is removed.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from pipeline.dag.axes import is_component
from pipeline.dag.cohorts import Cohort
from pipeline.errors import PlaitError, StageError, UserError, nearest
from pipeline.running.aside import Aside
from pipeline.running.assignments import piece_of
from pipeline.running.capture import Log
from pipeline.running.gathering import Lost, Skipped, chosen
from pipeline.running.jobs import Job, Piece
from pipeline.running.outcomes import EXIT_CODES, LOST, Blame, blame
from pipeline.running.plan import Plan, make_plan
from pipeline.running.recorded import expansion_of, given_to, trial_of
from pipeline.running.records import NodeRow, Records, RunRow
from pipeline.running.tasks import computed
from pipeline.running.workplace import MissingInputs, Workplace

if TYPE_CHECKING:
    from pipeline.dag.instances import Instance, Trial
    from pipeline.dag.trials import Expansion
    from pipeline.running.store import Store

Rows = Mapping[str, NodeRow]
Made = tuple[dict[str, float], tuple[str, ...]]
"""An instance's metrics, and notes on what it had to go without."""


@dataclass(frozen=True)
class Replay:
    """What came of it: metrics, or the error with the stage's traceback.

    `before` is the instance's state in the run, `changed` whether its code, options or inputs are others now.
    """

    run: str
    trial: str
    label: str
    node: str
    instance: str
    before: str
    log: str
    changed: bool
    seconds: float = 0.0
    metrics: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    error: str = ""
    blame: Blame = ""
    traceback: str = ""

    @property
    def state(self) -> str:
        """`done` or `failed`."""
        return "failed" if self.error else "done"

    @property
    def exit_code(self) -> int:
        """What the command ends with: 0, or by whose mistake it is: 1 a stage's, 2 the user's, 3 plait's."""
        return EXIT_CODES.get(self.blame, 0)

    def to_json(self) -> dict[str, Any]:
        """Return what `plait replay --json` prints."""
        return {**asdict(self), "state": self.state, "notes": list(self.notes)}


def replay(
    store: Store,
    run: str,
    trial: str,
    node: str | None = None,
    failed: Callable[[Exception], None] = lambda error: None,
) -> Replay:
    """Run a trial's instance of `node` again; by default what failed first, else the last that trains.

    `run` is an id, the beginning of one, or "last", `trial` an id or a label.  `failed` hears of what was
    raised while its traceback is at hand.  UserError where there is no such run, trial or node, or an input
    of the instance had itself failed.
    """
    with Records(store.records, create=False) as records:
        row = records.run(run)
        rows = {node.instance: node for node in records.nodes(row.id)}
    expansion = expansion_of(row)
    which = trial_of(expansion, trial, row)
    instance = _instance(expansion, which, node, rows, row)
    with TemporaryDirectory(prefix="plait-replay-") as folder:
        bench = Bench(row, rows, expansion, Aside(Path(folder) / "store", store))
        if instance.node in bench.plan.keys.given:
            raise UserError(f"{instance.node!r} was handed over from Python: there is nothing to run")
        return _replayed(bench, which, instance, failed)


def _instance(expansion: Expansion, trial: Trial, node: str | None, rows: Rows, run: RunRow) -> Instance:
    places = expansion.places
    if node is not None:
        _require_node(expansion, node, run)
        return expansion.at(node, trial)
    served = [expansion.at(name, trial) for name in places]
    broken = [i for i in served if i.label in rows and rows[i.label].state == "failed"]
    trained = [i for i in served if i.place.spec.kind == "train"]
    return broken[0] if broken else (trained or served)[-1]


def _require_node(expansion: Expansion, node: str, run: RunRow) -> None:
    if node in expansion.places:
        return
    allowed = ", ".join(expansion.places)
    spec = expansion.dag.nodes.get(node)
    if spec is not None and is_component(spec.kind):
        raise UserError(f"{node!r} is a part of what trains and runs only there\n    allowed: {allowed}")
    hint = f"    allowed: {allowed}\n    {nearest(node, expansion.places)}"
    raise UserError(f"run {run.id} has no node {node!r}\n{hint}".rstrip())


def _replayed(bench: Bench, trial: Trial, instance: Instance, failed: Callable[[Exception], None]) -> Replay:
    before, began = _before(bench, trial, instance), time.perf_counter()
    try:
        with threadpool_limits(1):
            metrics, notes = bench.make(instance)
        seconds = time.perf_counter() - began
        return replace(before, seconds=seconds, metrics=metrics, notes=(*bench.notes, *notes))
    except Skipped as skipped:
        raise UserError(
            f"{instance.label} cannot be replayed {skipped}\n    replay what failed first: leave --node out"
        ) from None
    except Exception as error:
        told = replace(before, seconds=time.perf_counter() - began, notes=tuple(bench.notes))
        failed(error)
        return replace(told, error=_text(error), blame=blame(error), traceback=_traceback(error))


def _before(bench: Bench, trial: Trial, instance: Instance) -> Replay:
    row = bench.rows.get(instance.label)
    return Replay(
        run=bench.run.id,
        trial=trial.id,
        label=trial.label,
        node=instance.node,
        instance=instance.label,
        before=row.state if row else "not run",
        log=row.log if row else "",
        changed=row is not None and row.key != bench.plan.keys[instance.id],
    )


def _text(error: Exception) -> str:
    return str(error) if isinstance(error, PlaitError) else f"{type(error).__name__}: {error}"


def raised(error: BaseException) -> BaseException:
    """Return what the stage itself raised, where `error` tells of it."""
    return error.__cause__ or error if isinstance(error, PlaitError) else error


def _traceback(error: Exception) -> str:
    return "".join(traceback.format_exception(raised(error)))


class Bench:
    """Computes instances of a recorded run one at a time, each with whatever it needs that is not stored."""

    def __init__(self, run: RunRow, rows: Rows, expansion: Expansion, store: Aside):
        self.run, self.rows, self.notes = run, rows, list[str]()
        self._store = store
        given = given_to(run, store)
        backend = str(run.machine.get("backend", "numpy"))
        self.plan: Plan = make_plan(expansion.dag, store, workers=1, backend=backend, given=given)

    def make(self, instance: Instance) -> Made:
        """Compute an instance.  Raises whatever goes wrong; Skipped where an input had failed in the run."""
        piece = piece_of(self.plan, instance)
        place = self._place(piece)
        while True:
            try:
                train = instance.place.spec.kind == "train"
                lost = self._lost(instance)
                return self._train(place, piece, lost) if train else computed(place, piece, lost)
            except MissingInputs as absent:
                for missing in absent.instances:
                    self._make_input(self.plan.expansion.instances[missing])

    def _make_input(self, instance: Instance) -> None:
        self.notes.append(f"the result of {instance.label} was not in the store, or damaged: computed again")
        self.make(instance)

    def _train(self, place: Workplace, piece: Piece, lost: Lost) -> Made:
        from pipeline.stages.fit import train_cohort

        taken, notes = chosen(place, piece, lost)
        place.read(taken["data"])
        plan = self.plan
        alone = Cohort(piece.node, (plan.expansion.instances[piece.instance],))
        spec = alone.spec(plan.keys.__getitem__, plan.dag.dtype, plan.backend)
        datasets = {one.key: place.value(one) for one in taken["data"]}
        (result,) = train_cohort(spec, datasets, place.registry, place.emit)
        if result.network is None:
            raise StageError(result.error or "training gave no network")
        metrics = {name: float(value) for name, value in result.metrics.items()}
        place.keep(piece, result.network, metrics)
        return metrics, notes

    def _lost(self, instance: Instance) -> Lost:
        """Return which inputs were lost in the run, and are not there now either."""
        found = {}
        for one in (self.plan.expansion.instances[i] for many in instance.sources for i in many):
            row = self.rows.get(one.label)
            if row is not None and row.state in LOST and not self._store.has(self.plan.keys[one.id]):
                found[one.id] = f"{one.label} {row.state}: {(row.error or {}).get('message', '')}"
        return found

    def _place(self, piece: Piece) -> Workplace:
        registry, root = self.plan.dag.registry, self._store.root
        job = Job(
            name=f"replay/{piece.node}",
            run=self.run.id,
            store=str(root),
            registry=registry.description(),
            log="",
            stop=str(root / "stop"),
            pieces=(piece,),
        )
        return Workplace(job, self._store, registry, _Aloud(root), lambda event: None, "replay")


class _Aloud(Log):
    """No file: what a stage prints is printed, and what plait would note goes to stderr."""

    def note(self, text: str) -> None:
        print(text, file=sys.stderr)

    @contextmanager
    def released(self) -> Iterator[None]:
        yield
