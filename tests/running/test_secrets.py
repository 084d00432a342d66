"""Secrets in a cluster's kwargs are named in files and never shown."""

import logging

import pytest
from distributed import LocalCluster

from pipeline import UserError
from pipeline.running.secrets import hidden, resolved

SECRET = "s3cret/wörd'"


def guarded(*, login):
    """Start a cluster in this process for who knows the password."""
    if login["password"] != SECRET:
        raise ValueError(f"the password {login['password']!r} is wrong")
    return LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0")


def cluster(name="PLAIT_TEST_SECRET"):
    return {"class": f"{__name__}:guarded", "kwargs": {"login": {"password": f"${{{name}}}"}}}


def test_variables_are_filled_in_at_any_depth_and_doubled_signs_left_to_shells(monkeypatch):
    monkeypatch.setenv("A", "1")
    kwargs, secrets = resolved({"x": ["${A}-${A}", {"y": "$${A} $A"}], "n": 3})
    assert kwargs == {"x": ["1-1", {"y": "${A} $A"}], "n": 3}
    assert secrets == {"A": "1"}


def test_a_value_that_looks_like_a_name_is_not_filled_in_again(monkeypatch):
    monkeypatch.setenv("A", "${B}")
    assert resolved({"x": "${A}"})[0] == {"x": "${B}"}


def test_secrets_are_hidden_as_they_are_and_quoted():
    text = f"{SECRET} and {SECRET!r} and s3cret%2Fw%C3%B6rd%27"
    assert hidden(text, {"P": SECRET, "EMPTY": ""}).replace('"', "") == "${P} and ${P} and ${P}"


def test_a_missing_variable_is_named_with_what_to_do(small, monkeypatch):
    monkeypatch.delenv("PLAIT_TEST_SECRET", raising=False)
    with pytest.raises(
        UserError, match=r"\$\{PLAIT_TEST_SECRET\}.*no such variable\n    .*export PLAIT_TEST"
    ):
        small.run(cluster=cluster())


def test_a_run_that_needs_a_secret_leaves_it_nowhere(small, monkeypatch, caplog, capfd):
    monkeypatch.setenv("PLAIT_TEST_SECRET", SECRET)
    caplog.set_level(logging.DEBUG)
    file = small.file()
    file.write_text(f"{file.read_text()}cluster: {cluster()}\ntrackers: [jsonl]\n")
    monkeypatch.chdir(small.folder)
    results = small.run(file, cluster=None)
    assert results.state == "done"
    shown = (caplog.text + "".join(capfd.readouterr())).encode()
    written = {path: path.read_bytes() for path in small.folder.rglob("*") if path.is_file()}
    assert len(written) > 10
    for form in (SECRET.encode(), SECRET.encode("unicode_escape"), b"s3cret"):
        assert form not in shown
        assert [path for path, content in written.items() if form in content] == []


def test_a_cluster_that_does_not_start_tells_why_without_the_secret(small, monkeypatch):
    monkeypatch.setenv("PLAIT_TEST_SECRET", "wrong")
    with pytest.raises(UserError, match="did not start with kwargs") as caught:
        small.run(cluster=cluster())
    error = caught.value
    assert "the password '${PLAIT_TEST_SECRET}' is ${PLAIT_TEST_SECRET}" in str(error)
    assert (error.__cause__, error.__context__) == (None, None)  # a traceback would show it


def test_without_secrets_the_cause_is_kept(small):
    open_cluster = {"class": f"{__name__}:guarded", "kwargs": {"login": {"password": "open"}}}
    with pytest.raises(UserError, match="did not start") as caught:
        small.run(cluster=open_cluster)
    assert caught.value.__cause__ is not None
