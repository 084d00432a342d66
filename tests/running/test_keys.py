"""A key changes with everything that a result depends on, and with nothing else."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import OptionError
from pipeline.running.keys import KeyMaker, StageIdentity, components, content_key

CODE = {"plugins/optimizer/adam.py": "aa"}
FIT = StageIdentity("fit", "train.minibatch", "plait", "0.1.0", {"plugins/train/minibatch.py": "ff"})
ADAM = StageIdentity("adam", "optimizer.adam", "plait", "0.1.0", CODE, "optimizer")
L2 = StageIdentity("decay", "regularizer.l2", "plait", "0.1.0", {"l2.py": "00"}, "regularizers")
CSV = StageIdentity("table", "data.csv", "plait", "0.1.0", {"csv.py": "11"})
BASE = {
    "stage": FIT,
    "options": {"fit": {"epochs": 3}, "adam": {"lr": 0.1, "betas": (0.9, 0.99)}},
    "inputs": {"data": ["ab12"], "models": ["01", "02"]},
    "seed": 7,
    "dtype": "float32",
    "backend": "numpy",
    "parts": [ADAM, L2],
}


def key(**changes):
    return content_key(components(**{**BASE, **changes}))


PROGRAM = """
import json, sys
from pipeline.running.keys import content_key
print(content_key(json.load(sys.stdin)))
"""


def test_a_key_is_the_same_in_every_process():
    text = json.dumps(components(**BASE))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=text, capture_output=True, text=True, check=True
    )
    assert done.stdout == key() + "\n"
    assert len(key()) == 32


@pytest.mark.parametrize(
    "change",
    [
        {"stage": replace(FIT, node="fit2")},
        {"stage": replace(FIT, stage="train.other")},
        {"stage": replace(FIT, version="0.1.1")},
        {"stage": replace(FIT, distribution="other")},
        {"stage": replace(FIT, code={"plugins/train/minibatch.py": "fe"})},
        {"options": {**BASE["options"], "fit": {"epochs": 4}}},
        {"options": {**BASE["options"], "adam": {"lr": 0.1, "betas": (0.9, 0.999)}}},
        {"inputs": {**BASE["inputs"], "data": ["ab13"]}},
        {"inputs": {**BASE["inputs"], "models": ["02", "01"]}},
        {"seed": 8},
        {"seed": None},
        {"dtype": "float64"},
        {"backend": "cupy"},
        {"parts": [ADAM]},
        {"parts": [L2, ADAM]},
        {"parts": [replace(ADAM, code={**CODE, "plugins/optimizer/moments.py": "bb"}), L2]},
        {"parts": [replace(ADAM, version="0.2"), L2]},
        {"parts": [ADAM, replace(L2, port="augment")]},
    ],
)
def test_everything_that_a_result_depends_on_changes_the_key(change):
    assert key(**change) != key()


def test_the_order_in_which_options_are_written_does_not_count():
    options = {"adam": {"betas": [0.9, 0.99], "lr": 0.1}, "fit": {"epochs": 3}}
    assert key(options=options) == key()


def test_the_version_of_the_framework_counts(monkeypatch):
    before = key()
    monkeypatch.setattr("pipeline.__version__", "99")
    assert key() != before


@pytest.mark.parametrize(
    ("ref", "random"),
    [
        ("data.digits", False),
        ("transform.split", True),
        ("train.minibatch", True),
        ("evaluate.regression", False),
    ],
)
def test_the_seed_counts_where_the_kind_draws_random_numbers(ref, random):
    stage = replace(FIT, stage=ref)
    assert (key(stage=stage, seed=1) != key(stage=stage, seed=2)) == random


@settings(deadline=None)
@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_two_floats_share_a_key_only_if_they_are_equal(a, b):
    zero = {"fit": {"x": 0.0}}
    first, second = ({"fit": {"x": value}} if value != 0 else zero for value in (a, b))
    assert (key(options=first) == key(options=second)) == (a == b)


def test_types_that_compare_equal_are_told_apart():
    assert len({key(options={"fit": {"x": value}}) for value in (1, 1.0, True, "1", [1], None)}) == 6


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), r"option adam\.lr is NaN"),
        (-0.0, r"option adam\.lr is -0\.0, which equals 0\.0\n    write 0"),
        ([0.5, {"deep": -0.0}], r"option adam\.lr\.deep is -0\.0"),
    ],
)
def test_floats_that_have_no_one_key_are_refused_by_name(value, message):
    with pytest.raises(OptionError, match=message):
        key(options={"fit": {}, "adam": {"lr": value}})


def test_a_text_that_looks_like_such_a_float_is_fine():
    assert key(options={"fit": {"name": "NaN -0.0", "x": -0.05}})


def test_a_maker_makes_the_same_keys_as_one_call_for_each():
    maker = KeyMaker(FIT, [ADAM, L2], dtype="float32", backend="numpy")
    for seed in range(3):
        given_key = maker.key(BASE["options"], BASE["inputs"], seed)
        assert given_key == key(seed=seed)
        assert given_key == content_key(maker.components(BASE["options"], BASE["inputs"], seed))


def test_a_data_stage_that_reads_a_file_depends_on_what_is_in_it(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n")
    options = {"table": {"path": str(path), "columns": ["a", "b"]}}
    before = key(stage=CSV, options=options)
    assert key(stage=CSV, options=options) == before
    path.write_text("a,b\n1,3\n")
    assert key(stage=CSV, options=options) != before
    assert list(components(**{**BASE, "stage": CSV, "options": options})["files"]) == [str(path)]


@pytest.mark.parametrize("text", ["", "no such file", "x" * 10_000, "zero\0byte", "."])
def test_an_option_that_names_no_file_is_a_text(text):
    assert components(**{**BASE, "stage": CSV, "options": {"table": {"path": text}}})["files"] == {}


def test_identity_of_a_registered_stage_has_its_code():
    from types import SimpleNamespace

    from pipeline.running.code import CodeDigests

    stage = SimpleNamespace(ref="optimizer.adam", distribution="plait", version="1", function=key)
    identity = StageIdentity.of("adam", stage, CodeDigests(), "optimizer")
    assert identity == StageIdentity(
        "adam", "optimizer.adam", "plait", "1", CodeDigests().of(key), "optimizer"
    )
