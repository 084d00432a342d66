"""`plait doctor` says in a table what is wrong with a train node, and ends with 1 if anything is."""

from __future__ import annotations

import pytest

DAG = """\
plait: 1
nodes:
  digits: {stage: data.digits}
  parts:  {stage: transform.split, inputs: {data: digits}, options: {test: 0.7}}
  net:    {stage: model.mlp, options: {hidden: [16]}}
  adam:   {stage: optimizer.adam, options: {lr: 3e-3}}
  fit:    {stage: train.minibatch, inputs: {data: parts, model: net, optimizer: adam}}
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "net.yaml").write_text(DAG)
    return tmp_path / "net.yaml"


def test_a_sound_node_ends_with_0_and_leaves_no_store(plait, file):
    ended = plait("doctor", file)
    assert ended.code == 0
    assert ended.out.splitlines()[-1] == "nothing bad was found"
    assert not (file.parent / ".plait").exists()


def test_a_bug_ends_with_1_and_says_what_to_do(plait, file):
    ended = plait("doctor", file, "fit", "--set", "adam.lr=3", "--json")
    (examination,) = ended.json["examinations"]
    found = {finding["check"]: finding for finding in examination["findings"]}
    assert (ended.code, examination["node"], examination["good"]) == (1, "fit", False)
    assert found["first updates"]["advice"] == "steps are too long: lower adam.lr (3)"


def test_a_node_that_is_not_there_shows_those_that_are(plait, file):
    ended = plait("doctor", file, "fti")
    assert ended.code == 2
    assert ended.err.splitlines()[:2] == ["there is no train node 'fti'", "    allowed: fit"]


def test_estimators_have_nothing_to_be_examined_and_are_passed_over(plait, file):
    grown = "{stage: train.estimator, inputs: {data: parts, model: tree}}"
    file.write_text(f"{DAG}  tree:   {{stage: model.tree}}\n  grown:  {grown}\n")
    ended = plait("doctor", file, "--json")
    assert [examination["node"] for examination in ended.json["examinations"]] == ["fit"]
    assert "is an estimator" in plait("doctor", file, "grown").err
