"""A log has what a stage printed, and a size that no stage can exceed."""

from __future__ import annotations

import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import pytest

from pipeline import StoreError
from pipeline.running.capture import LAST, Log


@pytest.fixture
def path(tmp_path):
    return tmp_path / "logs" / "fit-1.log"


def test_what_is_printed_and_warned_of_is_in_the_file_and_nowhere_else(path, capsys):
    with Log(path) as log:
        print("of this thread")
        print("to stderr", file=sys.stderr)
        log.note("plait's own")
    assert path.read_text().startswith("of this thread\nto stderr\n")
    assert path.read_text().endswith(" plait's own\n")
    assert capsys.readouterr() == ("", "")


def test_other_threads_and_trackers_write_where_they_always_did(path, capsys):
    with Log(path) as log:
        thread = threading.Thread(target=print, args=("elsewhere",))
        thread.start()
        thread.join()
        with log.released():
            print("a tracker")
    assert capsys.readouterr().out == "elsewhere\na tracker\n"
    assert path.read_text() == ""


def test_of_what_is_too_long_the_beginning_and_the_end_are_kept_and_how_much_is_missing_is_said(path):
    with Log(path, most=1000) as log:
        for number in range(20_000):
            print(f"line {number:6}")
        log.note("plait's own")
    text = path.read_text()
    assert text.startswith("line      0\nline      1\n")
    assert text.endswith("line  19998\nline  19999\n\n")
    assert "the log is full, with 1,000 characters" in text
    assert f"{240_000 - 1000 - LAST:,} characters are left out here" in text
    assert "plait's own" in text


def test_tens_of_megabytes_take_neither_disk_nor_memory(path):
    line = "x" * 999
    with Log(path, most=10_000):
        tracemalloc.start()
        for _ in range(40_000):
            print(line)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert path.stat().st_size < 10_000 + LAST + 1000
    assert peak < 2_000_000


def test_one_huge_text_is_cut_like_many_small_ones(path):
    with Log(path, most=10_000):
        print("a" + "x" * 30_000_000 + "z")
    text = path.read_text()
    assert len(text) < 10_000 + LAST + 1000
    assert text.startswith("ax")
    assert text.endswith("xz\n\n")


def test_an_error_comes_after_the_end_of_what_was_printed_and_is_bounded_too(path):
    with Log(path, most=100) as log:
        print("x" * 1000 + "last words")
        log.failure(RuntimeError("y" * 10_000_000))
    text = path.read_text()
    assert 0 < text.index("last words") < text.index("RuntimeError: yyy")
    assert len(text) < 4 * LAST


def test_a_task_that_is_tried_again_has_the_room_that_is_left(path):
    for _ in range(5):
        with Log(path, most=1000):
            print("x" * 999)
    assert path.stat().st_size < 7000


def test_a_process_that_a_stage_starts_may_be_given_the_log(path):
    with Log(path):
        subprocess.run([sys.executable, "-c", "print('a child')"], stdout=sys.stdout, check=True)
    assert path.read_text() == "a child\n"


def test_half_a_character_does_not_raise(path):
    with Log(path):
        print("\udc80 raw")
    assert path.read_text() == "\\udc80 raw\n"


def test_a_log_that_cannot_be_made_is_said():
    with pytest.raises(StoreError, match="cannot write the log /proc/plait"), Log(Path("/proc/plait/x")):
        pass


def test_a_full_disk_costs_lines_of_the_log_and_not_the_work():
    with Log(Path("/dev/full")) as log:
        print("lost")
        log.note("lost too")
        log.failure(RuntimeError("lost as well"))
