import time

import pytest

from pipeline import Event
from plugins.tracker.progress import progress


@pytest.fixture
def terminal(monkeypatch):
    """Make rich take stderr for a wide terminal."""
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "100"}.items():
        monkeypatch.setenv(name, value)


def life(*events):
    memory: dict = {}
    for name, node, trials, data in events:
        progress(Event(name, "r1", node, trials, data, time.time(), memory))
    return memory["display"]


TWO = ("a", "b")
STORY = (
    ("run_started", "", (), {"nodes": {"fit": 4}}),
    ("node_started", "fit", TWO, {}),
    ("epoch_ended", "fit", TWO, {"epoch": 5, "epochs": 10}),
    ("node_ended", "fit", ("a",), {}),
    ("epoch_failed", "fit", ("b",), {"epoch": 6, "epochs": 10}),
    ("node_failed", "fit", ("b",), {}),
)


def test_a_bar_moves_with_epochs_and_counts_trials(terminal, capsys):
    display = life(*STORY[:3])
    (line,) = display.bars.tasks
    assert (line.total, line.completed) == (4, pytest.approx(2 * 0.5, rel=1e-2))
    assert line.fields["trials"] == "0/4"
    display.bars.stop()


def test_a_failed_trial_is_counted_once_and_shown(terminal, capsys):
    display = life(*STORY)
    (line,) = display.bars.tasks
    assert (line.completed, line.fields["trials"], line.fields["failed"]) == (2, "2/4", " (1 failed)")
    display.bars.stop()
    assert "fit" in capsys.readouterr().err


def test_the_bars_end_with_the_run(terminal, capsys):
    display = life(*STORY, ("run_ended", "", (), {}))
    assert not display.bars.live.is_started


def test_nothing_is_written_where_stderr_is_no_terminal(monkeypatch, capsys):
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    assert life(*STORY, ("run_ended", "", (), {})) is None
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""


def test_two_runs_do_not_share_a_display(terminal, capsys):
    first, second = life(*STORY[:2]), life(*STORY[:2])
    for display in (first, second):
        assert len(display.bars.tasks) == 1
        display.bars.stop()
