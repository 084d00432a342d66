import subprocess
import sys

import pytest

import pipeline

COMMANDS = [
    "check",
    "plan",
    "run",
    "resume",
    "replay",
    "runs",
    "predict",
    "plugins",
    "schema",
    "verify",
    "why",
    "cache",
    "doctor",
]


def test_the_version_is_printed(plait):
    assert plait("--version").out == f"plait {pipeline.__version__}\n"


def test_help_names_every_command(plait):
    shown = plait("--help").out
    assert [command for command in COMMANDS if f"  {command} " not in shown] == []


def test_python_m_pipeline_is_the_same_command():
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "--help"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("Usage: plait ")


def test_help_imports_none_of_the_heavy_packages(imported_by):
    heavy = {"numpy", "sklearn", "networkx", "dask", "distributed", "pydantic", "rich.table", "rich.markdown"}
    assert imported_by("--help") & heavy == set()


@pytest.mark.parametrize(
    "arguments", [["run"], ["rum"], ["run", "--nonsense", "x.yaml"], ["cache", "gc", "--keep", "few"]]
)
def test_wrong_usage_ends_with_2(plait, arguments):
    ended = plait(*arguments)
    assert ended.code == 2
    assert "Usage" in ended.err
