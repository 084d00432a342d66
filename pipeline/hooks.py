"""The kinds of stage, each a pluggy hookspec: the page that a plugin's author reads.

A stage is one function, decorated with its kind.  Its positional arguments are exactly those of the
kind's specification below; its keyword-only arguments are its options, annotated, with defaults.
Options that are floats may vary inside a cohort; every other option is structure.

The kinds marked *traced* run inside a training step.  They are written for one member, over symbolic
tensors: use operators, `pipeline.ops` and `pipeline.nn`, never NumPy on an argument, and no `if` on a
tensor's value.  Their float options arrive as scalars (tensors of shape ()), in the weights' dtype.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, overload

import pluggy

if TYPE_CHECKING:
    import numpy as np

    from pipeline.engine import Tensor
    from pipeline.exhibits import Exhibit
    from pipeline.space import Space
    from pipeline.stages.dataset import DataSet
    from pipeline.stages.events import Event
    from pipeline.stages.fit import Fit
    from pipeline.stages.net import Net
    from pipeline.stages.objective import Objective
    from pipeline.stages.predictor import Predictor

PROJECT = "plait"
F = TypeVar("F", bound=Callable[..., Any])
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Specs:
    """One specification a kind.  `self` is not an argument of a stage."""

    @hookspec
    def data(self) -> DataSet:  # type: ignore[empty-body]
        """Load a data set.  Raise DataError if what was read cannot serve."""

    @hookspec
    def transform(self, data: DataSet, rng: np.random.Generator) -> DataSet:  # type: ignore[empty-body]
        """Return another data set made from `data`; fit only on its train split."""

    @hookspec
    def augment(self, x: Tensor, rng: Any) -> Tensor:  # type: ignore[empty-body]
        """Traced.  Change a minibatch (batch, *features) at random; the shape stays."""

    @hookspec
    def model(self, x: Tensor, net: Net) -> Tensor:  # type: ignore[empty-body]
        """Traced.  Map a minibatch (batch, *features) to outputs (batch, outputs): logits or means.

        `net` makes parameters and blocks.  An option named `outputs` that is left out is filled with
        the number that the data and the loss need.

        `@model(estimator=True)` marks a model that is not traced: it has options alone and returns estimators
        as scikit-learn has them (fit, predict, predict_proba) by task, {"classes": ..., "regression": ...}
        or one of the two.  plait sets each `random_state`; a train stage of estimators fits them.
        """

    @hookspec
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:  # type: ignore[empty-body]
        """Traced.  The loss of each example, (batch,): negative log-likelihood in nats, say."""

    @hookspec
    def regularizer(self, objective: Objective) -> None:
        """Traced.  Act on the objective: add a penalty, perturb units, change gradients, ask for a stop."""

    @hookspec
    def optimizer(self, w: Tensor, g: Tensor, state: Any, t: Tensor) -> tuple[Tensor, Any]:  # type: ignore[empty-body]
        """Traced.  Step one parameter `w` against its gradient `g`; return it and the new state.

        `state` is None at the first step, then what the last step returned: a tuple of tensors, or ().
        `t` counts steps from 1.
        """

    @hookspec
    def schedule(self, t: Tensor, steps: int) -> Tensor:  # type: ignore[empty-body]
        """Traced.  The factor on the optimizer's option `lr` at step `t` (from 1) of `steps`."""

    @hookspec
    def train(self, fit: Fit) -> None:
        """Drive the training of a cohort: epochs, minibatches, steps, evaluation.

        `@train(estimator=True)` marks one for models that are estimators: its `fit.estimators()` fits them.
        `@train(optimizer=False)` marks one that finds its own steps: by `fit.minimize(method)`, say.

        A training that was interrupted goes on from a checkpoint: `fit.epochs` then leaves out the epochs
        that were trained before.  `@train(resumes=False)` marks a stage that remembers something from epoch
        to epoch beside `fit`; it begins anew.
        """

    @hookspec
    def ensemble(  # type: ignore[empty-body]
        self, predictions: np.ndarray, learned: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Combine members' predictions (members, rows, outputs) into one (rows, outputs).

        An ensemble takes `predictions` alone.  One that learns takes `learned` too: `@ensemble(learn=f)`
        calls `f(predictions, targets, rng, **options) -> {name: array}` once, on the validation split, and
        what it returns is kept with the ensemble and handed over for each prediction.
        """

    @hookspec
    def evaluate(  # type: ignore[empty-body]
        self, model: Predictor, data: DataSet
    ) -> Mapping[str, float | Exhibit]:
        """Measure a trained model on a split of `data`: name -> number, or exhibit for `plait report`.

        Numbers are finite and become metrics; exhibits (`pipeline.exhibits`) are images, points, curves,
        tables or drawings, kept beside them.
        """

    @hookspec
    def search(  # type: ignore[empty-body]
        self, space: Space, rng: np.random.Generator
    ) -> Sequence[Mapping[str, Any]]:
        """Propose settings: each a choice of value for every key ("node.option") of `space`.

        `space` is a mapping to lists of values and ranges of numbers (`pipeline.space`), which also knows the
        sweep's rules: `space.at(shares)`, `space.combinations()`, `space.allows(setting)`.
        """

    @hookspec
    def tracker(self, event: Event) -> None:
        """Hear of a run's life: runs, nodes and epochs that started, ended or failed."""


@dataclass(frozen=True)
class Port:
    """An input of a node: what it accepts, whether it must be there, whether it takes several."""

    accepts: str
    required: bool = True
    many: bool = False


@dataclass(frozen=True)
class Kind:
    """A kind of stage: its data arguments, its node's ports, what its node gives to others."""

    name: str
    arguments: tuple[str, ...]
    summary: str
    gives: str = ""
    ports: Mapping[str, Port] = field(default_factory=lambda: MappingProxyType({}))
    traced: bool = False
    is_node: bool = True


def _kind(name: str, **properties: Any) -> Kind:
    spec = getattr(Specs, name)
    arguments = tuple(inspect.signature(spec).parameters)[1:]
    summary = (inspect.getdoc(spec) or "").splitlines()[0].removeprefix("Traced.").strip()
    return Kind(name, arguments, summary, **properties)


_TRAIN_PORTS = {
    "data": Port("dataset"),
    "model": Port("model"),
    "optimizer": Port("optimizer"),
    "augment": Port("augment", required=False, many=True),
    "regularizers": Port("regularizer", required=False, many=True),
    "loss": Port("loss", required=False),
    "schedule": Port("schedule", required=False),
}

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            _kind("data", gives="dataset"),
            _kind("transform", gives="dataset", ports={"data": Port("dataset")}),
            _kind("augment", gives="augment", traced=True),
            _kind("model", gives="model", traced=True),
            _kind("loss", gives="loss", traced=True),
            _kind("regularizer", gives="regularizer", traced=True),
            _kind("optimizer", gives="optimizer", traced=True),
            _kind("schedule", gives="schedule", traced=True),
            _kind("train", gives="predictor", ports=_TRAIN_PORTS),
            _kind("ensemble", gives="predictor", ports={"models": Port("predictor", many=True)}),
            _kind("evaluate", gives="metrics", ports={"model": Port("predictor"), "data": Port("dataset")}),
            _kind("search", is_node=False),
            _kind("tracker", is_node=False),
        )
    }
)

data = partial(hookimpl, specname="data")
transform = partial(hookimpl, specname="transform")
augment = partial(hookimpl, specname="augment")
regularizer = partial(hookimpl, specname="regularizer")
optimizer = partial(hookimpl, specname="optimizer")
schedule = partial(hookimpl, specname="schedule")
evaluate = partial(hookimpl, specname="evaluate")
search = partial(hookimpl, specname="search")
tracker = partial(hookimpl, specname="tracker")


@overload
def model(function: F) -> F: ...
@overload
def model(*, estimator: bool = False) -> Callable[[F], F]: ...
def model(function: F | None = None, *, estimator: bool = False) -> Any:
    """Mark a model: traced, or an estimator as scikit-learn has them."""
    return _marked("model", function, estimator)


@overload
def train(function: F) -> F: ...
@overload
def train(*, estimator: bool = False, optimizer: bool = True, resumes: bool = True) -> Callable[[F], F]: ...
def train(
    function: F | None = None, *, estimator: bool = False, optimizer: bool = True, resumes: bool = True
) -> Any:
    """Mark a train stage: for models that are traced, or for those that are estimators.

    `optimizer=False` marks one that takes no optimizer and no schedule, as it finds its own steps;
    `resumes=False` one that cannot go on from a checkpoint, as it remembers more than `fit` does.
    """
    return _marked("train", function, estimator, optimizer and not estimator, resumes)


def ensemble(function: F | None = None, *, learn: Callable[..., Any] | None = None) -> Any:
    """Mark an ensemble; `learn` makes of validation predictions and targets what it combines by."""

    def mark(function: F) -> F:
        function.plait_learn = learn  # type: ignore[attr-defined]
        return hookimpl(specname="ensemble")(function)

    return mark if function is None else mark(function)


def _marked(
    kind: str, function: F | None, estimator: bool, optimizer: bool = True, resumes: bool = True
) -> Any:
    def mark(function: F) -> F:
        function.plait_estimator = estimator  # type: ignore[attr-defined]
        function.plait_resumes = resumes  # type: ignore[attr-defined]
        function.plait_optimizer = optimizer  # type: ignore[attr-defined]
        return hookimpl(specname=kind)(function)

    return mark if function is None else mark(function)


LINKS = ("identity", "exp", "softmax", "sigmoid")


def loss(*, link: str | Callable[..., Any], outputs: int | Callable[..., int] = 1) -> Callable[[F], F]:
    """Mark a loss; `link` turns a model's outputs into predictions: identity, exp, softmax or sigmoid.

    It also says what the loss is for, and what the data count: softmax classes; sigmoid one for two classes,
    otherwise one a class or column; the others columns of numbers.  `outputs` is how many outputs a model
    needs for each of these, or a function that gives their number for that count.

    A loss of more outputs than columns brings its own link, `f(outputs, **options) -> predictions` on NumPy
    arrays, (..., outputs) to (..., columns).  Both functions take the loss's options that they name as
    keywords; no float options, which differ between members of a cohort.
    """
    if link not in LINKS and not callable(link):
        raise ValueError(f"link {link!r} is not one of {', '.join(LINKS)}, and no function")

    def mark(function: F) -> F:
        function.plait_link = link  # type: ignore[attr-defined]
        function.plait_outputs = outputs  # type: ignore[attr-defined]
        return hookimpl(specname="loss")(function)

    return mark
