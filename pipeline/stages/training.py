"""A cohort in training: its weights and optimizer state, the programs that step it, who is still in it.

State lives in the buffers of the executor that ran last, (members, ...) each, and is copied when another
executor takes over: the first step has no optimizer state, the last minibatch of an epoch may be smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.engine import Backend, Executor, Program, numpy_backend
from pipeline.engine.capture import replayed
from pipeline.engine.passes import ALL, PLAIN
from pipeline.stages.checkpoint import Stepped
from pipeline.stages.cohort import Member
from pipeline.stages.diagnosing import Diagnosis, diagnosed
from pipeline.stages.feeding import Feed
from pipeline.stages.guard import Case, Guard, Standing, Taken
from pipeline.stages.parts import Parts
from pipeline.stages.seeds import Rows, RowStream, Seeds
from pipeline.stages.step import INPUTS, LOSS, TARGETS, UNLABELLED, WEIGHTS, Rule, Step, StepTracer
from pipeline.stages.tables import Tables

Array = Any

# Parameters of all members times steps from which fused chains pay: they save some 2.4 ns for each (Adam on
# one core, benchmarks/step.py) and cost a second or so of compiling where they are not cached.
WORTH_COMPILING = 400_000_000
# Examples of all members times steps from which fused reductions pay: they save some 0.2 µs for each (losses
# and biases on one core, benchmarks/passes.py) and cost some 4 s of compiling where they are not cached.
WORTH_REDUCING = 20_000_000


@dataclass
class Traces:
    """What the blocks of a cohort of `members` share: traced steps, and the passes that pay for each.

    With `plain` no pass is taken that compiles.
    """

    members: int
    steps: dict[tuple[int, bool, int], Step] = field(default_factory=dict)
    passes: dict[tuple[int, bool, bool], tuple[str, ...]] = field(default_factory=dict)
    plain: bool = False


@dataclass(frozen=True)
class _Bound:
    step: Step
    executor: Executor
    feed: Feed
    run: Callable[[], None]
    loss: Array


class Training:
    """Steps the members of a cohort together.  `keep` lets some of them go on without the rest.

    Blocks of one cohort share `traces`; a kernel that is compiled serves them all.
    """

    def __init__(
        self,
        node: str,
        parts: Parts,
        tracer: StepTracer,
        members: Sequence[Member],
        tables: Tables,
        backend: Backend,
        traces: Traces | None = None,
        guard: bool = True,
    ):
        self.backend = backend
        self.dtype = tracer.dtype
        self._node, self._parts, self._tracer = node, parts, tracer
        self._traces = traces or Traces(len(members))
        self._templates: Mapping[str, Any] | None = None
        self._state = {WEIGHTS: backend.from_host(self._initial(members))}
        self.steps_done = 0
        self._rates = np.ones(len(members))
        self._guard = Guard() if guard else None
        self._admit(members, tables)

    # Members

    def keep(self, slots: Sequence[int]) -> None:
        """Let only the members in `slots` go on, in that order."""
        self._guard = Guard() if self._guard is not None else None  # whoever diverged leaves now
        chosen = self.backend.from_host(np.array(slots, dtype=np.int64))
        self._state = {name: array[chosen] for name, array in self._state.items()}
        self._rates = self._rates[list(slots)]
        self._admit([self.members[slot] for slot in slots], self.tables.keep(slots))

    def _admit(self, members: Sequence[Member], tables: Tables) -> None:
        self.members = tuple(members)
        self.tables = tables
        self.seeds = Seeds([member.seed for member in members])
        self._stream = RowStream(self.seeds, self.backend)
        self._set_values()
        self.clear_losses()

    def pace(self, rates: Sequence[float]) -> None:
        """Multiply the optimizer's option `lr` by `rates` (members,) from now on."""
        if list(rates) != list(self._rates):
            self._forget()
            self._rates = np.array(rates, dtype=np.float64)
            self._set_values()

    def _set_values(self) -> None:
        self.values = self._parts.option_values(self.members, self.dtype)
        optimizer = self._parts.optimizer
        if optimizer is not None and f"{optimizer.node}.lr" in self.values:
            self.values[f"{optimizer.node}.lr"] *= self._rates.astype(self.dtype)
        # which values members share may have changed, and with it what executors take
        self._bound: dict[tuple[int, bool, bool], _Bound] = {}
        self._active: _Bound | None = None

    def _initial(self, members: Sequence[Member]) -> npt.NDArray[Any]:
        node, layout = self._parts.model.node, self._tracer.layout
        drawn = {member.seed: None for member in members}
        values = {seed: layout.initial(seed, node, self.dtype) for seed in drawn}
        return np.stack([values[member.seed] for member in members])

    # Stepping

    def step(self, rows: Rows, steps: int) -> None:
        """Step on training rows (batch,) or (members, batch), in a training of `steps` steps."""
        if self._guard is not None:
            self._guard.note(self, Taken(np.array(rows), None, steps))
        shared = self.tables.shared and rows.ndim == 1
        bound = self._executor(rows.shape[-1], shared, steps)
        self._activate(bound)
        self.steps_done += 1
        bound.feed.load(rows, self.steps_done)
        self._run(bound, rows.shape[-1])

    def step_on(self, inputs: Array, targets: Array, steps: int) -> None:
        """Step on examples that are given, (members, batch, ...) each, in a training of `steps` steps."""
        if self._guard is not None:
            self._guard.note(self, Taken(None, (inputs, targets), steps))
        bound = self._executor(inputs.shape[1], False, steps)
        self._activate(bound)
        self.steps_done += 1
        bound.feed.put(inputs, targets, self.steps_done)
        self._run(bound, inputs.shape[1])

    def _run(self, bound: _Bound, rows: int) -> None:
        bound.run()
        self.backend.xp.add(self._loss_sum, bound.loss * rows, out=self._loss_sum)
        self._examples += rows
        if self._templates is None:
            self._settle(bound)

    def clear_losses(self) -> None:
        """Begin a new mean of the training loss."""
        self._loss_sum = self.backend.xp.zeros(len(self.members), dtype=np.float64)
        self._examples = 0

    def mean_losses(self) -> npt.NDArray[np.float64]:
        """Return each member's mean loss over the examples since `clear_losses`."""
        total: npt.NDArray[np.float64] = self.backend.to_host(self._loss_sum)
        return total / max(self._examples, 1)

    @property
    def pending(self) -> bool:
        """Whether steps were taken since `clear_losses`."""
        return self._examples > 0

    @property
    def weights(self) -> Array:
        """The members' flat weights on the backend, (members, size), valid until the next step."""
        return self._state[WEIGHTS]

    @weights.setter
    def weights(self, values: Array) -> None:
        self._forget()
        self._state[WEIGHTS][...] = values

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What regularizers asked to be called after each epoch."""
        return next((step.rules for step in self._traces.steps.values()), ())

    # Checkpoints

    def stepped(self) -> Stepped:
        """Return what steps have made of the members, copied to the host."""
        state = {name: np.array(self.backend.to_host(array)) for name, array in self._state.items()}
        return Stepped(state, self._templates, self.steps_done, self._rates.copy())

    def resume(self, stepped: Stepped) -> None:
        """Go on from there, with as many members."""
        self._templates, self.steps_done = stepped.templates, stepped.steps_done
        self._state = {name: self.backend.from_host(array) for name, array in stepped.state.items()}
        self._rates = stepped.rates
        self._set_values()

    # What the guard asks for

    def finite(self) -> npt.NDArray[np.bool_]:
        """Return which members' weights, optimizer state and losses are finite, (members,)."""
        xp = self.backend.xp
        found = xp.isfinite(self._loss_sum)
        for array in self._state.values():
            found &= xp.isfinite(array).reshape(len(self.members), -1).all(axis=1)
        return self.backend.to_host(found)  # type: ignore[no-any-return]

    def standing(self) -> Standing:
        """Return a copy of where the training stands."""
        state = {name: array.copy() for name, array in self._state.items()}
        return Standing(self.members, self.tables, state, self._templates, self.steps_done, self._rates)

    def alone(self, case: Case) -> Training:
        """Return the training of one member from where it stood, on NumPy, without a guard."""
        standing, slot, home = case.standing, case.slot, numpy_backend()
        member, tables = standing.members[slot], standing.tables.keep([slot]).on_host(self.backend)
        traces = Traces(1, self._traces.steps, plain=True)
        own = Training(self._node, self._parts, self._tracer, [member], tables, home, traces, guard=False)
        own._templates, own.steps_done = standing.templates, standing.steps_done
        host = self.backend.to_host
        own._state = {name: np.array(host(x[slot : slot + 1])) for name, x in standing.state.items()}
        own.pace(standing.rates[[slot]])
        return own

    def diagnosed(self, slot: int) -> Diagnosis | None:
        """Return in which step, and by which operation, a member left the finite numbers; None if unknown."""
        case = self._guard.case(self, slot) if self._guard is not None else None
        return None if case is None else diagnosed(self, case)

    def last_step(self, before: Standing) -> tuple[Program, dict[str, Array]]:
        """Return the program of the last step and the first member's inputs to it, its state of `before`."""
        assert self._active is not None
        executor = self._active.executor
        program, known = executor.program, {**executor.inputs, **before.state}
        batched = {name for name, tensor in program.inputs.items() if executor.is_batched(tensor)}
        return program, {name: known[name][0] if name in batched else known[name] for name in program.inputs}

    def _forget(self) -> None:
        if self._guard is not None:
            self._guard.forget(self)

    def _executor(self, rows: int, shared: bool, steps: int) -> _Bound:
        first = self._templates is None
        key = (rows, shared, first)
        if key not in self._bound:
            step = self._step(rows, first, steps)
            if key not in self._traces.passes:
                # the first step runs once: nothing is compiled for it
                plain = self._traces.plain or (first and self.backend.fuse is None)
                self._traces.passes[key] = PLAIN if plain else self.passes(step, shared, steps)
            self._bound[key] = self._bind(step, shared, self._traces.passes[key])
        return self._bound[key]

    def _step(self, rows: int, first: bool, steps: int) -> Step:
        key = (rows, first, steps)
        if key not in self._traces.steps:
            self._traces.steps[key] = self._tracer.trace(rows, steps, self._templates)
        return self._traces.steps[key]

    def _bind(self, step: Step, shared: bool, passes: Collection[str]) -> _Bound:
        batched = self.batched(step, shared)
        executor = step.program.bind(len(self.members), batched, self.backend, passes)
        for name in self.values.keys() & executor.inputs.keys():
            value = self.values[name] if name in batched else self.values[name][0]
            self.backend.xp.copyto(executor.inputs[name], self.backend.from_host(value))
        feed = Feed(self._node, executor, step.randoms, self.tables, self.seeds, self._stream, shared)
        return _Bound(step, executor, feed, replayed(executor), executor.outputs[LOSS])

    def batched(self, step: Step, shared: bool) -> frozenset[str]:
        """Return the inputs of a step that differ between members, `shared` minibatches not among them."""
        batched = {WEIGHTS, *step.state, *self._differing()}
        gathered = {INPUTS, TARGETS, UNLABELLED, *self.tables.tables[0].columns}
        batched |= set() if shared else gathered
        batched |= set() if self.seeds.shared else step.randoms.keys()
        return frozenset(batched & step.program.graph.inputs.keys())

    def passes(self, step: Step, shared: bool, steps: int) -> tuple[str, ...]:
        """Return the plan passes that pay for `step` in a training of `steps` steps."""
        if self.backend.fuse is not None:
            return ALL  # a GPU runs compiled kernels in any case: the fewer, the better
        members, rows = self._traces.members, step.program.graph.inputs[INPUTS].shape[0]
        if steps * members * self._tracer.layout.size < WORTH_COMPILING:
            return PLAIN
        long = steps * members * rows >= WORTH_REDUCING
        all_of_it = step.program.bind(len(self.members), self.batched(step, shared), self.backend, ALL)
        return (
            ALL if long or not all_of_it.to_compile else tuple(name for name in ALL if name != "reductions")
        )

    def _differing(self) -> set[str]:
        """Return the option inputs whose values differ between members; the others stay scalars."""
        return {name for name, values in self.values.items() if len(np.unique(values)) > 1}

    def _activate(self, bound: _Bound) -> None:
        """Move the state into the buffers of the executor that runs next."""
        if self._active is bound:
            return
        for name in (WEIGHTS, *bound.step.state):
            self.backend.xp.copyto(bound.executor.inputs[name], self._state[name])
        self._state = {name: bound.executor.inputs[name] for name in (WEIGHTS, *bound.step.state)}
        self._active = bound

    def _settle(self, bound: _Bound) -> None:
        """Take over the optimizer state that the first step made."""
        self._templates = bound.step.templates
        for name, spec in bound.step.next_state.items():
            shape = (len(self.members), *spec.shape)
            made = self.backend.xp.broadcast_to(bound.executor.outputs[name], shape)
            self._state[name] = made.copy()
