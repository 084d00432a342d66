"""Plain words: the core schema of YAML 1.2."""

from __future__ import annotations

import math

import pytest

from pipeline.dag.scalars import resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("12", 12),
        ("-3", -3),
        ("0o17", 15),
        ("0x1F", 31),
        ("1e-3", 1e-3),
        ("1.", 1.0),
        (".5", 0.5),
        ("+1.5E+2", 150.0),
        (".inf", math.inf),
        ("-.INF", -math.inf),
    ],
)
def test_a_word_has_the_value_of_the_core_schema(text, value):
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text", ["yes", "on", "No", "1_000", "2024-01-01", "12:30", "0b1", "tRue", "<<", "e3", "."]
)
def test_what_only_other_yaml_converts_stays_a_text(text):
    assert resolve(text) == text


def test_nan_is_a_number():
    assert math.isnan(resolve(".NaN"))
