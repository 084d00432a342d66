"""Options: a stage's keyword-only arguments as a pydantic model, strict, documented, exported as JSON Schema.

A number is never read from text, a bool is never a number, NaN and infinity are refused; an int serves
where a float is asked for, and a list where a tuple is.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model, model_validator

from pipeline.errors import OptionError, UserError, nearest
from pipeline.stages.allowed import MEANT, allowed, choices, strip

_SCALARS = (bool, int, float, str, type(None))
_UNIONS = (Union, types.UnionType)


class RegistrationError(UserError):
    """A function cannot be a stage: its signature or its options are not as its kind wants them.

    `file` and `line` are where the function stands, "" and 0 if no function is to blame.
    """

    def __init__(self, message: str, function: Callable[..., Any] | None = None):
        code = getattr(inspect.unwrap(function) if function else None, "__code__", None)
        self.file: str = code.co_filename if code else ""
        self.line: int = code.co_firstlineno if code else 0
        super().__init__(message)


@dataclass(frozen=True)
class OptionProblem:
    """One thing wrong with one option: what, what is allowed instead, and the nearest match if any."""

    option: str
    message: str
    allowed: str = ""
    hint: str = ""

    def __str__(self) -> str:
        parts = [self.message, f"allowed: {self.allowed}" if self.allowed else "", self.hint]
        return "; ".join(part for part in parts if part)


class InvalidOptions(OptionError):
    """Options do not fit their stage; `problems` holds one entry for each wrong option."""

    def __init__(self, stage: str, problems: Sequence[OptionProblem]):
        self.stage = stage
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{stage}: {problem}" for problem in self.problems))


class Options(BaseModel):
    """The base of every stage's options."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, protected_namespaces=()
    )

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, values: Any) -> Any:
        if isinstance(values, Mapping):
            return {str(name): plain(value) for name, value in values.items()}
        return values


def plain(value: Any) -> Any:
    """Return `value` as plain Python: a file's or NumPy's numbers and text, lists as tuples."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return tuple(plain(item) for item in value)
    return value


def options_model(function: Callable[..., Any], deferred: Collection[str] = ()) -> type[Options]:
    """Make the model of `function`'s options from its keyword-only arguments.

    Options in `deferred` may be left out although they have no default: plait fills them later.
    Raise RegistrationError, naming function and option, where an annotation is missing, cannot be
    resolved or has no JSON form, and where a default is outside its own range.
    """
    parameters = inspect.signature(function).parameters.values()
    fields = {}
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY:
            annotation = _annotation(function, parameter)
            later = parameter.name in deferred and parameter.default is parameter.empty
            fields[_field_name(parameter.name)] = (annotation, _field(parameter, later))
    model = create_model(
        f"{function.__name__}_options", __base__=Options, __doc__=first_sentence(function), **fields
    )  # type: ignore[call-overload]
    _check_defaults(function, model)
    return typing.cast(type[Options], model)


def check_options(stage: str, model: type[Options], options: Mapping[str, Any]) -> dict[str, Any]:
    """Validate `options` and fill in the defaults; an option that plait fills later stays absent.

    Raise InvalidOptions, which lists every wrong option of `stage`.
    """
    try:
        checked = model.model_validate(options)
    except ValidationError as error:
        raise InvalidOptions(stage, _problems(model, error)) from None
    values = checked.model_dump(by_alias=True)
    return {name: values[name] for name in values if name not in _absent(checked)}


def first_sentence(function: Callable[..., Any]) -> str:
    """Return the first sentence of a docstring, or "" where there is none."""
    paragraph = " ".join((inspect.getdoc(function) or "").split("\n\n")[0].split())
    head, stop, _ = paragraph.partition(". ")
    return head + stop.strip()


def fields_by_option(model: type[Options]) -> dict[str, Any]:
    """Map each option's name to its pydantic field."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def annotation_of(field: Any) -> Any:
    """Return a field's annotation together with its ranges."""
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def _field_name(option: str) -> str:
    # An option may be called `copy` or `schema`, which are methods of a pydantic model.
    return f"{option}_" if hasattr(BaseModel, option) else option


def _field(parameter: inspect.Parameter, later: bool) -> Any:
    if later:
        return Field(default=None, alias=parameter.name, json_schema_extra=_drop_default)
    default = ... if parameter.default is parameter.empty else plain(parameter.default)
    return Field(default=default, alias=parameter.name, validate_default=True)


def _drop_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


def _absent(checked: Options) -> set[str]:
    fields = type(checked).model_fields.items()
    return {
        field.alias or name
        for name, field in fields
        if field.json_schema_extra is _drop_default and name not in checked.model_fields_set
    }


def _annotation(function: Callable[..., Any], parameter: inspect.Parameter) -> Any:
    where = f"option {parameter.name!r} of {function.__qualname__}"
    if parameter.annotation is parameter.empty:
        raise RegistrationError(
            f"{where} has no annotation; write its type, {parameter.name}: float, say", function
        )
    # Data arguments may be annotated with names that exist for type checkers only, hence one at a time.
    holder = types.SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    scope = getattr(inspect.unwrap(function), "__globals__", {})
    try:
        hint = typing.get_type_hints(holder, scope, include_extras=True)[parameter.name]
    except Exception as error:
        raise RegistrationError(f"{where} has an unreadable annotation: {error}", function) from error
    if not _has_json_form(hint):
        raise RegistrationError(f"{where} has the type {_named(hint)}; options are of {MEANT}", function)
    return hint


def _named(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint)


def _has_json_form(hint: Any) -> bool:
    hint = strip(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return all(isinstance(value, _SCALARS) for value in arguments)
    if origin is tuple:
        return bool(arguments) and all(item is Ellipsis or _has_json_form(item) for item in arguments)
    if origin is dict:
        return strip(arguments[0]) is str and _has_json_form(arguments[1])
    if origin in _UNIONS:
        return all(_has_json_form(item) for item in arguments)
    return hint in _SCALARS


def _check_defaults(function: Callable[..., Any], model: type[Options]) -> None:
    try:
        model.model_validate({})
    except ValidationError as error:
        for problem in _problems(model, error, skip="missing"):
            where = f"option {problem.option!r} of {function.__qualname__}"
            raise RegistrationError(f"the default of {where} does not fit: {problem}", function) from None


def _problems(model: type[Options], error: ValidationError, skip: str = "") -> list[OptionProblem]:
    fields = fields_by_option(model)
    found: dict[str, OptionProblem] = {}
    for detail in error.errors(include_url=False, include_context=False):
        option = str(detail["loc"][0]) if detail["loc"] else ""
        if detail["type"] != skip and option not in found:
            found[option] = _problem(fields, option, detail)
    return list(found.values())


def _problem(fields: Mapping[str, Any], option: str, detail: Any) -> OptionProblem:
    if option not in fields:
        names = ", ".join(fields) or "no options"
        return OptionProblem(option, f"unknown option {option!r}", names, nearest(option, fields))
    annotation = annotation_of(fields[option])
    if detail["type"] == "missing" and len(detail["loc"]) == 1:
        return OptionProblem(option, f"option {option!r} is missing", allowed(annotation))
    # Where a part of a list is wrong, the part is shown: it is what has to change.
    steps = () if detail["type"] == "missing" else detail["loc"][1:]
    path = option + "".join(f"[{step}]" for step in steps if isinstance(step, int))
    value = detail["input"]
    message = f"option {path!r} is {_shown(value)}"
    return OptionProblem(option, message, allowed(annotation), _hint(annotation, value))


_YAML = {None: "null", True: "true", False: "false"}


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return _YAML[value]
    try:
        text = repr(list(value) if isinstance(value, tuple) else value)
    except ValueError:
        return "a number too long to be shown"
    return text if len(text) <= 60 else f"{text[:57]}..."


def _hint(annotation: Any, value: Any) -> str:
    if not isinstance(value, str):
        return ""
    try:
        float(value)
    except ValueError:
        return nearest(value, choices(annotation))
    return "write numbers without quotes"
