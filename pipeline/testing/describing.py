"""What a stage says of itself: its docstring, its options, their JSON Schema."""

from __future__ import annotations

import inspect
import json

from pipeline.errors import OptionError
from pipeline.stages.options import fields_by_option
from pipeline.testing.subject import Subject

_NO_OPTION = "no option can be called this"


def check_description(subject: Subject) -> None:
    """Check the docstring, that the options survive JSON, and that the schema tells all of them."""
    _check_docstring(subject)
    _check_options(subject)
    _check_schema(subject)


def _check_docstring(subject: Subject) -> None:
    text = inspect.getdoc(subject.stage.function)
    subject.require(text, "it has no docstring; say in one sentence what it does")
    summary = subject.stage.summary
    sentence = summary[:1].isupper() and summary.endswith((".", "!", "?"))
    subject.require(sentence, f"its docstring must begin with a sentence, not with {summary!r}")


def _check_options(subject: Subject) -> None:
    with subject.when("its options go through JSON, as they do on their way to a worker"):
        back = subject.stage.check(json.loads(json.dumps(subject.options)))
    subject.require(back == subject.options, f"its options {subject.options} come back from JSON as {back}")
    try:
        subject.stage.check({**subject.options, _NO_OPTION: 1})
    except OptionError:
        return
    subject.fail("it takes options that it does not have")


def _check_schema(subject: Subject) -> None:
    schema = subject.stage.schema()
    names = set(fields_by_option(subject.stage.options))
    subject.require(set(schema.get("properties", ())) == names, "its JSON Schema lacks some of its options")
    subject.require(schema.get("description"), "its JSON Schema has no description")
    json.dumps(schema, allow_nan=False)
