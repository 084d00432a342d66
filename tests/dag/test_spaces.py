"""Spaces with ranges, rules and listed settings: what files may say, what is wrong with others."""

from __future__ import annotations

import pytest

from pipeline.dag.trials import expand
from pipeline.space import Range


@pytest.fixture
def sweep_of(digits):
    return lambda sweep: digits.partition("sweep:")[0] + f"sweep: {sweep}"


@pytest.fixture
def settings(read, sweep_of):
    """Return the settings that a sweep expands to, tuples in the order of the space."""
    return lambda sweep: [tuple(trial.settings.values()) for trial in expand(read(sweep_of(sweep))).trials]


RANDOM = "search: {stage: random, options: {trials: 30}}"


def test_a_range_is_of_the_options_numbers(read, sweep_of):
    text = sweep_of(
        f"{{{RANDOM}, space: {{adam.lr: {{from: 1e-4, to: 1, scale: log}}, fit.epochs: {{from: 1, to: 9}}}}}}"
    )
    assert read(text).sweep.space == {
        "adam.lr": Range(1e-4, 1.0, log=True),
        "fit.epochs": Range(1, 9, whole=True),
    }


def test_settings_are_drawn_from_ranges(settings):
    found = settings(f"{{{RANDOM}, space: {{adam.lr: {{from: 1e-4, to: 1, scale: log}}}}}}")
    assert len(found) == 30
    assert all(1e-4 <= lr <= 1 for (lr,) in found)


def test_a_range_with_a_count_is_a_grid(settings):
    assert settings("{space: {adam.lr: {from: 1e-3, to: 1e-1, scale: log, count: 3}}}") == [
        (1e-3,),
        (1e-2,),
        (1e-1,),
    ]


def test_listed_settings_are_the_trials(settings, read, sweep_of):
    listed = "{settings: [{adam.lr: 1e-3, decay.strength: 0}, {adam.lr: 1e-2, decay.strength: 1e-4}]}"
    assert settings(listed) == [(1e-3, 0.0), (1e-2, 1e-4)]
    assert list(read(sweep_of(listed)).sweep.space) == ["adam.lr", "decay.strength"]


def test_an_option_that_does_not_count_has_one_value(settings):
    space = "{net.activation: [relu, tanh], adam.lr: [1e-3, 1e-2]}"
    found = settings(f"{{space: {space}, when: {{adam.lr: {{net.activation: tanh}}}}}}")
    assert found == [("relu", 1e-3), ("tanh", 1e-3), ("tanh", 1e-2)]


def test_rules_leave_settings_out(settings):
    space = "{fit.epochs: [1, 2, 3], fit.batch_size: [1, 2, 3]}"
    found = settings(f"{{space: {space}, where: [fit.epochs <= fit.batch_size, fit.batch_size != 2]}}")
    assert found == [(1, 1), (1, 3), (2, 3), (3, 3)]


def test_rules_that_forbid_everything_are_told(read, sweep_of):
    from pipeline.errors import UserError

    with pytest.raises(UserError, match=r"search\.grid proposes no setting"):
        expand(read(sweep_of("{space: {fit.epochs: [1, 2]}, where: fit.epochs > 5}")))


@pytest.mark.parametrize(
    ("sweep", "message"),
    [
        (
            "{space: {adam.lr: {from: 1e-4, to: 1}}}",
            "a grid of the range of adam.lr, which has no end of values",
        ),
        (f"{{{RANDOM}, space: {{adam.lr: {{from: 1e-4}}}}}}", "the range of adam.lr has no 'to'"),
        (
            f"{{{RANDOM}, space: {{adam.lr: {{from: 1, to: 0.1}}}}}}",
            "the range of adam.lr goes from 1 to 0.1",
        ),
        (
            f"{{{RANDOM}, space: {{adam.lr: {{from: low, to: 1}}}}}}",
            "an end of the range of adam.lr is the text",
        ),
        (f"{{{RANDOM}, space: {{adam.lr: {{from: -1, to: 1}}}}}}", "optimizer.adam: option 'lr' is -1"),
        (f"{{{RANDOM}, space: {{adam.lr: {{from: 0, to: 1, scale: log}}}}}}", "a log scale from 0"),
        (
            f"{{{RANDOM}, space: {{adam.lr: {{from: 1, to: 2, scale: lin}}}}}}",
            "the scale of adam.lr is the text 'lin'",
        ),
        (
            f"{{{RANDOM}, space: {{adam.lr: {{from: 1, to: 2, step: 1}}}}}}",
            "unknown key 'step' in the range of adam.lr",
        ),
        (
            f"{{{RANDOM}, space: {{net.activation: {{from: 1, to: 2}}}}}}",
            "model.mlp: option 'activation' is 1",
        ),
        ("{settings: [{adam.lr: 1}, {decay.strength: 1}]}", "settings name different options"),
        ("{settings: [{adam.lr: 1}], space: {adam.lr: [1]}}", "settings and space exclude each other"),
        ("{settings: [{adam.lr: -1}]}", "optimizer.adam: option 'lr' is -1"),
        ("{settings: [{adem.lr: 1}]}", "there is no node 'adem' to sweep"),
        ("{space: {adam.lr: [1]}, where: adam.lr}", "'adam.lr' is no comparison"),
        ("{space: {adam.lr: [1]}, where: fit.epochs < 3}", "'fit.epochs' is not in the space"),
        ("{space: {adam.lr: [1]}, where: adam.lr < much}", "'much' is neither in the space nor a number"),
        ("{space: {adam.lr: [1]}, when: {fit.epochs: {adam.lr: 1}}}", "'fit.epochs' is not in the space"),
        ("{space: {adam.lr: [1]}, when: {adam.lr: {adam.lr: 1}}}", "'adam.lr' is no other key of the space"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(problems, sweep_of, sweep, message):
    found = problems(sweep_of(sweep))
    assert message in found[0].message
    assert found[0].line


def test_rules_run_no_code(problems, sweep_of):
    (found,) = problems(sweep_of("{space: {adam.lr: [1]}, where: \"adam.lr < __import__('os')\"}"))
    assert "neither in the space nor a number" in found.message
