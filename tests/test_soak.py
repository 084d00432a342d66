"""A process that runs short trials for hours holds what it held at first."""

from __future__ import annotations

from benchmarks import soak


def test_short_trials_in_a_row_leave_no_file_open_and_no_memory_behind(tmp_path):
    samples = list(soak.soaked(160, tmp_path, each=16, width=8))
    assert [sample.trials for sample in samples] == list(range(16, 161, 16))
    assert {sample.open_files for sample in samples} == {samples[0].open_files}
    assert soak.growth(samples) < soak.GROWTH_LIMIT


def test_growth_is_measured_from_where_the_process_had_settled():
    held = [50.0, 100.0, 100.0, 102.0, 105.0, 110.0]
    assert soak.growth([soak.Sample(i, mib, 5) for i, mib in enumerate(held)]) == 0.1
