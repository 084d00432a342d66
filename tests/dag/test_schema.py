"""The JSON Schema: good files fit it, and it finds the mistakes that a schema can find."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from pipeline.dag.schema import json_schema
from pipeline.stages.registry import Registry

DAGS = sorted((Path(__file__).parents[2] / "dags").glob("*.yaml"))


@pytest.fixture(scope="module")
def validator():
    schema = json_schema(Registry())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.fixture
def errors(validator):
    """Return the places in a file's text that do not fit."""
    return lambda text: [
        error.json_path for error in validator.iter_errors(YAML(typ="safe", pure=True).load(text))
    ]


def test_the_good_file_fits(digits, errors):
    assert errors(digits) == []


@pytest.mark.parametrize("path", DAGS, ids=lambda path: path.name)
def test_every_file_of_ours_fits(path, errors):
    assert errors(path.read_text()) == []


@pytest.mark.parametrize(
    "extra",
    [
        "trackers: jsonl\ncluster: inline\n",
        "trackers: [tracker.jsonl, {stage: jsonl}]\ncluster: {class: 'a:B', kwargs: {n: 1}}\n",
        "cluster: {address: 'tls://a:1', security: {ca_file: a, cert: b, key: c}, resources: {GPU: 1}}\n",
        "cluster: {resources: {GPU: 0.5}}\n",
        "dtype: float64\nplugins: [./mine.py]\n",
    ],
)
def test_the_rarer_keys_fit(extra, digits, errors):
    assert errors(digits + extra) == []


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("plait: 1", "plait: 2", "$.plait"),
        ("optimizer.adam", "optimizer.adma", "$.nodes.adam.stage"),
        ("degrees: 12", "degrees: wide", "$.nodes.rotate.options.degrees"),
        ("degrees: 12", "degres: 12", "$.nodes.rotate.options"),
        ("epochs: 30", "epochs: 0", "$.nodes.fit.options.epochs"),
        ("optimizer: adam}", "optimiser: adam}", "$.nodes.fit.inputs"),
        ("gather: all", "gather: {metric: loss}", "$.nodes.vote.gather"),
        ("  adam: {stage: optimizer.adam}", "  adam: {stage: optimizer.adam, gather: all}", "$.nodes.adam"),
        ("search: grid", "search: grit", "$.sweep.search"),
        ("seeds: 3", "seeds: 0", "$.sweep.seeds"),
        ("[0, 1e-4]", "[]", "$.sweep.space['decay.strength']"),
        ("sweep:\n", "swoop:\n", "$"),
        ("plait: 1", "cluster: {address: a, class: b}\nplait: 1", "$.cluster"),
        ("plait: 1", "cluster: {kwargs: {n: 1}, resources: {GPU: 1}}\nplait: 1", "$.cluster"),
        ("plait: 1", "cluster: {resources: {GPU: 0}}\nplait: 1", "$.cluster"),
        ("plait: 1", "cluster: {security: {cert: a}}\nplait: 1", "$.cluster"),
    ],
)
def test_a_mistake_is_found_at_its_place(old, new, place, digits, errors):
    assert place in errors(digits.replace(old, new))


def test_a_local_plugins_stages_are_in_the_schema(tmp_path):
    code = "from pipeline import optimizer\n@optimizer\ndef drift(w, g, state, t, *, v: float = 1.0): ...\n"
    (tmp_path / "mine.py").write_text(code)
    schema = json_schema(Registry([tmp_path / "mine.py"]))
    assert (
        "optimizer.drift"
        in schema["properties"]["nodes"]["additionalProperties"]["properties"]["stage"]["enum"]
    )
