import numpy as np
import pytest

from pipeline import StageError, UserError, exhibits
from pipeline.running.measures import Measures
from pipeline.running.store import Store
from pipeline.running.values import from_stored, to_parts

SHOWN = {
    "10": exhibits.Images(np.eye(3)[None]),
    "1": exhibits.Table(["a"], [["b"]]),
    "a.b": exhibits.Lines([1, 2], {"up": [1, 2], "down": [2, 1]}),
}


def test_numbers_and_exhibits_are_told_apart():
    measures = Measures.checked({"accuracy": np.float32(0.5), "weights": SHOWN["10"], "rows": 3})
    assert measures.metrics == {"accuracy": 0.5, "rows": 3.0}
    assert measures.exhibits == {"weights": SHOWN["10"]}


def test_the_store_gives_back_what_was_kept(tmp_path):
    measures, store = Measures({"loss": 0.1}, SHOWN), Store(tmp_path / "store")
    store.put("abcd", *to_parts(measures))
    back = from_stored(store.get("abcd"), registry=None)
    assert (back.metrics, dict(back.exhibits)) == (measures.metrics, measures.exhibits)
    assert list(back.exhibits) == list(SHOWN)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ([0.5], "returned list instead of a mapping of name to number or exhibit"),
        ({"score": float("nan")}, "returned score = nan, which no ranking can use"),
        ({"score": "high"}, "returned a metric that is no number: score"),
        ({"curve": np.zeros(3)}, "returned a metric that is no number: curve"),
    ],
)
def test_what_is_neither_number_nor_exhibit_is_refused(value, fault):
    with pytest.raises(StageError, match=fault):
        Measures.checked(value)


def test_a_run_keeps_exhibits_beside_metrics(small):
    stage = small.stage(
        "looking",
        "from pipeline import evaluate, exhibits\n"
        "@evaluate\n"
        "def look(model, data):\n"
        '    """Look."""\n'
        "    return {'seen': 1.0, 'classes': exhibits.Table(['class'], [[name] for name in data.classes])}\n",
    )
    node = "  look:   {stage: evaluate.look, inputs: {model: vote, data: parts}}"
    results = small.run(small.file(plugins=[stage], nodes=node))
    assert results.nodes["look"]["metrics"] == {"seen": 1.0}
    assert small.run(small.file(plugins=[stage], nodes=node)).nodes["look"]["metrics"] == {"seen": 1.0}
    assert results.exhibits("look")["classes"].rows == (("0",), ("1",))
    with pytest.raises(
        UserError, match=r"no evaluate node 'lok'\n    allowed: score, look\n    did you mean 'look'"
    ):
        results.exhibits("lok")


def test_of_several_instances_a_trial_says_which(small):
    stage = small.stage(
        "counting",
        "from pipeline import evaluate, exhibits\n"
        "@evaluate\n"
        "def count(model, data):\n"
        '    """Count."""\n'
        "    size = sum(a.size for a in model.networks[0].parameters.values())\n"
        "    return {'size': float(size), 'sizes': exhibits.Table(['size'], [[size]])}\n",
    )
    node = "  count:   {stage: evaluate.count, inputs: {model: fit, data: parts}}"
    results = small.run(small.file(plugins=[stage], nodes=node, space=", net.hidden: [[2], [3]]", seeds=1))
    with pytest.raises(UserError, match=r"count measured 4 models\n    say which"):
        results.exhibits("count")
    sizes = {
        t["options"]["net.hidden"][0]: results.exhibits("count", t["id"])["sizes"].rows[0][0]
        for t in results.trials
    }
    assert sizes == {2: 14, 3: 20}
