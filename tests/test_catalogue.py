"""The catalogue is whole and true: rows, stages, DAG files, figures, the page."""

from __future__ import annotations

import json
from importlib import import_module

import pytest

from benchmarks.catalogue.page import PAGE, RESULTS, page
from benchmarks.catalogue.row import Entry, entries
from benchmarks.process import ROOT
from pipeline.stages.registry import Registry

ENTRIES = {entry.row.id: entry for entry in entries()}
PARTS = ("data", "search", "tracker")  # kinds that carry techniques rather than being some


@pytest.fixture(params=ENTRIES.values(), ids=ENTRIES)
def entry(request: pytest.FixtureRequest) -> Entry:
    return request.param


def test_a_row_names_stages_and_functions_that_exist(entry, registry):
    assert entry.row.stages or entry.row.functions
    for ref in entry.row.stages:
        assert registry.stage(ref).ref == ref
    for path in entry.row.functions:
        module, name = path.rsplit(".", 1)
        assert callable(getattr(import_module(module), name))


def test_a_row_has_a_file_that_uses_its_stages(entry):
    text = "".join((ROOT / "dags" / name).read_text() for name in entry.row.dags)
    assert entry.row.dags
    assert [ref for ref in entry.row.stages if ref not in text] == []


def test_a_rows_figures_were_measured_and_clear_their_bars(entry):
    figures = json.loads(RESULTS.read_text())["rows"][entry.row.id]["figures"]
    assert figures.keys() == entry.row.bars.keys()
    missed = {name for name, bar in entry.row.bars.items() if not bar.met(figures[name])}
    assert not missed or entry.row.missed, f"{missed} missed, and the row does not say why"


def test_the_page_is_what_the_rows_and_figures_give():
    assert PAGE.read_text() == page()


def test_every_stage_that_is_a_technique_has_a_row():
    told = {ref for entry in ENTRIES.values() for ref in entry.row.stages}
    techniques = {ref for ref in Registry().names() if ref.split(".")[0] not in PARTS}
    assert techniques - told == set()
