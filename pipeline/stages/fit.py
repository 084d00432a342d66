"""What a train stage sees: `Fit` steps a whole cohort; and `train_cohort`, which the run layer calls.

At the end of each epoch every member gets a record: its training loss and its metrics on the validation
split.  Rules of regularizers judge it, and members that stop or diverge leave the cohort.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.calculus.requests import Start
from pipeline.stages.beginning import Beginning
from pipeline.stages.checkpoint import Checkpoint, Keeper
from pipeline.stages.cohort import CohortSpec, Member
from pipeline.stages.dataset import DataSet
from pipeline.stages.descending import Descending
from pipeline.stages.estimating import estimates, train_estimators
from pipeline.stages.events import Event
from pipeline.stages.judging import Judge, result_of
from pipeline.stages.parts import at
from pipeline.stages.registry import Registry
from pipeline.stages.results import MemberResult
from pipeline.stages.seeds import Rows
from pipeline.stages.tables import checked, form

Emit = Callable[[Event], None]


class Fit:
    """The training of a cohort, as its train stage drives it.

    `for epoch in fit.epochs(10): for rows in fit.batches(32): fit.step(rows)`
    """

    def __init__(self, beginning: Beginning, emit: Emit, keeper: Keeper | None = None):
        self._beginning, self._emit, self._keeper = beginning, emit, keeper
        self._node = beginning.spec.node
        self._training, self._validating = beginning.first()
        self._judge = Judge(
            self._node,
            beginning.parts,
            beginning.layout,
            self._training,
            beginning.datasets,
            beginning.registry,
        )
        self._descending: Descending | None = None
        self._epoch = 0
        self._epochs = 0
        self._done = 0  # epochs that were trained before, and are not trained again
        self._steps_per_epoch = 0

    def resume(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Go on from the members' checkpoints, all of one epoch: those until then are not trained again."""
        self._judge.resume(checkpoints)
        self._done = checkpoints[0].epoch

    @property
    def members(self) -> tuple[Member, ...]:
        """The members that are still in training."""
        return self._training.members

    @property
    def rows(self) -> int:
        """How many training rows each member has."""
        return len(self._training.tables.tables[0])

    @property
    def steps_per_epoch(self) -> int:
        """How many minibatches `batches` gives in an epoch, 0 before it was asked for any."""
        return self._steps_per_epoch

    def epochs(self, count: int) -> Iterator[int]:
        """Yield epoch numbers, `count` of them, from 1; end earlier when no member is left.

        A training that goes on from a checkpoint is not given the epochs before it.
        """
        self._epochs = self._epoch + count
        self._epoch = max(self._epoch, min(self._done, self._epochs))
        while self._epoch < self._epochs and self.members:
            self._epoch += 1
            self._training.clear_losses()
            self._tell("epoch_started", self.members)
            yield self._epoch
            self._close_epoch()

    def batches(self, batch_size: int, *, shuffle: bool = True, drop_last: bool = False) -> Iterator[Rows]:
        """Yield the training rows of each minibatch of one epoch, in an order that depends on the seed.

        Rows are (batch,) where all members share a seed, else (members, batch).  The last minibatch is
        smaller where the rows do not divide; `drop_last` leaves it out.
        """
        size = min(batch_size, self.rows)
        stop = self.rows - self.rows % size if drop_last else self.rows
        self._steps_per_epoch = -(-stop // size)
        seeds = self._training.seeds
        orders = seeds.orders(self._node, self._epoch, self.rows, shuffle)
        for start in range(0, stop, size):
            yield seeds.for_members(orders, start, min(start + size, stop))

    def step(self, rows: Rows) -> None:
        """Take one step of every member on training rows, (batch,) or (members, batch)."""
        self._training.step(rows, max(self._epochs, 1) * max(self._steps_per_epoch, 1))

    def step_on(self, inputs: Any, targets: Any) -> None:
        """Take one step of every member on examples of its own making: (members, batch, ...) each."""
        self._training.step_on(np.asarray(inputs), np.asarray(targets), max(self._epochs, 1))

    def minimize(self, method: Start, *, epochs: int) -> None:
        """Take every member down the objective of all its training rows, an iteration an epoch.

        `method` begins a method of `pipeline.calculus` at flat weights (size,): a partial of `lbfgs`, say.
        A member whose method has come to its end leaves.  OptionError where noise, or what changes steps,
        would mislead it.
        """
        self._descending = Descending(self._training, self._beginning.tracer, method, self.weights)
        self._judge.rules = lambda: self._descending.rules if self._descending else ()
        for _ in self.epochs(epochs):
            self.weights = self._descending.advance(self.weights)

    def outputs(self, inputs: Any) -> npt.NDArray[Any]:
        """Return what every member's model says to inputs (rows, *features), or (members, rows, *features).

        The outputs are raw, (members, rows, outputs), those of a prediction: without noise.
        """
        return self._validating.outputs(self._training, np.asarray(inputs))

    def snapshot(self) -> None:
        """Keep a copy of every member's network as it is now.

        Its predictor is then the average of the copies kept, and its metrics are those of that.
        """
        self._judge.snapshot()

    @property
    def weights(self) -> npt.NDArray[Any]:
        """A copy of the members' flat weights on the host, (members, size); may be set."""
        return np.array(self._training.backend.to_host(self._training.weights))

    @weights.setter
    def weights(self, values: npt.NDArray[Any]) -> None:
        self._training.weights = self._training.backend.from_host(np.asarray(values, self._training.dtype))

    @property
    def seeds(self) -> tuple[int, ...]:
        """The members' seeds."""
        return tuple(member.seed for member in self.members)

    def restart(self, *splits: str) -> None:
        """Train every member that ended well anew: from its first weights, on the rows of all `splits`.

        Epochs count from 1 again.  Each member stays for as many of them as its rules found best before, by
        default all it had, and no rule judges it; its metrics are those that were found then.
        """
        self._end()
        members = [member for member in self._beginning.spec.members if self._judge.ended_well(member)]
        if members:
            self._training, self._validating = self._beginning.again(members, splits)
            self._judge.restart(self._training)
        self._descending = self._keeper = None  # only the first training has checkpoints
        self._epoch = self._epochs = self._done = self._steps_per_epoch = 0

    def results(self) -> dict[tuple[str, str], MemberResult]:
        """End the training of all members and return their results."""
        self._end()
        return self._judge.results

    def _end(self) -> None:
        if self._training.pending:
            self._close_epoch()
        for slot in range(len(self.members)):
            self._judge.finish(slot)

    def _close_epoch(self) -> None:
        members, records = self.members, self._records()
        self._training.clear_losses()
        ended = self._descending.ended if self._descending else ()
        diverged, stopped = self._judge.close(records, ended)
        if diverged or stopped:
            stay = [slot for slot in range(len(members)) if slot not in {*diverged, *stopped}]
            self._training.keep(stay)
            self._validating.keep(stay)
            if self._descending is not None:
                self._descending.keep(stay)
        self._checkpoint()  # before it is told of: whoever hears of it may end the training
        metrics = {member.trial: record for member, record in zip(members, records, strict=True)}
        self._tell("epoch_ended", members, metrics=metrics)
        for slot in diverged:
            cause = result_of(members[slot], self._judge.results).error
            self._tell("epoch_failed", members[slot : slot + 1], error=cause)

    def _checkpoint(self) -> None:
        """Keep where the members stand, where it is time to and a stage can go on from there."""
        keeper = self._keeper if self._beginning.parts.train.stage.resumes else None
        if keeper is not None and self._descending is None and self.members and keeper.due():
            keeper.save(self._judge.checkpoints(self._epoch))

    def _records(self) -> list[dict[str, float]]:
        descending = self._descending
        losses = descending.losses if descending else self._training.mean_losses()
        measured = self._validating.measure(self._training)
        further = descending.measures if descending else [{}] * len(losses)
        return [
            {"epoch": self._epoch, "train_loss": float(loss), **more, **metrics}
            for loss, more, metrics in zip(losses, further, measured, strict=True)
        ]

    def _tell(self, name: Any, members: tuple[Member, ...], **data: Any) -> None:
        trials = tuple(member.trial for member in members)
        counts = {"epoch": self._epoch, "epochs": self._epochs}
        self._emit(Event(name, node=self._node, trials=trials, data={**counts, **data}))


def train_cohort(
    spec: CohortSpec,
    datasets: Mapping[str, DataSet],
    registry: Registry,
    emit: Emit = lambda event: None,
    keeper: Keeper | None = None,
) -> list[MemberResult]:
    """Train the members of `spec` together and return their results in its order.

    Members go on from the checkpoints that `keeper` has of them, those of one epoch together.

    `datasets` maps the members' `data` keys to data sets; members whose data differ in shape train one
    group after another.  A member that diverges is `failed` and leaves the others alone.  UserError where
    data, options or shapes cannot serve, StageError where a stage raises; both name the node.
    """
    checked(spec, datasets)
    if estimates(spec, registry):
        return train_estimators(spec, datasets, registry, emit)
    groups: dict[Any, list[Member]] = {}
    for member in spec.members:
        groups.setdefault(form(datasets[member.data]), []).append(member)
    results: dict[tuple[str, str], MemberResult] = {}
    for members in groups.values():
        for alike, checkpoints in _by_epoch(members, keeper):
            part = replace(spec, members=tuple(alike))
            results.update(_train(part, datasets, registry, emit, keeper, checkpoints))
    return [result_of(member, results) for member in spec.members]


def _by_epoch(
    members: Sequence[Member], keeper: Keeper | None
) -> Iterator[tuple[list[Member], list[Checkpoint]]]:
    """Group members by the epoch that they go on from; those that begin have no checkpoints."""
    groups: dict[int, list[tuple[Member, Checkpoint | None]]] = {}
    for member in members:
        found = keeper.load(member) if keeper else None
        groups.setdefault(found.epoch if found else 0, []).append((member, found))
    for group in groups.values():
        yield [member for member, _ in group], [found for _, found in group if found]


def _train(
    spec: CohortSpec,
    datasets: Mapping[str, DataSet],
    registry: Registry,
    emit: Emit,
    keeper: Keeper | None,
    checkpoints: Sequence[Checkpoint],
) -> dict[tuple[str, str], MemberResult]:
    beginning = Beginning(spec, datasets, registry)
    if len(spec.members) > beginning.abreast:
        return _in_turn(spec, beginning.abreast, datasets, registry, emit, keeper, checkpoints)
    fit, train = Fit(beginning, emit, keeper), beginning.parts.train
    if checkpoints:
        fit.resume(checkpoints)
    # a member that overflows is found by its values, at the end of the epoch
    with np.errstate(all="ignore"), at(spec.node, train.stage.ref):
        train.stage.function(fit, **train.options)
        return fit.results()


def _in_turn(
    spec: CohortSpec,
    most: int,
    datasets: Mapping[str, DataSet],
    registry: Registry,
    emit: Emit,
    keeper: Keeper | None,
    checkpoints: Sequence[Checkpoint],
) -> dict[tuple[str, str], MemberResult]:
    """Train as many members at once as memory holds, one part of the cohort after another."""
    results: dict[tuple[str, str], MemberResult] = {}
    for start in range(0, len(spec.members), most):
        part = replace(spec, members=spec.members[start : start + most])
        own = checkpoints[start : start + most]
        results.update(_train(part, datasets, registry, emit, keeper, own))
    return results
