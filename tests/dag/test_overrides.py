"""Overrides of the command line: written into the file, checked like it."""

from __future__ import annotations


def test_an_option_is_replaced(digits, read):
    nodes = read(digits, "fit.epochs=3", "net.hidden=[8, 8]").nodes
    assert nodes["fit"].options["epochs"] == 3
    assert nodes["fit"].options["batch_size"] == 64
    assert nodes["net"].options["hidden"] == (8, 8)


def test_an_option_that_the_file_leaves_out_is_set(digits, read):
    assert read(digits, "adam.beta1=0.8").nodes["adam"].options["beta1"] == 0.8


def test_an_option_that_was_swept_is_swept_no_more(digits, read):
    dag = read(digits, "adam.lr=1e-2")
    assert dag.nodes["adam"].options["lr"] == 0.01
    assert list(dag.sweep.space) == ["decay.strength"]


def test_a_sweep_whose_last_option_is_set_keeps_its_seeds(digits, read):
    dag = read(digits.replace("  search: grid\n", ""), "adam.lr=1e-2", "decay.strength=0")
    assert (dag.sweep.space, dag.sweep.seeds) == ({}, (7, 8, 9))


def test_the_search_goes_with_the_last_option_that_was_swept(digits, read):
    dag = read(digits, "adam.lr=1e-2", "decay.strength=0")
    assert (dag.sweep.space, dag.sweep.seeds) == ({}, (7, 8, 9))


def test_the_top_of_the_file_is_set(digits, read):
    dag = read(digits, "seed=3", "name=other", "dtype=float64", "sweep.seeds=2")
    assert (dag.seed, dag.name, dag.dtype, dag.sweep.seeds) == (3, "other", "float64", (3, 4))


def test_an_axis_is_added(digits, read):
    dag = read(digits, "sweep.space.net.hidden=[[8], [16]]")
    assert dag.sweep.space["net.hidden"] == ((8,), (16,))


def test_a_sweep_is_made_where_there_was_none(digits, read):
    text = digits.partition("sweep:")[0]
    assert read(text, "sweep.seeds=2").sweep.seeds == (7, 8)


def test_the_last_of_several_holds(digits, read):
    assert read(digits, "fit.epochs=3", "fit.epochs=4").nodes["fit"].options["epochs"] == 4


def test_the_overrides_are_kept(digits, read):
    assert read(digits, "fit.epochs=3").overrides == ("fit.epochs=3",)


def test_an_unknown_node_shows_the_nearest(digits, problem):
    found = problem(digits, "adma.lr=1")
    assert found.message == "there is no 'adma.lr' to override"
    assert found.hint == "did you mean 'adam.lr'?"
    assert (found.file, found.line) == ("--set adma.lr=1", 0)


def test_an_unknown_option_shows_the_nearest(digits, problem):
    found = problem(digits, "fit.epoch=1")
    assert found.message == "train.minibatch: unknown option 'epoch'"
    assert found.hint == "did you mean 'epochs'?"


def test_a_value_that_does_not_fit_is_shown_as_it_was_given(digits, problem):
    found = problem(digits, "adam.lr=-1")
    assert str(found) == (
        "--set adam.lr=-1: optimizer.adam: option 'lr' is -1\n    allowed: a number greater than 0"
    )


def test_a_value_that_is_no_yaml_is_noted(digits, problem):
    assert problem(digits, "net.hidden=[1").message.startswith("this is not YAML")


def test_an_override_without_a_value_is_told_its_form(digits, problem):
    found = problem(digits, "adam.lr")
    assert found.message == "an override is written key=value"
    assert found.allowed.startswith("node.option=value, name, seed")


def test_every_wrong_override_is_noted(digits, problems):
    assert len(problems(digits, "adam.lr=-1", "x=1", "fit.epochs=0")) == 3
