"""Labels: short, and different where values differ."""

from __future__ import annotations

import pytest

from pipeline.dag.labels import label, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-3, "0.001"),
        (1e-5, "1e-05"),
        (0.0, "0"),
        (0.1 + 0.2, "0.30000000000000004"),
        (12, "12"),
        (True, "true"),
        (None, "null"),
        ((64, 32), "[64,32]"),
        ((), "[]"),
        ({"a": 1.0}, "{a:1}"),
        ("relu", "relu"),
        ("two words", "'two words'"),
        ("1", "'1'"),
        ("null", "'null'"),
        ("", "''"),
        ("9" * 500, repr("9" * 500)),
        ("./data.csv", "./data.csv"),
        ("\x1b[31m", "'\\x1b[31m'"),
    ],
)
def test_a_value_is_shown_as_a_file_would_write_it(value, text):
    assert shown(value) == text


def test_a_label_names_each_setting():
    settings = {"adam.lr": 1e-3, "net.hidden": (8,), "seed": 2}
    assert label(settings.items()) == "adam.lr=0.001 net.hidden=[8] seed=2"
