"""Training without an optimizer: a method of `pipeline.calculus` goes down the objective of all rows.

Each member has a method of its own; what they ask for in a round is answered in one batched call.  An
iteration counts as an epoch.  The objective is the training step's, with the penalties of regularizers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.calculus.driver import Driver
from pipeline.calculus.requests import Start
from pipeline.calculus.surface import Surface, Traced
from pipeline.engine import Graph, Program, Tensor, ops
from pipeline.errors import OptionError
from pipeline.stages.blocks import Blocks, block_width
from pipeline.stages.objective import Objective
from pipeline.stages.step import LOSS, STEP, UNLABELLED, WEIGHTS, Rule, StepTracer
from pipeline.stages.training import Training

Array = npt.NDArray[Any]
BUFFERS = "buffers"


class Descending:
    """The members of a cohort on their way down, by the method that `start` begins for each.

    `losses` (members,) are those at the weights last reached, without penalties; `measures` what is
    recorded beside them.
    """

    def __init__(self, training: Training | Blocks, tracer: StepTracer, start: Start, weights: Array):
        self.rules, traced = _traced(tracer, len(training.tables.tables[0]))
        self._free = tracer.layout.trained.size
        self._drivers = list(_drivers(training, traced, start, weights, self._free))
        self.losses: npt.NDArray[np.float64] = np.zeros(len(weights))
        self.measures: list[dict[str, float]] = [{} for _ in weights]

    def advance(self, weights: Array) -> Array:
        """Return the weights (members, size) after one more iteration of every member."""
        places = self._places()
        moved = [
            self._moved(driver, weights[place], place)
            for driver, place in zip(self._drivers, places, strict=True)
        ]
        return np.concatenate(moved)

    @property
    def ended(self) -> set[int]:
        """The slots of members whose method has come to its end."""
        places = zip(self._drivers, self._places(), strict=True)
        return {place.start + slot for driver, place in places for slot in driver.ended}

    def keep(self, slots: Sequence[int]) -> None:
        """Let only the members in `slots` go on, in that order, which must be theirs."""
        staying = []
        for driver, place in zip(self._drivers, self._places(), strict=True):
            own = [slot - place.start for slot in slots if place.start <= slot < place.stop]
            if own:
                driver.keep(own)
                staying.append(driver)
        self._drivers = staying
        self.losses = self.losses[list(slots)]
        self.measures = [self.measures[slot] for slot in slots]

    def _moved(self, driver: Driver, weights: Array, place: slice) -> Array:
        driver.advance()
        moved = weights.copy()
        for slot, found in enumerate(driver.iterates):
            if found is not None:
                moved[slot, : self._free] = found.w
                norm = float(np.linalg.norm(found.gradient))
                self.measures[place.start + slot] = {"objective": found.value, "gradient_norm": norm}
        reports = driver.surface.reports(moved)
        self.losses[place] = reports[LOSS]
        if BUFFERS in reports:
            moved[:, self._free :] = reports[BUFFERS]
        return moved

    def _places(self) -> list[slice]:
        ends = np.cumsum([driver.members for driver in self._drivers]).tolist()
        return [slice(end - d.members, end) for end, d in zip(ends, self._drivers, strict=True)]


def _traced(tracer: StepTracer, rows: int) -> tuple[tuple[Rule, ...], Traced]:
    graph = Graph(tracer.dtype)
    objective = tracer.objective(graph, rows, graph.input(STEP, ()), 1)
    total = objective.total()
    reports = {LOSS: objective.loss}
    if tracer.layout.buffers:
        reports[BUFFERS] = ops.concatenate(tracer.buffered(graph, objective))
    _check(graph, objective, total)
    return tracer.rules(graph, objective), Traced(
        graph, total, objective.outputs, tracer.layout.trained.size, reports
    )


def _check(graph: Graph, objective: Objective, total: Tensor) -> None:
    """Refuse what makes the objective another at each look, or a step another than its method's."""
    instead = "    leave it out, or train by steps: train.minibatch with an optimizer"
    noisy = dict.fromkeys(str(random.key[0]) for random in graph.randoms.values())
    if noisy:
        raise OptionError(
            f"{', '.join(noisy)} draws random numbers at each step, so that two points cannot be compared: "
            f"a method that compares them would follow the noise\n{instead}"
        )
    if STEP in Program(graph, {"total": total}).inputs:
        raise OptionError(
            "a part of the objective changes from step to step; a method needs one that stays\n" + instead
        )
    if UNLABELLED in graph.inputs:
        raise OptionError(
            f"a regularizer draws unlabelled examples at each step, so that two points cannot be compared\n"
            f"{instead}"
        )
    if objective.acts_on_steps:
        raise OptionError(
            "a regularizer changes gradients or weights at each step; the method would take them for the "
            f"objective's own\n{instead}"
        )


def _drivers(
    training: Training | Blocks, traced: Traced, start: Start, weights: Array, free: int
) -> Iterator[Driver]:
    """Make a driver for each block of members, as many together as the caches hold."""
    inputs, batched = _inputs(training, weights)
    whole = Surface(traced, len(weights), inputs, batched, training.backend)
    width = block_width(whole.bytes_each, len(weights), training.backend.name)
    for first in range(0, len(weights), width):
        slots = range(first, min(first + width, len(weights)))
        yield Driver(whole.keep(slots), start, [weights[slot, :free] for slot in slots])


def _inputs(training: Training | Blocks, weights: Array) -> tuple[Mapping[str, Any], set[str]]:
    """Return what fills the objective's inputs beside the free weights, on the host, and which differ."""
    host = training.backend.to_host
    each = [{name: host(array) for name, array in table.columns.items()} for table in training.tables.each]
    data = {
        name: each[0][name] if len(each) == 1 else np.stack([one[name] for one in each]) for name in each[0]
    }
    alike = {name for name, values in training.values.items() if len(np.unique(values)) == 1}
    options = {name: values[0] if name in alike else values for name, values in training.values.items()}
    batched = {WEIGHTS, *(training.values.keys() - alike), *(data if len(each) > 1 else ())}
    return {WEIGHTS: weights, **data, **options}, batched
