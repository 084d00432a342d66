"""The nodes of a file: names, stages, options; each message once."""

from __future__ import annotations


def test_nodes_keep_their_order_and_have_complete_options(digits, read):
    dag = read(digits)
    assert list(dag.nodes)[:3] == ["digits", "parts", "rotate"]
    adam = dag.nodes["decay"]
    assert (adam.stage, adam.kind, adam.line, adam.column) == ("regularizer.l2", "regularizer", 9, 3)
    assert dag.nodes["fit"].options["epochs"] == 30
    assert "shuffle" in dag.nodes["fit"].options


def test_the_number_of_outputs_may_be_left_out(digits, read):
    assert "outputs" not in read(digits).nodes["net"].options


def test_varying_options_are_the_floats_of_traced_stages(digits, read):
    nodes = read(digits).nodes
    assert "lr" in nodes["adam"].varying
    assert nodes["fit"].varying == frozenset()


def test_the_graph_has_specs_and_ports(digits, read):
    graph = read(digits).graph
    assert graph.nodes["net"]["spec"].stage == "model.mlp"
    assert graph.edges["rotate", "fit"] == {"port": "augment"}
    assert list(graph.successors("parts")) == ["fit", "score"]


def test_an_unknown_stage_shows_the_nearest_and_those_of_its_kind(wrong):
    problem = wrong("optimizer.adam}", "optimizer.adma}")
    assert problem.message == "there is no stage 'optimizer.adma'"
    assert problem.hint == "did you mean 'optimizer.adam'?"
    assert "optimizer.sgd" in problem.allowed
    assert (problem.line, problem.column) == (10, 17)
    assert problem.source == "  adam: {stage: optimizer.adma}"


def test_a_search_is_no_node(wrong):
    problem = wrong("stage: optimizer.adam", "stage: search.grid")
    assert problem.message == "a search stage has no place here"
    assert problem.hint == "a search belongs under sweep, a tracker under trackers"


def test_a_node_without_a_stage_is_noted(wrong):
    problem = wrong("adam: {stage: optimizer.adam}", "adam: {options: {}}")
    assert problem.message == "node 'adam' has no stage"
    assert (problem.line, problem.column) == (10, 3)


def test_a_node_that_is_a_text_is_told_its_form(wrong):
    problem = wrong("adam: {stage: optimizer.adam}", "adam: optimizer.adam")
    assert problem.message == "node 'adam' is a text; it has to be a mapping"
    assert problem.hint == "write adam: {stage: optimizer.adam}"


def test_a_node_that_is_a_list_is_noted(wrong):
    assert wrong("{stage: optimizer.adam}", "[]").message == "node 'adam' is a list; it has to be a mapping"


def test_an_unknown_key_of_a_node_shows_the_nearest(wrong):
    problem = wrong("decay: {stage: regularizer.l2, options", "decay: {stage: regularizer.l2, option")
    assert problem.message == "unknown key 'option' in node 'decay'"
    assert problem.allowed == "stage, inputs, options, gather"
    assert problem.hint == "did you mean 'options'?"
    assert problem.column == 34


def test_an_unknown_option_is_noted_at_its_key(wrong):
    problem = wrong("degrees: 12", "degres: 12")
    assert problem.message == "augment.rotate: unknown option 'degres'"
    assert problem.hint == "did you mean 'degrees'?"
    assert problem.source[problem.column - 1 :].startswith("degres")


def test_an_option_of_the_wrong_type_is_noted_at_its_value(wrong):
    problem = wrong("degrees: 12", "degrees: wide")
    assert problem.message == "augment.rotate: option 'degrees' is 'wide'"
    assert problem.allowed.startswith("a number")
    assert problem.source[problem.column - 1 :].startswith("wide")


def test_an_option_out_of_range_says_the_range(wrong):
    problem = wrong("epochs: 30", "epochs: 0")
    assert problem.message == "train.minibatch: option 'epochs' is 0"
    assert problem.allowed == "a whole number at least 1"


def test_options_that_are_no_mapping_are_noted(wrong):
    assert wrong("options: {degrees: 12}", "options: 12").message == (
        "the options of augment.rotate is the number 12; it has to be a mapping"
    )


def test_a_missing_option_is_noted_at_the_node(digits, problem):
    found = problem(digits.replace("stage: data.digits", "stage: data.npz"))
    assert found.message == "data.npz: option 'path' is missing"
    assert (found.line, found.column) == (5, 3)


def test_a_node_may_not_have_the_name_of_something_else(digits, problems):
    found = problems(digits.replace("decay", "seed"))
    assert found[0].message == "a node may not be called 'seed'; the word has a meaning of its own"


def test_a_name_with_a_dot_is_refused(wrong, digits, problems):
    found = problems(digits.replace("  adam: ", "  ad.am: "))
    assert found[0].message == "'ad.am' cannot be a node's name"
    assert found[0].allowed.startswith("letters, digits")


def test_no_nodes_are_too_few(problem):
    assert problem("plait: 1\nnodes: {}\n").message == "nodes is empty; a DAG has one node or more"
    assert problem("plait: 1\n").message == "the key 'nodes' is missing"
