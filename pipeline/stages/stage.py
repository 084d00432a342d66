"""A stage: one function, checked against its kind, with its options and where it comes from."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipeline.hooks import KINDS, PROJECT
from pipeline.stages.allowed import strip
from pipeline.stages.options import (
    Options,
    RegistrationError,
    annotation_of,
    check_options,
    fields_by_option,
    first_sentence,
    options_model,
)

# Options that plait fills when they are left out, by kind: it knows how many outputs the data needs.
_DEFERRED = {"model": ("outputs",)}
LEARNING = ("predictions", "targets", "rng")  # what an ensemble learns from


@dataclass(frozen=True)
class Stage:
    """A function that serves as a stage of `kind`, and the distribution that brought it."""

    kind: str
    name: str
    function: Callable[..., Any]
    options: type[Options]
    distribution: str = ""
    version: str = ""

    @classmethod
    def of(cls, function: Callable[..., Any], distribution: str = "", version: str = "") -> Stage:
        """Make the stage of a decorated function; raise RegistrationError where it does not fit."""
        kind = kind_of(function)
        if kind is None:
            raise RegistrationError(
                f"{_called(function)} is not a stage; decorate it with one of {', '.join(KINDS)}"
            )
        check_signature(function, kind)
        if kind == "loss" and not getattr(function, "plait_link", ""):
            raise RegistrationError(
                f"the loss {function.__qualname__} has no link; write @loss(link=...)", function
            )
        options = options_model(function, _DEFERRED.get(kind, ()))
        check_learn(function)
        stage = cls(kind, function.__name__, function, options, distribution, version)
        for helper in (getattr(function, "plait_link", None), getattr(function, "plait_outputs", None)):
            if callable(helper):
                stage.named_by(helper)
        return stage

    @property
    def ref(self) -> str:
        """The name in a DAG file: "optimizer.adam"."""
        return f"{self.kind}.{self.name}"

    @property
    def module(self) -> str:
        """The module that defines the function."""
        return self.function.__module__

    @property
    def summary(self) -> str:
        """The first sentence of the function's docstring."""
        return first_sentence(self.function)

    @property
    def link(self) -> str:
        """What turns a model's outputs into predictions, for a loss: "own" is a function of its own.

        It is "" for the other kinds.
        """
        return "own" if self.own_link else str(getattr(self.function, "plait_link", ""))

    @property
    def own_link(self) -> Callable[..., Any] | None:
        """The function that is a loss's own link, or None."""
        link = getattr(self.function, "plait_link", None)
        return link if callable(link) else None

    def outputs(self, count: int, options: Mapping[str, Any]) -> int:
        """Return how many outputs a loss needs for `count` classes or columns."""
        needed = getattr(self.function, "plait_outputs", 1)
        if not callable(needed):
            return int(needed) * count
        return int(needed(count, **{name: options[name] for name in self.named_by(needed)}))

    def named_by(self, helper: Callable[..., Any]) -> tuple[str, ...]:
        """Return the options that a loss's link or number of outputs names; RegistrationError for others."""
        names = keywords(helper)
        fields = fields_by_option(self.options)
        for name in names:
            if name not in fields or name in self.varying:
                what = "a float, which differs between members" if name in fields else "no option of it"
                raise RegistrationError(
                    f"{self.ref}: {_called(helper)} names {name!r}, which is {what}", self.function
                )
        return names

    @property
    def estimator(self) -> bool:
        """Whether it is a model that is an estimator, or a train stage for such models."""
        return bool(getattr(self.function, "plait_estimator", False))

    @property
    def optimizer(self) -> bool:
        """Whether it is a train stage that takes an optimizer."""
        return bool(getattr(self.function, "plait_optimizer", True))

    @property
    def resumes(self) -> bool:
        """Whether it is a train stage that can go on from a checkpoint."""
        return bool(getattr(self.function, "plait_resumes", True))

    @property
    def learn(self) -> Callable[..., Any] | None:
        """What an ensemble learns by, or None: `learn(predictions, targets, rng, **options)`."""
        return getattr(self.function, "plait_learn", None)

    @cached_property
    def required(self) -> frozenset[str]:
        """The options that must be given."""
        fields = fields_by_option(self.options)
        return frozenset(name for name, field in fields.items() if field.is_required())

    @cached_property
    def varying(self) -> frozenset[str]:
        """The options that may differ inside a cohort: the floats of a traced kind."""
        if not KINDS[self.kind].traced or self.estimator:
            return frozenset()
        fields = fields_by_option(self.options)
        return frozenset(name for name, field in fields.items() if strip(annotation_of(field)) is float)

    def check(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return `options` complete with defaults; raise InvalidOptions with everything that is wrong."""
        return check_options(self.ref, self.options, options)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the options."""
        return self.options.model_json_schema()


def keywords(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a function's keyword-only arguments."""
    parameters = inspect.signature(function).parameters.values()
    return tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)


def kind_of(function: Any) -> str | None:
    """Return the kind that a function was decorated with, or None."""
    marks = getattr(function, f"{PROJECT}_impl", None)
    kind = marks.get("specname") if isinstance(marks, dict) else None
    return kind if kind in KINDS else None


def data_arguments(function: Callable[..., Any], kind: str) -> tuple[str, ...]:
    """Return the data arguments that a function of `kind` takes.

    A model that is an estimator has none; an ensemble takes `learned` only if it learns.
    """
    if kind == "model" and getattr(function, "plait_estimator", False):
        return ()
    if kind == "ensemble" and getattr(function, "plait_learn", None) is None:
        return KINDS[kind].arguments[:1]
    return KINDS[kind].arguments


def check_signature(function: Callable[..., Any], kind: str) -> None:
    """Require exactly the data arguments of `kind`, in order, and every option keyword-only."""
    parameters = inspect.signature(function).parameters.values()
    expected = data_arguments(function, kind)
    given = tuple(p.name for p in parameters if p.kind is not p.KEYWORD_ONLY)
    stars = [str(p).split(":")[0] for p in parameters if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if stars:
        _refuse(function, kind, f"{stars[0]} has no place in a stage: name each option")
    extra = [name for name in given if name not in expected]
    if extra:
        _refuse(function, kind, f"{extra[0]!r} is no data argument; options stand after a bare *")
    if given != expected:
        _refuse(function, kind, f"its data arguments are {_listed(given)}")
    defaults = [p.name for p in parameters if p.name in expected and p.default is not p.empty]
    if defaults:
        _refuse(function, kind, f"the data argument {defaults[0]!r} may not have a default")


def check_learn(function: Callable[..., Any]) -> None:
    """Require that what an ensemble learns by takes (predictions, targets, rng) and the stage's options."""
    learn = getattr(function, "plait_learn", None)
    if learn is None:
        return
    options = {p.name for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY}
    parameters = inspect.signature(learn).parameters.values()
    given = tuple(p.name for p in parameters if p.kind is not p.KEYWORD_ONLY)
    own = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
    if given != LEARNING or own != options:
        named = ", ".join(sorted(options)) or "none"
        raise RegistrationError(
            f"{_called(function)} learns by {_called(learn)}, which does not fit: it takes exactly "
            f"({', '.join(LEARNING)}) and, after a *, the ensemble's options: {named}",
            function,
        )


def _refuse(function: Callable[..., Any], kind: str, why: str) -> None:
    wanted = _listed(data_arguments(function, kind))
    raise RegistrationError(
        f"{_called(function)} does not fit the kind {kind}: {why}; it takes exactly {wanted}",
        function,
    )


def _listed(names: tuple[str, ...]) -> str:
    return f"({', '.join(names)})" if names else "() and options"


def _called(function: Any) -> str:
    return str(getattr(function, "__qualname__", repr(function)))
