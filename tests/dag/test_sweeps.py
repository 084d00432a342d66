"""The sweep of a file: bad keys, bad values, bad seeds, and what the good ones become."""

from __future__ import annotations

import pytest


@pytest.fixture
def sweep(digits, read):
    """Read the good file with another sweep."""
    return lambda text: read(digits.partition("sweep:")[0] + text).sweep


@pytest.fixture
def wrong_sweep(digits, problem):
    """Return the only problem of the good file with another sweep."""
    return lambda text: problem(digits.partition("sweep:")[0] + text)


def test_values_are_checked_and_complete(digits, read):
    sweep = read(digits).sweep
    assert sweep.space == {"adam.lr": (1e-3, 3e-3, 1e-2), "decay.strength": (0.0, 1e-4)}
    assert type(sweep.space["decay.strength"][0]) is float
    assert (sweep.search.stage, sweep.seeds, sweep.seed_nodes) == ("search.grid", (7, 8, 9), ("fit",))
    assert sweep.axes == ("adam.lr", "decay.strength", "seed")


def test_a_list_of_lists_sweeps_structure(sweep):
    assert sweep("sweep: {space: {net.hidden: [[64], [32, 32]]}}").space == {"net.hidden": ((64,), (32, 32))}


def test_seeds_may_be_listed_and_given_to_some_nodes(sweep):
    assert sweep("sweep: {seeds: [5, 3]}").seeds == (5, 3)
    found = sweep("sweep: {seeds: {values: 2, nodes: [parts, fit]}}")
    assert (found.seeds, found.seed_nodes) == ((7, 8), ("parts", "fit"))


def test_a_search_may_have_options(sweep):
    text = "sweep: {search: {stage: search.random, options: {trials: 4}}, space: {adam.lr: [1, 2]}, seeds: 2}"
    assert sweep(text).search.options == {"trials": 4}
    assert sweep("sweep: {search: random, space: {adam.lr: [1, 2]}}").search.options == {"trials": 20}


def test_a_key_of_an_unknown_node_shows_the_nearest(wrong):
    problem = wrong("adam.lr:", "adem.lr:")
    assert problem.message == "there is no node 'adem' to sweep"
    assert problem.hint == "did you mean 'adam.lr'?"
    assert (problem.line, problem.column) == (19, 11)


def test_a_key_of_an_unknown_option_shows_the_nearest(wrong):
    problem = wrong("adam.lr:", "adam.beta:")
    assert problem.message == "optimizer.adam has no option 'beta'"
    assert problem.hint == "did you mean 'adam.beta2'?"
    assert problem.allowed.startswith("adam.lr, adam.beta1, adam.beta2, adam.eps")


def test_a_key_without_an_option_is_told_its_form(wrong):
    assert wrong("adam.lr:", "adam:").message == "'adam' names no option; a key of the space is node.option"


def test_a_value_that_does_not_fit_is_noted_at_its_place(wrong):
    problem = wrong("3e-3", "-1")
    assert problem.message == "optimizer.adam: option 'lr' is -1"
    assert problem.allowed == "a number greater than 0"
    assert problem.source[problem.column - 1 :].startswith("-1")


def test_every_value_that_does_not_fit_is_noted(digits, problems):
    found = problems(digits.replace("[1e-3, 3e-3, 1e-2]", "[fast, 3e-3, -1]"))
    assert [problem.message[-6:] for problem in found] == ["'fast'", " is -1"]


def test_a_value_that_is_there_twice_is_noted(wrong):
    assert wrong("[0, 1e-4]", "[0, 1e-4, 0.0]").message == "the value 0 of decay.strength is there twice"


def test_one_value_is_no_list(wrong):
    problem = wrong("[0, 1e-4]", "0.1")
    assert (
        problem.message
        == "the values of decay.strength is the number 0.1; it has to be a list of one or more"
    )


def test_an_empty_axis_is_noted(wrong):
    assert (
        wrong("[0, 1e-4]", "[]").message
        == "the values of decay.strength is empty; it has to be a list of one or more"
    )


def test_an_empty_space_is_noted(wrong_sweep):
    assert (
        wrong_sweep("sweep: {space: {}, seeds: 2}").message
        == "the space is empty; there is nothing to search"
    )


def test_an_empty_sweep_is_noted(digits, problems):
    found = problems(digits.partition("sweep:")[0] + "sweep: {}")
    assert found[0].message == "sweep is empty"


def test_a_search_without_a_space_is_noted(wrong_sweep):
    assert wrong_sweep("sweep: {search: grid, seeds: 3}").message == "a search without a space"


def test_an_unknown_search_shows_those_there_are(wrong):
    problem = wrong("search: grid", "search: grit")
    assert problem.message == "there is no stage 'search.grit'"
    assert problem.hint == "did you mean 'search.grid'?"
    assert "search.random" in problem.allowed


def test_an_option_of_the_search_is_checked(wrong):
    problem = wrong("search: grid", "search: {stage: random, options: {trials: 0}}")
    assert problem.message == "search.random: option 'trials' is 0"


def test_an_unknown_key_of_the_sweep_shows_the_nearest(wrong):
    problem = wrong("  seeds: 3", "  seed: 3")
    assert problem.message == "unknown key 'seed' in sweep"
    assert problem.hint == "did you mean 'seeds'?"


@pytest.mark.parametrize("seeds", ["0", "-1", "1.5", "true", "many", "{values: 0}"])
def test_a_number_of_seeds_is_a_count(seeds, digits, problems):
    found = problems(digits.replace("seeds: 3", f"seeds: {seeds}"))
    assert found[0].message.startswith("the number of seeds is ")
    assert found[0].allowed == "whole numbers from 1"


def test_a_seed_in_a_list_is_a_whole_number(wrong):
    assert wrong("seeds: 3", "seeds: [1, x, 2]").message == "a seed is the text 'x'"


def test_a_seed_that_is_there_twice_is_noted(wrong):
    assert wrong("seeds: 3", "seeds: [1, 2, 1]").message == "the seed 1 is twice in the list"


def test_a_component_takes_its_train_nodes_seed(wrong):
    problem = wrong("seeds: 3", "seeds: {values: 3, nodes: [net, fit]}")
    assert problem.message == "the node 'net' takes its train node's seed"
    assert problem.allowed == "parts, fit"


def test_a_node_without_randomness_takes_no_seed(wrong):
    assert (
        wrong("seeds: 3", "seeds: {values: 3, nodes: [score, fit]}").message
        == "the node 'score' takes no seed"
    )


def test_a_seeded_node_that_does_not_exist_is_noted(wrong):
    assert wrong("seeds: 3", "seeds: {values: 3, nodes: [fti, fit]}").hint == "did you mean 'fit'?"


def test_a_grid_that_is_too_large_says_how_large(wrong):
    problem = wrong("seeds: 3", "seeds: 200000")
    assert problem.message == "the grid has 1,200,000 trials; at most 1,000,000"
    assert "search.random" in problem.hint


def test_seeds_without_a_train_node_are_told_where_to_go(digits, problems):
    text = digits.replace("train.minibatch", "train.minibetch")
    assert [problem.message for problem in problems(text)] == ["there is no stage 'train.minibetch'"]
    unused = "plait: 1\nnodes: {digits: {stage: data.digits}}\nsweep: {seeds: 2}\n"
    assert "seeds without a train node that would take them" in [p.message for p in problems(unused)]
