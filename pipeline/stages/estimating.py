"""Training of models that are estimators: each member's is fitted at once, without steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from numpy.typing import NDArray

from pipeline.engine.random import generator
from pipeline.errors import OptionError, StageError
from pipeline.stages.cohort import CohortSpec, Member
from pipeline.stages.dataset import DataSet
from pipeline.stages.estimated import Estimated
from pipeline.stages.events import Event
from pipeline.stages.measured import measured
from pipeline.stages.pairing import mismatch
from pipeline.stages.parts import Placed, at
from pipeline.stages.results import MemberResult

if TYPE_CHECKING:
    from pipeline.stages.registry import Registry

Array = NDArray[Any]
Emit = Callable[[Event], None]


class Estimating:
    """What a train stage of estimators sees: the members, and `estimators()`, which fits them."""

    def __init__(self, node: str, model: Placed, spec: CohortSpec, data: Mapping[str, DataSet], emit: Emit):
        self.members = spec.members
        self._node, self._model, self._data, self._emit = node, model, data, emit
        self._found: list[MemberResult] = []

    def estimators(self) -> None:
        """Fit each member's estimator to its train split and measure it on its validation split."""
        self._found = [self._fitted(member) for member in self.members]

    def results(self) -> list[MemberResult]:
        """Return the members' results; StageError if nothing was fitted."""
        if not self._found:
            raise StageError("the train stage fitted nothing; call fit.estimators()")
        return self._found

    def _fitted(self, member: Member) -> MemberResult:
        self._tell("epoch_started", member)
        data, model = self._data[member.data], self._model
        state = int(generator(member.seed, model.node, "random_state").integers(2**31))
        with at(model.node, model.stage.ref):
            network = Estimated.of(model.stage, model.options, state, data)
            metrics = measured(network, data)
        self._tell("epoch_ended", member, metrics={member.trial: {"epoch": 1, **metrics}})
        return MemberResult(
            trial=member.trial,
            key=member.key,
            state="done",
            params=network.parameters,
            metrics=metrics,
            history=({"epoch": 1, **metrics},),
            epochs=1,
            network=network,
        )

    def _tell(self, name: Any, member: Member, **data: Any) -> None:
        counts = {"epoch": 1, "epochs": 1}
        self._emit(Event(name, node=self._node, trials=(member.trial,), data={**counts, **data}))

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"the training of estimators has no {name!r}; call fit.estimators()")


def estimates(spec: CohortSpec, registry: Registry) -> bool:
    """Return whether the cohort's model is an estimator; OptionError where its train stage is for others."""
    model = next(iter(spec.parts.get("model", ())), None)
    if model is None:
        return False
    stage, train = registry.stage(model.stage), registry.stage(spec.train.stage)
    why, hint = mismatch(train, stage, {port for port, parts in spec.parts.items() if parts})
    if why:
        raise OptionError(f"{spec.node} ({train.ref}): {why}\n    {hint}")
    return stage.estimator


def train_estimators(
    spec: CohortSpec, datasets: Mapping[str, DataSet], registry: Registry, emit: Emit
) -> list[MemberResult]:
    """Fit the members of a cohort whose model is an estimator; return their results in its order."""
    (part,) = spec.parts["model"]
    stage, train = registry.stage(part.stage), registry.stage(spec.train.stage)
    fit = Estimating(spec.node, Placed(part.node, stage, stage.check(part.options)), spec, datasets, emit)
    with at(spec.node, train.ref):
        train.function(fit, **train.check(spec.train.options))
        return fit.results()
