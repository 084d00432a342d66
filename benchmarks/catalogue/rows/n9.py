"""N9: faults planted in a member of a cohort, and named by the guard; what the guard costs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs, values
from benchmarks.networks import STEPS, Cohort, Model
from pipeline import DataSet, model, ops
from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.fit import train_cohort
from pipeline.stages.guard import INTERVAL, Guard, Taken
from pipeline.stages.registry import Registry
from pipeline.stages.results import MemberResult
from pipeline.stages.stage import Stage
from pipeline.stages.training import Training

ROW = Row(
    id="N9",
    name="Precision guard",
    sentence="a member that diverges is stepped once more, alone, from where it was finite last: its error "
    "names the first operation that left the finite numbers, its node, stage, step and operands, counts what "
    "over- and underflowed and says what helps; the guard watches every training",
    source="Goodfellow et al. 2016, 4.1",
    functions=("pipeline.stages.guard.Guard", "pipeline.engine.inspection.inspected"),
    dags=("precision.yaml",),
    bars={
        "planted faults named, of 4": AtLeast(4),
        "neighbours whose bits changed": AtMost(0),
        "share of a step, percent": AtMost(3),
        "accuracy under the guard, least of 3 seeds": AtLeast(0.85),
    },
)

# what is planted -> how it is told
FAULTS = {
    "exp": "first not finite: exp in net (model.planted)",
    "quotient": "first not finite: divide in net (model.planted)",
    "log": "first not finite: log in net (model.planted)",
    "root": "first not finite: divide in net (model.planted), backward of sqrt",
}
PLANTED: Mapping[str, Callable[..., object]] = {
    "exp": ops.exp,
    "quotient": lambda x: (x - x) / (1.0 - x / 89.0),
    "log": lambda x: ops.log(1.0 - x / 89.0),
    "root": lambda x: ops.sqrt(1.0 - x / 89.0),
}


@model
def planted(x, net, *, fault: str = "exp", amount: float = 0.0, outputs: int):  # type: ignore[no-untyped-def]
    """Add what `fault` makes of `amount`, times 0: nothing where `amount` is 0."""
    h = net.dense(ops.flatten(x), outputs, name="out")
    return h + 0.0 * PLANTED[fault](amount + 0.0 * h)  # type: ignore[operator]


class _Known(Registry):
    def stage(self, ref: str) -> Stage:
        """Return a built-in stage, or the one of this file."""
        return Stage.of(planted) if ref == "model.planted" else super().stage(ref)


def figures(runs: Runs) -> Mapping[str, float]:
    """Return how many faults are named, what becomes of neighbours, what the guard takes of a step."""
    found = {fault: _trained(fault, (0.0, 89.0, 0.0)) for fault in FAULTS}
    named = [words in (found[fault][1].error or "") for fault, words in FAULTS.items()]
    changed = sum(_changed(fault, found[fault]) for fault in FAULTS)
    return {
        "planted faults named, of 4": sum(named),
        "neighbours whose bits changed": changed,
        "share of a step, percent": 100 * _share(),
        "accuracy under the guard, least of 3 seeds": min(
            values(runs("precision.yaml"), "score", "accuracy")
        ),
    }


def _changed(fault: str, found: list[MemberResult]) -> int:
    """Return how many of the neighbours are not what they are without the bad member."""
    pairs = zip(_trained(fault, (0.0, 0.0)), (found[0], found[2]), strict=True)
    return sum(
        any(not np.array_equal(values, other.params[name]) for name, values in one.params.items())
        for one, other in pairs
    )


def _trained(fault: str, amounts: tuple[float, ...]) -> list[MemberResult]:
    registry = _Known()
    data: DataSet = registry.stage("data.digits").function()
    data = data.with_splits(train=np.arange(300), validation=np.arange(300, 400))
    options = {"fault": fault, "amount": 0.0, "outputs": 10}
    parts = {
        "model": (Part("net", "model.planted", options),),
        "optimizer": (Part("adam", "optimizer.adam", {}),),
    }
    slots = tuple(
        Member(f"t{i}", f"key{i}", 0, "data", {"net": {"amount": amount}}) for i, amount in enumerate(amounts)
    )
    train = Part("fit", "train.minibatch", {"epochs": 1, "batch_size": 50})
    return train_cohort(CohortSpec("fit", train, parts, slots), {"data": data}, registry)


def _share() -> float:
    """Return what the guard takes of a step of 16 nets of [128, 64], minibatches of 64: copies and notes."""
    cohort = Cohort(Model("model.mlp", {"hidden": [128, 64]}), 16, 64)
    training, _ = cohort._training(cohort.problem.rates)
    rows = cohort.problem.batches[0]
    blocks: list[Training] = getattr(training, "_blocks", [training])
    guard = Guard()
    step, copy, note = [], [], []
    with threadpool_limits(1):
        for _ in range(20):
            step.append(_seconds(lambda: (training.step(rows, STEPS), training.mean_losses())))
            copy.append(_seconds(lambda: [guard.renew(block) for block in blocks]))
            note.append(_seconds(lambda: [guard.note(block, Taken(rows, None, STEPS)) for block in blocks]))
    copied, noted, stepped = (statistics.median(each) for each in (copy, note, step))
    return (copied / INTERVAL + noted) / stepped


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
