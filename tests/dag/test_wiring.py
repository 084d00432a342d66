"""Edges: inputs that are missing, too many, of the wrong kind; cycles; what nothing uses."""

from __future__ import annotations

CHAIN = """\
plait: 1
nodes:
  fit: {stage: train.minibatch, inputs: {data: a, model: net, optimizer: adam}}
  a: {stage: transform.standardize, inputs: {data: c}}
  b: {stage: transform.standardize, inputs: {data: a}}
  c: {stage: transform.standardize, inputs: {data: b}}
  net: {stage: model.mlp}
  adam: {stage: optimizer.adam}
"""


def test_a_missing_input_says_who_could_give_it(wrong):
    problem = wrong("model: net, ", "")
    assert problem.message == "'fit' lacks its input 'model', a model"
    assert problem.allowed == "net"
    assert (problem.line, problem.column) == (11, 3)


def test_a_missing_input_that_nothing_gives_asks_for_a_node(problems):
    found = problems("plait: 1\nnodes:\n  split: {stage: transform.split}\n")
    assert found[0].allowed == "no node yet: add one that gives a dataset"


def test_a_superfluous_input_shows_the_ports(wrong):
    problem = wrong("data: parts, augment", "weights: net, data: parts, augment")
    assert problem.message == "a train node has no input 'weights'"
    assert problem.allowed.startswith("data, model, optimizer")


def test_an_input_of_a_node_that_takes_none_is_superfluous(wrong):
    problem = wrong("adam: {stage: optimizer.adam}", "adam: {stage: optimizer.adam, inputs: {lr: net}}")
    assert problem.message == "an optimizer node has no input 'lr'"
    assert problem.allowed == "none, an optimizer node takes no inputs"


def test_an_input_that_does_not_exist_shows_the_nearest_and_is_one_mistake(wrong):
    problem = wrong("augment: [rotate]", "augment: [rotat]")
    assert problem.message == "there is no node 'rotat'"
    assert problem.hint == "did you mean 'rotate'?"
    assert problem.source[problem.column - 1 :].startswith("rotat]")


def test_a_kind_that_does_not_fit_the_port_names_both(wrong):
    problem = wrong("model: net, regularizers", "model: adam, regularizers")
    assert problem.message == "'adam' gives an optimizer, but the input 'model' of 'fit' takes a model"
    assert problem.allowed == "net"
    assert problem.source[problem.column - 1 :].startswith("adam, regularizers")


def test_metrics_are_nobodys_input(digits, problem):
    text = digits.replace("inputs: {models: fit}", "inputs: {models: [fit, score]}")
    text = text.replace("{model: vote, data: parts}", "{model: fit, data: parts}")
    assert (
        problem(text).message == "'score' gives metrics, but the input 'models' of 'vote' takes a predictor"
    )


def test_a_list_where_one_node_belongs_is_noted(wrong):
    problem = wrong("{model: vote, data: parts}", "{model: [vote], data: parts}")
    assert problem.message == "the input 'model' of 'score' takes one node, not a list"


def test_a_node_that_is_named_twice_is_noted(wrong):
    problem = wrong("augment: [rotate]", "augment: [rotate, rotate]")
    assert problem.message == "'rotate' is twice in the input 'augment' of 'fit'"


def test_an_optional_list_may_be_empty_and_a_required_one_not(digits, read, wrong):
    assert read(
        digits.replace("regularizers: [decay]", "regularizers: []")
        .replace("  decay: {stage: regularizer.l2, options: {strength: 1e-4}}\n", "")
        .replace(", decay.strength: [0, 1e-4]", "")
    ).nodes["fit"].inputs["optimizer"] == ("adam",)
    assert wrong("{models: fit}", "{models: []}").message.startswith("the input 'models' of 'vote' is empty")


def test_an_input_that_is_a_number_is_noted(digits, problems):
    found = problems(digits.replace("model: net, ", "model: 3, "))
    assert "the input 'model' of 'fit' is the number 3; it has to be a list of one or more" in [
        problem.message for problem in found
    ]


def test_a_cycle_is_shown(problem):
    found = problem(CHAIN)
    assert found.message == "a cycle: a -> b -> c -> a"
    assert (found.line, found.column) == (4, 3)


def test_two_cycles_are_both_shown(digits, problems):
    text = CHAIN + "  d: {stage: transform.standardize, inputs: {data: d}}\n"
    assert [problem.message for problem in problems(text)] == ["a cycle: a -> b -> c -> a", "a cycle: d -> d"]


def test_a_node_that_nothing_uses_says_who_could(wrong):
    problem = wrong("augment: [rotate], ", "")
    assert problem.message == "'rotate' is not used by any node"
    assert problem.hint == "remove it, or name it as an input of a node of kind train (augment)"
    assert (problem.line, problem.column) == (7, 3)


def test_what_is_trained_or_scored_need_not_be_used(digits, read):
    text = digits.partition("  vote:")[0]
    assert list(read(text).nodes)[-1] == "fit"


TREE = """\
plait: 1
nodes:
  digits: {stage: data.digits}
  tree: {stage: model.tree}
  adam: {stage: optimizer.adam}
  fit: {stage: train.estimator, inputs: {data: digits, model: tree}}
"""


def test_an_estimator_needs_no_optimizer(read):
    text = TREE.replace("  adam: {stage: optimizer.adam}\n", "")
    assert read(text).nodes["fit"].inputs == {"data": ("digits",), "model": ("tree",)}


def test_steps_for_an_estimator_are_refused_where_the_train_node_stands(problem):
    text = TREE.replace("train.estimator", "train.minibatch").replace("tree}}", "tree, optimizer: adam}}")
    found = problem(text)
    assert "'fit' (train.minibatch): it takes steps, but model.tree is an estimator" in found.message
    assert (found.hint, found.line) == ("use train.estimator", 6)


def test_a_part_that_an_estimator_has_no_use_for_is_superfluous(problem):
    found = problem(TREE.replace("tree}}", "tree, optimizer: adam}}"))
    assert found.message == "'fit' (train.estimator): an estimator takes no optimizer"


OWN_STEPS = TREE.replace("model.tree", "model.mlp").replace("train.estimator", "train.lbfgs")


def test_a_train_stage_that_finds_its_own_steps_needs_no_optimizer(read):
    text = OWN_STEPS.replace("  adam: {stage: optimizer.adam}\n", "")
    assert read(text).nodes["fit"].inputs.keys() == {"data", "model"}


def test_an_optimizer_for_a_stage_that_finds_its_own_steps_is_superfluous(problem):
    found = problem(OWN_STEPS.replace("tree}}", "tree, optimizer: adam}}"))
    assert found.message == "'fit' (train.lbfgs): it finds its own steps and takes no optimizer"
    assert found.hint == "leave the input 'optimizer' out, or use train.minibatch"


def test_steps_need_an_optimizer(problem):
    text = OWN_STEPS.replace("train.lbfgs", "train.minibatch")
    found = problem(text.replace("  adam: {stage: optimizer.adam}\n", ""))
    assert found.message == "'fit' lacks its input 'optimizer', an optimizer"
