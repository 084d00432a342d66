"""The file as a whole: its top, its bytes, all problems at once, and never a traceback."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pipeline.dag import content
from pipeline.dag.file import read as read_file
from pipeline.errors import DagError


def write(tmp_path, data):
    path = tmp_path / "x.yaml"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def only_problem(path, registry):
    with pytest.raises(DagError) as caught:
        read_file(path, registry)
    (problem,) = caught.value.problems
    return problem


def test_a_good_file_is_read(tmp_path, digits, registry):
    path = write(tmp_path, digits)
    dag = read_file(path, registry)
    assert (dag.name, dag.seed, dag.dtype, dag.path, dag.text) == ("digits", 7, "float32", path, digits)


def test_a_file_begins_with_a_byte_order_mark_or_not(tmp_path, digits, registry):
    assert read_file(write(tmp_path, b"\xef\xbb\xbf" + digits.encode()), registry).name == "digits"


def test_the_name_is_the_files_where_it_gives_none(tmp_path, digits, registry):
    assert read_file(write(tmp_path, digits.replace("name: digits\n", "")), registry).name == "x"


def test_all_problems_are_shown_at_once_in_the_order_of_the_file(digits, problems):
    text = digits.replace("plait: 1", "plait: 2").replace("degrees: 12", "degrees: x")
    text = text.replace("model: net, ", "model: nte, ").replace("seeds: 3", "seeds: none")
    found = problems(text, "fit.epochs=0")
    assert [problem.line for problem in found] == [0, 1, 7, 13, 20]


def test_a_problem_shows_file_line_column_source_allowed_and_nearest(digits, registry, tmp_path):
    path = write(tmp_path, digits.replace("stage: optimizer.adam}", "stage: optimizer.adma}"))
    lines = str(only_problem(path, registry)).splitlines()
    assert lines[0] == f"{path}:10:17: there is no stage 'optimizer.adma'"
    assert lines[1] == "      adam: {stage: optimizer.adma}"
    assert lines[2].index("^") == lines[1].index("optimizer.adma")
    assert lines[3].startswith("    allowed: optimizer.adadelta, optimizer.adagrad")
    assert lines[4] == "    did you mean 'optimizer.adam'?"


def test_reading_stops_at_a_hundred_problems(problems):
    found = problems("plait: 1\nnodes:\n" + "".join(f"  n{i}: 1\n" for i in range(200)))
    assert len(found) == 101
    assert found[0].message == "100 problems were found, then reading stopped; there may be more"


def test_bytes_that_are_no_utf8_have_their_place(tmp_path, registry):
    problem = only_problem(write(tmp_path, b"plait: 1\nname: caf\xe9\n"), registry)
    assert problem.message == "the byte 0xe9 is not UTF-8"
    assert (problem.line, problem.column) == (2, 10)


def test_a_file_over_the_limit_is_not_read(tmp_path, registry):
    problem = only_problem(write(tmp_path, b"#" * (content.LARGEST + 1)), registry)
    assert problem.message == "the file is larger than 250,000 bytes, the most a DAG file may have"


def test_a_file_that_is_not_there_is_named(tmp_path, registry):
    problem = only_problem(tmp_path / "none.yaml", registry)
    assert problem.message == "the file cannot be read: No such file or directory"
    assert problem.file.endswith("none.yaml")


def test_a_directory_is_no_file(tmp_path, registry):
    assert only_problem(tmp_path, registry).message == "this is a directory; a DAG file is needed"


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"])
def test_an_empty_file_is_told_how_to_begin(text, problems):
    found = problems(text)
    assert found[0].message in ("the file is empty", "the file is nothing; it has to be a mapping")


@pytest.mark.parametrize(("text", "what"), [("- 1\n", "a list"), ("plait\n", "the text 'plait'")])
def test_a_file_that_is_no_mapping_is_noted(text, what, problem):
    assert problem(text).message == f"the file is {what}; it has to be a mapping"


def test_the_format_has_to_be_named_and_known(wrong):
    assert wrong("plait: 1\n", "").message == "the key 'plait' is missing"
    assert wrong("plait: 1\n", "plait: 2\n").message == "an unknown version of the file's format"


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ("seed: x", "seed is the text 'x'"),
        ("seed: -1", "seed is the number -1"),
        ("seed: 7\ndtype: float16", "dtype is the text 'float16'"),
        ("seed: 7\ntrackers: jsonk", "there is no stage 'tracker.jsonk'"),
        ("seed: 7\ntrackers: [{options: {}}]", "a tracker without a stage"),
        ("seed: 7\ncluster: {kwargs: {}}", "cluster needs one of class, address and scheduler_file"),
        ("seed: 7\ncluster: {adress: x, class: y}", "unknown key 'adress' in cluster"),
        (
            "seed: 7\ncluster: {kwargs: {}, resources: {GPU: 1}}",
            "cluster needs one of class, address and scheduler_file",
        ),
        (
            "seed: 7\ncluster: {address: x, scheduler_file: y}",
            "cluster needs one of class, address and scheduler_file",
        ),
        ("seed: 7\ncluster: {security: {ca_file: x, key: y}}", "security lacks cert"),
        (
            "seed: 7\ncluster: {security: {ca: x, ca_file: a, cert: b, key: c}}",
            "unknown key 'ca' in security",
        ),
        ("seed: 7\ncluster: {resources: {GPU: 0}}", "the resource GPU is the number 0"),
        ("seed: 7\ncluster: {resources: {GPU: true}}", "the resource GPU is the value true"),
        ("seed: 7\ncluster: {resources: {GPU: [1]}}", "the resource GPU is a list"),
        ("seed: 7\ncluster: {resources: {}}", "resources are empty"),
        ("seed: 7\ncluster: {resources: 1}", "resources is the number 1; it has to be a mapping"),
        ("seed: 7\ncluster: 3", "cluster is the number 3; it has to be a mapping"),
        ("seed: 7\nplugins: [./none.py]", "there is no plugin './none.py'"),
        ("seed: 7\nseeds: 3", "unknown key 'seeds' in the file"),
    ],
)
def test_each_mistake_on_top_has_its_message(new, message, wrong):
    problem = wrong("seed: 7", new)
    assert problem.message == message
    assert problem.line in (3, 4)


def test_a_name_that_is_a_number_is_told_to_be_quoted(wrong):
    problem = wrong("name: digits", "name: 12")
    assert (problem.message, problem.hint) == (
        "name is the number 12; it has to be a text",
        "put it between quotes",
    )


def test_trackers_and_a_cluster_are_kept(digits, read):
    dag = read(digits + "trackers: [jsonl]\ncluster: {class: 'a:B', kwargs: {cores: 2}}\n")
    assert [use.stage for use in dag.trackers] == ["tracker.jsonl"]
    assert dag.cluster == {"class": "a:B", "kwargs": {"cores": 2}}


def test_a_local_plugin_lies_beside_the_file(tmp_path, digits, registry):
    plugin = '''
from pipeline import optimizer

@optimizer
def drift(w, g, state, t, *, speed: float = 0.1):
    """Go downhill."""
    return w - speed * g, ()
'''
    (tmp_path / "mine.py").write_text(plugin)
    text = digits.replace("optimizer.adam", "optimizer.drift").replace("adam.lr", "adam.speed")
    dag = read_file(write(tmp_path, text + "plugins: [./mine.py]\n"), registry)
    assert dag.nodes["adam"].options == {"speed": 1e-3}
    assert dag.plugins == (tmp_path / "mine.py",)
    assert dag.registry.stage("optimizer.drift").name == "drift"


def test_a_local_plugin_that_fails_is_a_problem_at_its_stage(tmp_path, digits, registry):
    (tmp_path / "mine.py").write_text("from pipeline import optimizer\n@optimizer\ndef drift(w): ...\n")
    text = digits.replace("optimizer.adam}", "optimizer.drift}").replace("adam.lr", "decay.strength", 1)
    text = text.replace("space: {decay.strength: [1e-3, 3e-3, 1e-2], ", "space: {")
    problem = only_problem(write(tmp_path, text + "plugins: [./mine.py]\n"), registry)
    assert "mine.py" in problem.message
    assert (problem.line, problem.column) == (10, 17)


# Files that were damaged: whatever is in them, the answer is a list of problems or a DAG.

QUIET = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
SNIPPETS = st.sampled_from(
    [
        "[",
        "]",
        "{",
        "}",
        ": ",
        "- ",
        "&a ",
        "*a",
        "!!int ",
        "\t",
        "\n",
        "'",
        '"',
        "|",
        ">",
        "%",
        "@",
        "? ",
        "\x00",
    ]
)
WORDS = st.sampled_from(
    [
        "null",
        "1e999",
        ".nan",
        "-1",
        "0",
        "[]",
        "{}",
        "fit",
        "adam.lr",
        "seed",
        "<<: *a",
        "\u2028",
        "é",
        "9" * 5000,
    ]
)


def never_a_traceback(path, registry):
    with suppress(DagError):
        assert read_file(path, registry).nodes


@QUIET
@given(st.data())
def test_damaged_bytes_are_never_a_traceback(tmp_path, digits, registry, data):
    text = bytearray(digits.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        text[start:end] = data.draw(st.binary(max_size=6) | (SNIPPETS | WORDS).map(str.encode))
    never_a_traceback(write(tmp_path, bytes(text)), registry)


@QUIET
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode(errors="surrogatepass")))
def test_anything_else_is_never_a_traceback(tmp_path, registry, data):
    never_a_traceback(write(tmp_path, data), registry)


SCALARS = st.sampled_from(
    [
        "fit",
        "vote",
        "adam.lr",
        "all",
        "optimizer.adam",
        "",
        "~",
        "x y",
        0,
        1,
        -1,
        2**70,
        0.5,
        1e300,
        True,
        None,
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["stage", "best", "over", "fit.lr"]), inner)
    ),
    max_leaves=5,
)


def mutate(data, value):
    """Replace, remove, rename or add something somewhere in plain values."""
    if isinstance(value, dict) and value and data.draw(st.integers(0, 4)):
        key = data.draw(st.sampled_from(list(value)))
        action = data.draw(st.sampled_from(["into", "into", "remove", "rename", "add"]))
        rest = {k: v for k, v in value.items() if k != key}
        if action == "into":
            return {**value, key: mutate(data, value[key])}
        if action == "remove":
            return rest
        other = data.draw(SCALARS)
        return {**rest, other: value[key]} if action == "rename" else {**value, other: data.draw(VALUES)}
    if isinstance(value, list) and value and data.draw(st.integers(0, 3)):
        place = data.draw(st.integers(0, len(value) - 1))
        return [*value[:place], mutate(data, value[place]), *value[place + 1 :]]
    return data.draw(VALUES)


@QUIET
@given(st.data())
def test_changed_structure_is_never_a_traceback(tmp_path, digits, registry, data):
    value = YAML(typ="safe", pure=True).load(digits)
    for _ in range(data.draw(st.integers(1, 3))):
        value = mutate(data, value)
    never_a_traceback(write(tmp_path, json.dumps(value)), registry)
