import pytest

from pipeline.report.plugins import stage_page, stage_table
from pipeline.report.schema import allowed_values, default_value

ADAM = {"stage": "optimizer.adam", "summary": "Step.", "distribution": "plait", "version": "0.1.0"}
BROKEN = {
    "distribution": "lion-plugin",
    "version": "2.0",
    "entry_point": "lion",
    "file": "lion.py",
    "line": 3,
    "error": "ImportError: no module named 'x'",
}


def test_the_list_names_each_stage_and_who_brings_it(as_text):
    shown = as_text(stage_table({"stages": [ADAM], "broken": [], "conflicts": []}))
    assert "optimizer.adam  Step.         plait 0.1.0" in shown


def test_a_broken_plugin_is_listed_with_its_distribution_and_the_line_that_failed(as_text):
    shown = as_text(stage_table({"stages": [], "broken": [BROKEN], "conflicts": []}))
    assert "lion-plugin 2.0 (entry point lion): lion.py:3: ImportError" in shown


def test_a_name_claimed_twice_is_said(as_text):
    conflict = {"stage": "optimizer.lion", "error": "claimed by a 1 and by b 2"}
    assert "claimed by a 1 and by b 2" in as_text(
        stage_table({"stages": [], "broken": [], "conflicts": [conflict]})
    )


def test_a_page_shows_every_option_with_range_default_and_whether_it_may_vary(as_text):
    page = {
        **ADAM,
        "documentation": "Step `w`.",
        "module": "plugins.optimizer.adam",
        "takes": {},
        "required": ["steps"],
        "varying": ["lr"],
        "options": {
            "lr": {"type": "number", "exclusiveMinimum": 0, "default": 1e-3},
            "steps": {"type": "integer"},
        },
    }
    lines = [" ".join(line.split()) for line in as_text(stage_page(page)).splitlines()]
    assert "lr number > 0 0.001 may vary" in lines
    assert "steps whole number must be given the same for all" in lines


def test_a_page_shows_inputs_the_optional_ones_in_brackets(as_text):
    takes = {"data": {"required": True, "many": False}, "augment": {"required": False, "many": True}}
    page = {**ADAM, "documentation": "", "module": "m", "takes": takes, "options": {}}
    assert "inputs: data, [augment (several)]" in as_text(stage_page(page))


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "number", "minimum": 0, "exclusiveMaximum": 1}, "number >= 0 and < 1"),
        ({"enum": ["relu", "tanh"]}, '"relu" or "tanh"'),
        ({"const": "relu"}, '"relu"'),
        ({"type": "array", "items": {"type": "integer", "minimum": 1}}, "list of whole number >= 1"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "whole number, or null"),
        ({"type": "object", "anyOf": [{"required": ["best"]}]}, "mapping"),
        ({"type": "array", "items": {"enum": [1, 2]}, "minItems": 1}, "list of at least 1 (1 or 2)"),
        ({}, "anything"),
    ],
)
def test_a_schema_is_said_in_words(schema, words):
    assert allowed_values(schema) == words


def test_an_option_that_the_data_fill_has_no_default_to_show():
    assert default_value({"type": "integer"}) == "from the data"
    assert default_value({"default": True}) == "true"
