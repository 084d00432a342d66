"""The benchmarks measure every work that plait is held to, and say so in one form.  Nothing here is timed."""

from __future__ import annotations

import json
from importlib import import_module

import pytest

from benchmarks import faults, picture, reference, report, scale, step, sweep, trivial
from benchmarks.__main__ import BENCHMARKS
from benchmarks.targets import EAGER, JAX, MULTIPLES, PRODUCTS, RAY, SCAN, VMAP, limit
from pipeline.running.records import Records
from pipeline.running.store import Store


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_has_works(name):
    assert callable(import_module(f"benchmarks.{name}").works)


def test_what_plait_is_held_to_is_measured():
    measured = {*(step.name(*row) for row in step.TABLE), sweep.NAME}
    assert measured == MULTIPLES.keys()
    assert {PRODUCTS, *step.PEERS} == {PRODUCTS, EAGER, VMAP, JAX}
    assert {SCAN, RAY} < sweep.PEERS.keys()
    assert (scale.TRIALS[0], scale.TRIALS[-1]) == (16, 4096)


def test_a_work_has_its_seconds_its_limit_and_those_of_its_peers():
    work = json.loads(json.dumps(step.measured("16 members, [32], batch 32", 2, (4,), 8, turns=1)))
    assert work.keys() == {"seconds", "limit_seconds", "peers"}
    assert 0 < work["limit_seconds"] <= 2.2 * work["peers"][PRODUCTS]
    assert all(seconds > 0 for seconds in work["peers"].values())


def test_a_limit_is_the_strictest_of_those_whose_peers_were_measured():
    work = "16 members, [32], batch 32"
    assert limit(work, {PRODUCTS: 1.0, EAGER: 6.0}) == 1.0
    assert limit(work, {PRODUCTS: 1.0}) == 2.2
    assert limit("another", {PRODUCTS: 1.0}) is None


def test_a_sweep_is_as_accurate_as_its_best_setting_is_over_seeds():
    trials = [((1e-3, 0.0), 0.9), ((1e-3, 0.0), 0.7), ((1e-2, 0.0), 0.85), ((1e-2, 0.0), 0.81)]
    assert reference.best(trials) == pytest.approx(0.83)


def test_a_table_says_which_targets_are_met_and_which_are_missed():
    works = {
        "16 members, [32], batch 32": {
            "seconds": 2e-3,
            "limit_seconds": 1e-3,
            "peers": {PRODUCTS: 1e-3, EAGER: 6e-3, VMAP: 3e-3},
        }
    }
    lines = report.table("step", {"machine": MACHINE, "versions": {"numpy": "2.4"}, "works": works})
    assert lines[2:4] == [
        "| 16 members, [32], batch 32 | 2 ms | matrix products alone | 1 ms | 2 x as long "
        "| ≤ 2.2 x as long | met |",
        "|  |  | torch eager, one by one | 6 ms | 3 x as fast | ≥ 6 x as fast | **missed** |",
    ]
    assert "| ≥ 4 x as fast | **missed**: less than the products alone |" in lines[4]
    assert lines[-1] == "Measured on Abacus, 2 cores, Linux (load before 0.5); numpy 2.4."


MACHINE = {"processor": "Abacus", "cores": 2, "memory_gib": 1.0, "system": "Linux", "load": 0.5}


def test_the_pages_tables_are_those_of_the_results_that_are_kept():
    page = report.PAGE.read_text()
    assert report.with_tables(page) == page, "run `python -m benchmarks.report`"


def test_the_page_has_a_table_of_every_benchmark():
    page = report.PAGE.read_text()
    assert [name for name in BENCHMARKS if f"<!-- table: {name} -->" not in page] == ["members"]


def test_the_picture_has_a_point_of_each_work_for_plait_and_its_peers():
    works = {
        "1 members, [32], batch 32": {"seconds": 0.001, "peers": {EAGER: 0.002}},
        "4 members, [32], batch 32": {"seconds": 0.002, "peers": {EAGER: 0.008}},
    }
    assert picture.curves(works) == {"plait": [(1, 1.0), (4, 2.0)], EAGER: [(1, 2.0), (4, 8.0)]}


def test_a_soak_is_shown_with_its_first_and_its_last_sample():
    samples = [{"resident_mib": mib} for mib in (70.0, 71.0, 77.0)]
    work = {"seconds": 9.0, "samples": samples, "grown": 0.085, "grown_limit": 0.05, "more_open_files": 0}
    *_, line = report.FORMS["soak"]({"600 trials in a row": work})
    assert line == "| 600 trials in a row | 9 s | 70.0 MiB | 77.0 MiB | 8.5 % | ≤ 5.0 % | **missed** | 0 |"


def test_trivial_trials_are_run_stored_found_again_and_recorded(tmp_path):
    found = trivial.measured(60, 16, tmp_path)
    assert found.keys() == {"run", "again", "record", "resident_before", "resident_after"}
    assert len(list(Store(tmp_path / "store").keys())) == 61
    with Records(tmp_path / "store" / "records.sqlite") as records:
        assert [run.state for run in records.runs()] == ["done", "done"]
    with Records(tmp_path / "record" / "records.sqlite") as records:
        (run,) = records.runs()
        assert {trial.state for trial in records.trials(run.id)} == {"done"}


REPORT = """<testsuites><testsuite>
<testcase name="one"/><testcase name="two"><failure message="lost"/></testcase>
<testcase name="three"><skipped message="no root"/></testcase><testcase name="four"/>
</testsuite></testsuites>"""


def test_faults_are_counted_and_those_that_could_not_be_tried_left_out(tmp_path, capsys):
    (tmp_path / "report.xml").write_text(REPORT)
    assert faults.counted(tmp_path / "report.xml") == {"tried": 3, "survived": 2, "left_out": 1}
    assert capsys.readouterr().err == "not survived: two\n"


def test_every_file_of_faults_is_tried():
    named = {word for selection in faults.GROUPS.values() for word in selection if word.endswith(".py")}
    there = {
        path.relative_to(faults.ROOT).as_posix() for path in (faults.ROOT / "tests/faults").glob("test_*.py")
    }
    assert there <= named
    assert all((faults.ROOT / name).exists() for name in named)
