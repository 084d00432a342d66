import json
import re
from pathlib import Path

import pytest
import typer

from pipeline.cli.failures import guarded
from pipeline.errors import DagError, DataError, PlaitError, Problem, StageError


def ended(error, **options):
    @guarded
    def command(**options):
        raise error

    with pytest.raises(typer.Exit) as exit:
        command(**options)
    return exit.value.exit_code


@pytest.mark.parametrize(
    ("error", "code"),
    [(DataError("NaN"), 2), (StageError("it raised"), 1), (PlaitError("ours"), 3), (ZeroDivisionError(), 3)],
)
def test_an_error_ends_with_its_code(error, code, capsys):
    assert ended(error) == code


def test_a_users_mistake_is_said_plainly_on_stderr(capsys):
    ended(DataError("column 3 holds NaN"))
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "column 3 holds NaN\n")


def test_with_json_the_error_is_an_object_on_stdout_too(capsys):
    ended(DagError([Problem("there is no stage 'x'", "a.yaml", 3, 7)]), json=True)
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["type"] == "DagError"
    assert [(p["file"], p["line"], p["column"]) for p in error["problems"]] == [("a.yaml", 3, 7)]


def test_a_fault_of_plaits_own_is_short_and_its_traceback_is_in_a_file(capsys):
    ended(KeyError("missing"))
    printed = capsys.readouterr().err
    assert "Traceback" not in printed
    log = Path(re.search(r"traceback is in (\S+)", printed)[1])
    assert "raise error" in log.read_text()
    log.unlink()


def test_a_pipe_that_closes_is_no_fault():
    @guarded
    def command():
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        command()
