"""YAML: what is no YAML, and what is YAML but has no place in a DAG file."""

from __future__ import annotations

import pytest

from pipeline.dag import document
from pipeline.dag.document import parse
from pipeline.dag.located import Source
from pipeline.dag.problems import Problems
from pipeline.errors import DagError


def parsed(text):
    problems = Problems()
    root = parse(text, Source("x.yaml", tuple(text.splitlines())), problems)
    problems.raise_if_any()
    return root


def first_problem(text):
    with pytest.raises(DagError) as caught:
        parsed(text)
    return caught.value.problems[0]


def test_values_are_plain_and_know_their_places():
    root = parsed("a: 1\nb:\n  - {c: x, d: [1.5, null]}\n")
    assert root.plain() == {"a": 1, "b": [{"c": "x", "d": [1.5, None]}]}
    inner = root.value["b"].value.value[0].value["d"]
    assert (inner.key.line, inner.key.column) == (3, 12)
    assert (inner.value.line, inner.value.column) == (3, 15)


def test_a_quoted_word_stays_a_text():
    assert parsed("""{a: "1", b: 'true', c: |\n  null\n}""".replace("|\n  null\n", '"null"')).plain() == {
        "a": "1",
        "b": "true",
        "c": "null",
    }


def test_an_alias_gives_the_anchors_value():
    assert parsed("a: &x [1, 2]\nb: *x\n").plain() == {"a": [1, 2], "b": [1, 2]}


def test_an_empty_text_has_no_value():
    assert parsed("# nothing\n") is None


def test_a_key_that_is_there_twice_names_both_lines():
    problem = first_problem("a: 1\nb: 2\na: 3\n")
    assert problem.message == "the key 'a' is here twice; first on line 1"
    assert (problem.line, problem.column, problem.source) == (3, 1, "a: 3")


def test_every_double_key_is_noted():
    with pytest.raises(DagError) as caught:
        parsed("a: 1\na: {b: 1, b: 2}\na: 3\n")
    assert [problem.line for problem in caught.value.problems] == [2, 2, 3]


def test_what_is_no_yaml_has_its_place():
    problem = first_problem("a: 1\nb: ]\n")
    assert problem.message.startswith("this is not YAML: ")
    assert (problem.line, problem.column, problem.source) == (2, 4, "b: ]")


def test_an_unclosed_list_is_noted():
    assert "while parsing a flow sequence" in first_problem("a: [1, 2\n").message


def test_a_tab_as_indent_is_called_a_tab():
    problem = first_problem("a:\n\tb: 1\n")
    assert problem.message == "a tab; YAML is indented with spaces"
    assert (problem.line, problem.column) == (2, 1)


def test_all_lines_that_begin_with_a_tab_are_noted():
    with pytest.raises(DagError) as caught:
        parsed("a:\n\tb: 1\n  \tc: 2\n")
    assert [(problem.line, problem.column) for problem in caught.value.problems] == [(2, 1), (3, 3)]


def test_a_control_character_is_named():
    problem = first_problem("a: 1\nb: \x00\n")
    assert problem.message == "the character U+0000 is not allowed in YAML"
    assert (problem.line, problem.column) == (2, 4)


def test_a_tag_is_refused():
    problem = first_problem("a: !!python/object:os.system x\n")
    assert "the tag" in problem.message
    assert (problem.line, problem.column) == (1, 4)


def test_a_second_document_is_refused():
    assert first_problem("a: 1\n---\nb: 2\n").message == "a second document; a DAG file is one YAML document"


def test_a_key_that_is_a_list_is_refused():
    assert first_problem("? [1]\n: 2\n").message.startswith("a list or mapping as a key")


def test_a_bomb_of_aliases_is_refused_before_it_is_followed():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 40)]
    assert first_problem("\n".join(lines)).message == "an alias inside an anchored value"


def test_aliases_may_repeat_only_so_much(monkeypatch):
    monkeypatch.setattr(document, "MOST_REPEATED", 10)
    assert parsed("a: &x [1, 2, 3, 4]\nb: [*x, *x]\n") is not None
    problem = first_problem("a: &x [1, 2, 3, 4]\nb: [*x, *x, *x]\n")
    assert problem.message == "aliases repeat more than 10 values"


def test_an_alias_of_what_is_not_finished_is_refused():
    assert first_problem("a: &x [1, *x]\n").message == "an alias inside an anchored value"
    assert first_problem("a: *x\n").message == "the alias *x has no finished anchor before it"


def test_values_nested_too_deep_are_refused():
    assert first_problem("[" * 100_000).message == "values are nested more than 32 deep"


def test_a_number_without_end_is_refused():
    assert first_problem(f"a: {'9' * 5000}\n").message == "a number of 5000 digits; that cannot be meant"


def test_half_a_surrogate_pair_is_refused():
    assert first_problem('a: "\\ud800"\n').message.startswith("half of a surrogate pair")


def test_an_escape_past_unicode_is_no_yaml():
    assert first_problem('a: "\\Uffffffff"\n').message.startswith("this is not YAML")


def test_a_long_line_is_shown_in_part_and_without_control_characters():
    problem = first_problem(f"a: [1, \x85 {'x' * 500}, ]]\n".replace("\x85", "\u200b"))
    assert len(problem.source) < 200
    assert problem.source.isprintable()
