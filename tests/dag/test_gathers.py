"""The gather of a node: its forms, and whether there is more than one to gather."""

from __future__ import annotations

import pytest

from pipeline.dag.gather import Gather


@pytest.fixture
def gather(digits, read):
    """Read another gather of the good file's ensemble."""
    return lambda text: read(digits.replace("gather: all", f"gather: {text}")).nodes["vote"].gather


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all", Gather()),
        ("{best: 5}", Gather(best=5)),
        ("{best: 5, metric: accuracy}", Gather(best=5, metric="accuracy", mode="max")),
        ("{best: 5, metric: loss, mode: max}", Gather(best=5, metric="loss", mode="max")),
        ("{group: adam.lr}", Gather(group=("adam.lr",))),
        ("{over: [seed, adam.lr]}", Gather(over=("seed", "adam.lr"))),
        ("{best: 2, over: [seed]}", Gather(best=2, over=("seed",))),
    ],
)
def test_each_form_is_read(text, expected, gather):
    assert gather(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("some", "gather is the text 'some'"),
        ("{}", "gather says neither best nor group nor over"),
        ("{metric: accuracy}", "gather says neither best nor group nor over"),
        ("{best: 0}", "best is the number 0"),
        ("{best: two}", "best is the text 'two'"),
        ("{best: 2, metric: acuracy}", "the metric is the text 'acuracy'"),
        ("{best: 2, mode: most}", "mode is the text 'most'"),
        ("{best: 2, bets: 3}", "unknown key 'bets' in gather"),
        ("{group: [adam.lr], over: [seed]}", "group and over exclude each other"),
        ("{over: [seed], metric: loss}", "metric without best"),
        ("{over: []}", "over of gather is empty; it has to be a list of one or more"),
        ("{over: [seed, seed]}", "'seed' is twice in over of gather"),
        ("{over: [adam.eps]}", "fit does not vary along 'adam.eps'"),
        ("{best: 19}", "the best 19 of 18: there are not so many to choose from"),
        ("{best: 4, over: [seed]}", "the best 4 of 3: there are not so many to choose from"),
        ("{group: [adam.lr, decay.strength, seed]}", "a gather of one: 'vote' would receive a single model"),
    ],
)
def test_each_mistake_has_its_message(text, message, wrong):
    problem = wrong("gather: all", f"gather: {text}")
    assert problem.message == message
    assert problem.line == 15


def test_an_unknown_metric_shows_the_nearest_and_those_there_are(wrong):
    problem = wrong("gather: all", "gather: {best: 2, metric: acuracy}")
    assert (problem.allowed, problem.hint) == ("loss, accuracy, rmse", "did you mean 'accuracy'?")


def test_an_axis_that_does_not_exist_shows_those_there_are(wrong):
    problem = wrong("gather: all", "gather: {group: [adam.rl]}")
    assert problem.allowed == "adam.lr, decay.strength, seed"
    assert problem.hint == "did you mean 'adam.lr'?"
    assert problem.source[problem.column - 1 :].startswith("adam.rl")


def test_without_a_sweep_a_gather_is_of_one(digits, problem):
    found = problem(digits.partition("sweep:")[0])
    assert found.message == "a gather of one: 'vote' would receive a single model"
    assert found.hint == "sweep what it gathers over, or remove the gather and name several nodes"


def test_an_axis_of_one_value_is_a_gather_of_one(digits, problem):
    found = problem(digits.replace("gather: all", "gather: {over: [seed]}").replace("seeds: 3", "seeds: 1"))
    assert found.message.startswith("a gather of one")


def test_the_best_one_is_a_choice_and_allowed(gather):
    assert gather("{best: 1}").best == 1


def test_an_ensemble_that_does_not_gather_one_node_is_told_to(wrong):
    problem = wrong(", gather: all", "")
    assert problem.message == "'vote' receives one model for each trial"
    assert problem.hint == "add gather: all, or name several nodes"


def test_an_ensemble_of_several_nodes_needs_no_gather(digits, read):
    text = digits.replace("{models: fit}, gather: all", "{models: [fit, fit2]}").replace(
        "  vote:",
        "  fit2: {stage: train.minibatch, inputs: {data: parts, model: net, optimizer: adam}}\n  vote:",
    )
    assert read(text).nodes["vote"].gather is None


def test_only_a_node_that_takes_several_results_gathers(wrong):
    problem = wrong("adam: {stage: optimizer.adam}", "adam: {stage: optimizer.adam, gather: all}")
    assert problem.message == "an optimizer node cannot gather"
    assert problem.allowed == "ensemble nodes"


def test_the_best_ensembles_have_no_validation_metrics(digits, problem):
    text = digits.replace("gather: all", "gather: {over: [seed]}").replace(
        "  score:", "  best: {stage: ensemble.average, inputs: {models: vote}, gather: {best: 2}}\n  score:"
    )
    found = problem(text)
    assert found.message == "best needs validation metrics, which only train nodes have; 'vote' has none"


def test_a_gather_of_a_gather_of_all_is_of_one(digits, problem):
    text = digits.replace(
        "  score:", "  more: {stage: ensemble.average, inputs: {models: vote}, gather: all}\n  score:"
    )
    assert problem(text).message == "a gather of one: 'more' would receive a single model"
