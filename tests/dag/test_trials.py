"""Map and gather: counts, sharing, order, candidates; on written examples and on drawn DAGs."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pipeline.dag.file import read as read_file
from pipeline.dag.trials import expand
from pipeline.errors import DagError, StageError, UserError


def count(expansion):
    return {node: len(ids) for node, ids in expansion.ids.items()}


def candidates(expansion, node):
    """Return, for each instance of a gathering node, the settings of what it receives."""
    found = {}
    for instance in expansion.of(node):
        found[instance.label] = [expansion.instances[i].label for i in instance.inputs["models"]]
    return found


def test_a_grid_has_every_setting_with_every_seed(expanded):
    expansion = expanded()
    assert len(expansion.trials) == 18
    first, last = expansion.trials[0], expansion.trials[-1]
    assert (first.id, first.label) == ("t0001", "adam.lr=0.001 decay.strength=0 seed=7")
    assert (last.id, last.label) == ("t0018", "adam.lr=0.01 decay.strength=0.0001 seed=9")
    assert first.settings == {"adam.lr": 1e-3, "decay.strength": 0.0}


def test_what_trials_share_exists_once(expanded):
    assert count(expanded()) == {"digits": 1, "parts": 1, "fit": 18, "vote": 1, "score": 1}


def test_components_are_folded_into_their_train_node(expanded):
    fit = expanded().of("fit")[5]
    assert fit.label == "fit[adam.lr=0.001 decay.strength=0.0001 seed=9]"
    assert fit.parts["optimizer"][0].options["lr"] == 1e-3
    assert fit.parts["regularizers"][0].options["strength"] == 1e-4
    assert fit.parts["augment"][0].stage == "augment.rotate"
    assert fit.inputs == {"data": (1,)}


def test_only_seeded_nodes_have_the_trials_seed(expanded):
    expansion = expanded("sweep: {seeds: [4, 5]}")
    assert [instance.seed for instance in expansion.of("fit")] == [4, 5]
    assert [instance.seed for instance in expansion.of("parts")] == [7]


def test_without_a_sweep_there_is_one_trial(expanded):
    second = "  fit2: {stage: train.minibatch, inputs: {data: parts, model: net, optimizer: adam}}\n"
    replacements = (
        (", gather: all", ""),
        ("{models: fit}", "{models: [fit, fit2]}"),
        ("  vote:", f"{second}  vote:"),
    )
    expansion = expanded("", *replacements)
    assert [trial.label for trial in expansion.trials] == ["seed=7"]
    assert candidates(expansion, "vote") == {"vote": ["fit", "fit2"]}


def test_seeds_alone_make_labels_of_seeds(expanded):
    assert [trial.label for trial in expanded("sweep: {seeds: 2}").trials] == ["seed=7", "seed=8"]


def test_structure_has_readable_labels(expanded):
    expansion = expanded("sweep: {space: {net.hidden: [[64], [32, 16]], parts.stratify: [true, false]}}")
    assert expansion.trials[2].label == "net.hidden=[32,16] parts.stratify=true"


def test_a_swept_prefix_is_copied_with_all_that_follows(expanded):
    sweep = "sweep: {space: {parts.validation: [0.1, 0.2], adam.lr: [1, 2]}, seeds: 3}"
    expansion = expanded(sweep, ("gather: all", "gather: {group: [parts.validation]}"))
    assert count(expansion) == {"digits": 1, "parts": 2, "fit": 12, "vote": 2, "score": 2}
    for score in expansion.of("score"):
        settings = {expansion.instances[i].settings["parts.validation"] for (i,) in score.inputs.values()}
        assert settings == {score.settings["parts.validation"]}


def test_over_gathers_what_it_names_and_keeps_the_rest(expanded):
    expansion = expanded(None, ("gather: all", "gather: {over: [seed]}"))
    assert count(expansion)["vote"] == count(expansion)["score"] == 6
    assert candidates(expansion, "vote")["vote[adam.lr=0.003 decay.strength=0]"] == [
        f"fit[adam.lr=0.003 decay.strength=0 seed={seed}]" for seed in (7, 8, 9)
    ]


def test_group_keeps_what_it_names_and_gathers_the_rest(expanded):
    found = candidates(expanded(None, ("gather: all", "gather: {group: [adam.lr]}")), "vote")
    assert list(found) == ["vote[adam.lr=0.001]", "vote[adam.lr=0.003]", "vote[adam.lr=0.01]"]
    assert all(len(labels) == 6 for labels in found.values())


def test_gathers_nest(expanded):
    both = "  both: {stage: ensemble.vote, inputs: {models: vote}, gather: {group: [adam.lr]}}\n"
    expansion = expanded(None, ("gather: all", "gather: {over: [seed]}"), ("  score:", f"{both}  score:"))
    assert count(expansion)["both"] == 3
    assert candidates(expansion, "both")["both[adam.lr=0.01]"] == [
        "vote[adam.lr=0.01 decay.strength=0]",
        "vote[adam.lr=0.01 decay.strength=0.0001]",
    ]


def test_several_gathers_of_one_node_stand_side_by_side(expanded):
    expansion = expanded(
        None,
        ("  score:", "  top: {stage: ensemble.average, inputs: {models: fit}, gather: {best: 3}}\n  score:"),
    )
    (top,) = expansion.of("top")
    assert top.inputs["models"] == expansion.of("vote")[0].inputs["models"]
    assert top.place.spec.gather.best == 3


def test_a_trial_finds_its_instances(expanded):
    expansion = expanded()
    trial = expansion.trials[4]
    fit = expansion.at("fit", trial)
    assert fit.settings == {**trial.settings, "seed": trial.seed}
    assert expansion.at("vote", trial) is expansion.of("vote")[0]


def test_a_random_search_gives_scattered_settings_and_shares_by_what_they_have_in_common(expanded):
    sweep = """sweep:
  search: {stage: random, options: {trials: 5}}
  space: {parts.validation: [0.1, 0.2], adam.lr: [1, 2, 3, 4, 5, 6, 7, 8]}
"""
    expansion = expanded(sweep, ("gather: all", "gather: {group: [parts.validation]}"))
    assert count(expansion)["fit"] == len(expansion.trials) == 5
    assert count(expansion)["parts"] == len({t.settings["parts.validation"] for t in expansion.trials})
    assert sum(map(len, candidates(expansion, "vote").values())) == 5
    again = expanded(sweep, ("gather: all", "gather: {group: [parts.validation]}"))
    assert [trial.label for trial in again.trials] == [trial.label for trial in expansion.trials]


@pytest.mark.parametrize(
    ("trials", "gather", "message"),
    [
        (1, "all", "'vote' gathers more than 1: the search proposes too few settings"),
        (3, "{best: 5}", "'vote' gathers the best 5 of 3: the search proposes too few settings"),
    ],
)
def test_a_search_that_leaves_too_few_to_gather_is_noted(trials, gather, message, expanded):
    search = f"{{stage: random, options: {{trials: {trials}}}}}"
    sweep = f"sweep: {{search: {search}, space: {{adam.lr: [1, 2, 3, 4, 5, 6]}}}}"
    with pytest.raises(UserError, match=message):
        expanded(sweep, ("gather: all", f"gather: {gather}"))


SEARCHES = '''
from pipeline import ensemble, search

@search
def twice(space, rng):
    """Propose one setting twice, and one with a value of its own."""
    first = {key: values[0] for key, values in space.items()}
    return [first, dict(first), {**first, "adam.lr": 0.125}]

@search
def nothing(space, rng):
    """Propose nothing."""
    return []

@search
def partial(space, rng):
    """Forget a key."""
    return [{"adam.lr": 1.0}]

@search
def negative(space, rng):
    """Propose what the optimizer refuses."""
    return [{**{key: values[0] for key, values in space.items()}, "adam.lr": -1.0}]

@search
def broken(space, rng):
    """Fail."""
    raise KeyError("x")

@ensemble
def tempered(predictions, *, power: float = 1.0):
    """Average powers."""
    return (predictions**power).mean(axis=0)
'''


@pytest.fixture
def searched(tmp_path, digits, registry):
    """Expand the good file with a search of a local plugin."""
    (tmp_path / "mine.py").write_text(SEARCHES)

    def expand_with(search, *replacements):
        text = digits.replace("search: grid", f"search: {search}") + "plugins: [./mine.py]\n"
        for old, new in replacements:
            text = text.replace(old, new)
        path = tmp_path / "x.yaml"
        path.write_text(text)
        return expand(read_file(path, registry))

    return expand_with


def test_a_setting_that_is_proposed_twice_is_one_and_new_values_are_taken(searched):
    labels = [trial.label for trial in searched("twice").trials]
    assert labels[::3] == ["adam.lr=0.001 decay.strength=0 seed=7", "adam.lr=0.125 decay.strength=0 seed=7"]


@pytest.mark.parametrize(
    ("search", "kind", "message"),
    [
        ("nothing", UserError, "search.nothing proposes no setting"),
        ("partial", StageError, "one value for each of adam.lr, decay.strength"),
        ("negative", StageError, "proposes adam.lr=-1: optimizer.adam: option 'lr' is -1.0"),
        ("broken", StageError, "the search search.broken failed: KeyError: 'x'"),
    ],
)
def test_a_search_that_proposes_nonsense_is_named(search, kind, message, searched):
    with pytest.raises(kind, match=message):
        searched(search)


def test_an_option_of_the_ensemble_does_not_divide_what_it_gathers(searched):
    sweep = ("{adam.lr:", "{vote.power: [1, 2], adam.lr:")
    expansion = searched("grid", ("ensemble.average", "ensemble.tempered"), sweep)
    assert len(expansion.trials) == 36
    assert count(expansion) == {"digits": 1, "parts": 1, "fit": 18, "vote": 2, "score": 2}
    first, second = expansion.of("vote")
    assert first.inputs == second.inputs
    assert [vote.options for vote in (first, second)] == [{"power": 1.0}, {"power": 2.0}]


def test_values_that_are_equal_but_not_the_same_stay_apart(expanded):
    expansion = expanded("sweep: {space: {net.hidden: [[1], [2]], parts.stratify: [false, true]}}")
    assert count(expansion) == {"digits": 1, "parts": 2, "fit": 4, "vote": 1, "score": 2}


# Drawn DAGs: prefixes, train nodes and gathers with axes here and there.


@st.composite
def dags(draw):
    """Draw a DAG of two split nodes, a train node on each, and gathers of one or both."""
    sizes = {
        key: draw(st.integers(0, 3))
        for key in ("a.validation", "b.validation", "adam.lr", "decay.strength", "net.hidden", "one.epochs")
    }
    seeds = draw(st.integers(0, 3))
    gather = draw(st.sampled_from(["all", "{over: [seed]}", "{group: [adam.lr]}", "{best: 2}"]))
    values = {
        key: [
            [i + 1] if key == "net.hidden" else i + 1 if key == "one.epochs" else (i + 1) / 10
            for i in range(n)
        ]
        for key, n in sizes.items()
        if n
    }
    models = draw(st.sampled_from(["one", "two", "[one, two]"]))
    return f"""\
plait: 1
nodes:
  digits: {{stage: data.digits}}
  a: {{stage: transform.split, inputs: {{data: digits}}}}
  b: {{stage: transform.split, inputs: {{data: a}}}}
  net: {{stage: model.mlp}}
  decay: {{stage: regularizer.l2}}
  adam: {{stage: optimizer.adam}}
  one: {{stage: train.minibatch, inputs: {{data: b, model: net, optimizer: adam, regularizers: decay}}}}
  two: {{stage: train.minibatch, inputs: {{data: a, model: net, optimizer: adam}}}}
  vote: {{stage: ensemble.average, inputs: {{models: {models}}}, gather: {gather}}}
  score: {{stage: evaluate.classification, inputs: {{model: vote, data: b}}}}
sweep: {{space: {values if values else "{one.epochs: [1]}"}{f", seeds: {seeds}" if seeds else ""}}}
""".replace("'", "")


def dependencies(expansion, node):
    """Return the axes that a node depends on, found by following the graph."""
    spec = expansion.dag.nodes[node]
    axes = {key for key in expansion.axes if key.startswith(f"{node}.")}
    if spec.kind == "train" and "seed" in expansion.axes:
        axes.add("seed")
    for source in expansion.dag.graph.predecessors(node):
        found = dependencies(expansion, source)
        axes |= set(spec.gather.kept(found)) if spec.gather else found
    return axes


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dags())
def test_every_drawn_dag_expands_by_the_one_rule(read, text):
    try:
        expansion = expand(read(text))
    except DagError as error:  # the drawn gather does not fit the drawn sweep
        assume("gather" not in str(error))
        raise
    lengths = {name: len(axis.values) for name, axis in expansion.axes.items()}
    assert len(expansion.trials) == math.prod(lengths.values())
    assert len({trial.label for trial in expansion.trials}) == len(expansion.trials)
    for node, ids in expansion.ids.items():
        assert len(ids) == math.prod(lengths[axis] for axis in dependencies(expansion, node)), node
    for instance in expansion.instances:
        taken = [i for ids in instance.inputs.values() for i in ids]
        assert all(i < instance.id for i in taken)
        assert len(set(taken)) == len(taken)
        trial = expansion.trials[instance.trial]
        assert expansion.at(instance.node, trial) is instance
    for source in {"one", "two"} & set(expansion.dag.nodes["vote"].inputs["models"]):
        used = {i for vote in expansion.of("vote") for i in vote.inputs["models"]}
        assert used >= set(expansion.ids[source])


def test_an_expansion_of_a_product_is_in_the_products_order(expanded):
    expansion = expanded()
    space = expansion.dag.sweep.space
    assert [tuple(trial.settings.values()) for trial in expansion.trials[::3]] == list(
        product(*space.values())
    )
