"""What becomes of members at the end of an epoch: who goes on, who stops, who diverged."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import OptionError, StageError
from pipeline.stages.blocks import Blocks
from pipeline.stages.checkpoint import Checkpoint, Stepped
from pipeline.stages.cohort import Member
from pipeline.stages.committee import Committee
from pipeline.stages.links import link_of
from pipeline.stages.measured import measured
from pipeline.stages.net import Layout
from pipeline.stages.parts import Parts, at
from pipeline.stages.predictor import Network, Predictor
from pipeline.stages.registry import Registry
from pipeline.stages.results import MemberResult
from pipeline.stages.step import Rule
from pipeline.stages.training import Training
from pipeline.stages.verdicts import Verdict

Record = Mapping[str, float]
KEPT, SNAPSHOT, STATE = "kept", "snapshot:", "state:"  # arrays of a checkpoint
AVERAGE = "ensemble.average"  # what makes one predictor of a member's snapshots


@dataclass
class Progress:
    """A member's history, and the copy of its weights that its rules asked to keep.

    `snapshots` are copies that the train stage asked for.  A training that began again has begun after
    `before` epochs of history, for `limit` more, and has the metrics that were found by then.
    """

    history: list[dict[str, float]] = field(default_factory=list)
    kept: npt.NDArray[Any] | None = None
    kept_epoch: int = 0
    before: int = 0
    limit: int = 0
    found: Mapping[str, float] | None = None
    rates: list[float] = field(default_factory=list)
    snapshots: list[npt.NDArray[Any]] = field(default_factory=list)

    def of_first(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """Return what a first training, one that did not begin again, came to: JSON and arrays."""
        about = {
            "history": list(self.history),
            "kept_epoch": self.kept_epoch,
            "rates": list(self.rates),
        }
        arrays = {f"{SNAPSHOT}{place}": copy for place, copy in enumerate(self.snapshots)}
        return about, arrays if self.kept is None else {**arrays, KEPT: self.kept}

    @classmethod
    def resumed(cls, about: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> Progress:
        """Make it again of what `of_first` gave."""
        count = sum(name.startswith(SNAPSHOT) for name in arrays)
        return cls(
            [dict(record) for record in about["history"]],
            arrays.get(KEPT),
            about["kept_epoch"],
            rates=list(about["rates"]),
            snapshots=[arrays[f"{SNAPSHOT}{place}"] for place in range(count)],
        )

    @property
    def best(self) -> int:
        """The epoch whose weights count: the one kept last, or else the last one."""
        return self.kept_epoch or len(self.history)

    @property
    def metrics(self) -> dict[str, float]:
        """What was measured at that epoch; the number of epochs too, where training began again."""
        if self.found is not None:
            return dict(self.found)
        return {name: value for name, value in self.history[self.best - 1].items() if name != "epoch"}

    @property
    def rate(self) -> float:
        """The factor on the learning rate in the next epoch: of a training that began again, as before."""
        after = len(self.history) - self.before
        return self.rates[after - 1] if 0 < after <= len(self.rates) else 1.0

    def begin_again(self) -> None:
        """Forget the weights, and train for as many epochs as were found best."""
        limit = self.best
        self.found = {**self.metrics, "epochs_found": float(limit)}
        self.kept, self.kept_epoch, self.before, self.limit = None, 0, len(self.history), limit
        self.snapshots = []


class Judge:
    """Keeps members' histories and makes their results."""

    def __init__(
        self,
        node: str,
        parts: Parts,
        layout: Layout,
        training: Training | Blocks,
        data: Mapping[str, Any],
        registry: Registry,
    ):
        self._node, self._parts, self._layout = node, parts, layout
        self._training = training
        self._data, self._registry = data, registry
        self.rules: Callable[[], Sequence[Rule]] = lambda: self._training.rules
        self._progress = {_id(member): Progress() for member in training.members}
        self._steps: list[int] = []  # how many were taken by the end of each epoch
        self.results: dict[tuple[str, str], MemberResult] = {}

    def close(
        self, records: Sequence[dict[str, float]], ended: Collection[int] = ()
    ) -> tuple[list[int], list[int]]:
        """Add an epoch's records; return the slots of members that diverged and of those that stopped.

        Those in `ended` have come to their end and stop in any case.
        """
        members = self._training.members
        finite = self._finite()
        self._steps.append(self._training.steps_done)
        diverged, stopped = [], []
        for slot, (member, record) in enumerate(zip(members, records, strict=True)):
            progress = self._progress[_id(member)]
            progress.history.append({**record, "epoch": progress.before + record["epoch"]})
            cause = self._cause(member, record, bool(finite[slot]))
            if cause:
                self._fail(member, "\n    ".join([cause, *self._diagnosis(slot, member)]))
                diverged.append(slot)
            elif self._stops(slot, member, progress) or slot in ended:
                self.finish(slot)
                stopped.append(slot)
        self._training.pace([self._progress[_id(member)].rate for member in members])
        return diverged, stopped

    def finish(self, slot: int) -> None:
        """Make the result of a member whose training is over."""
        member = self._training.members[slot]
        progress = self._progress[_id(member)]
        if len(progress.history) == progress.before:
            raise StageError("the train stage took no step; loop over fit.epochs and fit.batches")
        kept = self._host(slot) if progress.kept is None else progress.kept
        network = self._network(member, kept)
        predictor, metrics = self._averaged(member, progress) or (network, progress.metrics)
        self.results[_id(member)] = MemberResult(
            trial=member.trial,
            key=member.key,
            state="done",
            params=network.parameters,
            metrics=metrics,
            history=tuple(progress.history),
            epochs=len(progress.history),
            network=predictor,
        )

    def ended_well(self, member: Member) -> bool:
        """Return whether a member has a result that is no failure."""
        return _id(member) in self.results and self.results[_id(member)].state == "done"

    def checkpoints(self, epoch: int) -> list[tuple[Member, Checkpoint]]:
        """Return where every member in training stands, at the end of an epoch that was closed."""
        stepped, found = self._training.stepped(), []
        for slot, member in enumerate(self._training.members):
            steps, state = stepped.of(slot)
            judged, arrays = self._progress[_id(member)].of_first()
            about = {"stepped": steps, "judged": judged, "ends": list(self._steps)}
            named = {f"{STATE}{name}": array for name, array in state.items()}
            found.append((member, Checkpoint(epoch, about, {**named, **arrays})))
        return found

    def resume(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Go on from checkpoints of one epoch, one for each member in training."""
        states = [
            {name.removeprefix(STATE): array for name, array in one.arrays.items() if name.startswith(STATE)}
            for one in checkpoints
        ]
        parts = [(one.about["stepped"], state) for one, state in zip(checkpoints, states, strict=True)]
        self._training.resume(Stepped.joined(parts))
        self._steps = list(checkpoints[0].about["ends"])
        for member, one in zip(self._training.members, checkpoints, strict=True):
            self._progress[_id(member)] = Progress.resumed(one.about["judged"], one.arrays)

    def restart(self, training: Training | Blocks) -> None:
        """Judge another training of members that ended well, each for the epochs that it found best."""
        self._training, self._steps = training, []
        for member in training.members:
            self._progress[_id(member)].begin_again()

    def snapshot(self) -> None:
        """Keep a copy of every member's weights, beside those that it ends with."""
        for slot, member in enumerate(self._training.members):
            self._progress[_id(member)].snapshots.append(self._host(slot))

    def _averaged(self, member: Member, progress: Progress) -> tuple[Predictor, dict[str, float]] | None:
        """Return the average of a member's snapshots, and its metrics; None where there are none."""
        if not progress.snapshots:
            return None
        networks = [self._network(member, weights) for weights in progress.snapshots]
        average = Committee.of(self._registry.stage(AVERAGE), {}, networks)
        return average, measured(average, self._data[member.data])

    def _network(self, member: Member, weights: npt.NDArray[Any]) -> Network:
        parameters = {
            name: weights[self._layout.slices[name]].reshape(parameter.shape)
            for name, parameter in self._layout.parameters.items()
        }
        model, loss = self._parts.model, self._parts.loss
        options, link = model.member_options(member), link_of(loss.stage, loss.options)
        return Network.of(model.stage, options, link, self._data[member.data], parameters)

    def _fail(self, member: Member, cause: str) -> None:
        history = self._progress[_id(member)].history
        self.results[_id(member)] = MemberResult(
            trial=member.trial,
            key=member.key,
            state="failed",
            history=tuple(history),
            epochs=len(history),
            error=cause,
        )

    def _host(self, slot: int) -> npt.NDArray[Any]:
        return np.array(self._training.backend.to_host(self._training.weights[slot]))

    # Divergence

    def _finite(self) -> npt.NDArray[np.bool_]:
        xp = self._training.backend.xp
        found = xp.isfinite(self._training.weights).all(axis=1)
        return self._training.backend.to_host(found)  # type: ignore[no-any-return]

    def _cause(self, member: Member, record: Record, finite: bool) -> str:
        """Return why a member counts as diverged, or ""."""
        named = {"train_loss": "loss", "objective": "objective", "loss": "validation loss"}
        values = {what: record[name] for name, what in named.items() if name in record}
        bad = [f"the {name} became {value}" for name, value in values.items() if not math.isfinite(value)]
        if not bad and not finite:
            bad = ["the weights became infinite or nan"]
        if not bad:
            return ""
        return f"{self._node}: {bad[0]} at epoch {int(record['epoch'])}; {self._advice(member)}"

    def _diagnosis(self, slot: int, member: Member) -> list[str]:
        """Return lines that say in which step, by which operation a member diverged, if that is known."""
        found = self._training.diagnosed(slot)
        if found is None:
            return []
        epoch = 1 + sum(done < found.step for done in self._steps)
        return found.words(epoch, member.trial).splitlines()

    def _advice(self, member: Member) -> str:
        optimizer = self._parts.optimizer
        if optimizer is None:
            return "take smaller steps, or scale the inputs (transform.standardize)"
        options = optimizer.member_options(member)
        lower = f"lower {optimizer.node}.lr ({options['lr']:g})" if "lr" in options else "take smaller steps"
        return f"{lower}, scale the inputs (transform.standardize), or limit the gradient (regularizer.clip)"

    # Rules

    def _stops(self, slot: int, member: Member, progress: Progress) -> bool:
        if progress.limit:
            return len(progress.history) - progress.before >= progress.limit
        verdicts = [self._verdict(rule, member, progress) for rule in self.rules()]
        progress.rates.append(self._rate(verdicts))
        if any(verdict.best for verdict in verdicts):
            progress.kept = self._host(slot)
            progress.kept_epoch = len(progress.history)
        return any(verdict.stop for verdict in verdicts)

    def _rate(self, verdicts: Sequence[Verdict]) -> float:
        rate = math.prod(verdict.rate for verdict in verdicts)
        optimizer = self._parts.optimizer
        if rate != 1 and (optimizer is None or "lr" not in optimizer.options):
            raise OptionError(
                "a regularizer changes the learning rate after epochs, but there is no optimizer with the "
                "option `lr`\n    use another optimizer, or leave the regularizer out"
            )
        return rate

    def _verdict(self, rule: Rule, member: Member, progress: Progress) -> Verdict:
        numbers = {option: self._number(name, member) for option, name in rule.symbolic.items()}
        with at(rule.node):
            verdict = rule.function([dict(record) for record in progress.history], **rule.options, **numbers)
            if not isinstance(verdict, Verdict):
                raise StageError(f"a rule of after_epoch returns a Verdict, this one gave {verdict!r}")
        return verdict

    def _number(self, name: str, member: Member) -> float:
        """Return the member's own number of the input `node.option`, as it was given."""
        for part in self._parts.traced:
            for option in part.varying:
                if f"{part.node}.{option}" == name:
                    return float(part.member_options(member)[option])
        raise StageError(f"{name!r} is no option of this cohort")


def _id(member: Member) -> tuple[str, str]:
    return (member.trial, member.key)


def result_of(member: Member, results: Mapping[tuple[str, str], MemberResult]) -> MemberResult:
    """Return a member's result."""
    return results[_id(member)]
