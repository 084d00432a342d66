from pipeline.report.leaderboard import closing, leaderboard


def node(kind, stage, metrics=None, **more):
    return {
        "kind": kind,
        "stage": stage,
        "metrics": metrics or {},
        "state": "done",
        "instances": 1,
        "states": {"done": 1},
        "errors": [],
        "notes": [],
        **more,
    }


def trial(number, lr, seed, accuracy, state="done"):
    metrics = {} if accuracy is None else {"accuracy": accuracy, "loss": 1 - accuracy}
    return {
        "id": f"t{number}",
        "options": {"adam.lr": lr},
        "seed": seed,
        "state": state,
        "metrics": metrics,
    }


def record(trials, **nodes):
    return {"run": "r1", "seconds": 8.06, "cached": 0, "store": ".plait", "trials": trials, "nodes": nodes}


TRIALS = [trial(1, 0.1, 0, 0.90), trial(2, 0.1, 1, 0.92), trial(3, 0.2, 0, 0.95), trial(4, 0.2, 1, 0.97)]
VOTE = node("ensemble", "ensemble.average", {"accuracy": 0.98, "loss": 0.1}, gather={"best": 2})
SCORE = node(
    "evaluate",
    "evaluate.classification",
    {"accuracy": 0.975},
    inputs={"model": ("vote",)},
    options={"split": "test"},
)


def words(line):
    return " ".join(line.split())


def lines(text):
    return [words(line) for line in text.splitlines()]


def test_settings_are_ranked_with_mean_and_spread_over_seeds(as_text):
    shown = lines(as_text(leaderboard(record(TRIALS))))
    assert shown[0] == "Validation, mean ± standard deviation over seeds"
    assert shown[2].startswith("1 adam.lr=0.2 0.9600 ± 0.0141 0.0400 ± 0.0141")
    assert shown[3].startswith("2 adam.lr=0.1 0.9100")


def test_the_ensemble_stands_above_its_members(as_text):
    shown = lines(as_text(leaderboard(record(TRIALS, vote=VOTE))))
    assert shown[2] == "vote: average of the best 2 0.9800 0.1000"
    assert shown[3].startswith("1 adam.lr=0.2")


def test_the_test_split_is_shown_apart_and_last(as_text):
    chosen = node("evaluate", "evaluate.classification", {"accuracy": 0.98}, options={"split": "validation"})
    text = as_text(leaderboard(record(TRIALS, score=SCORE, vote=VOTE, chosen=chosen)))
    assert text.index("the validation split") < text.index("the test split")
    assert "score vote 0.9750" in lines(text)


def test_an_evaluation_of_every_trial_shows_its_spread(as_text):
    results = [{"metrics": {"rmse": 1.0}}, {"metrics": {"rmse": 3.0}}]
    each = node("evaluate", "evaluate.regression", {"rmse": 2.0}, instances=2, results=results)
    assert "each (2 of them) 2.0000 ± 1.4142" in lines(as_text(leaderboard(record([], each=each))))


def test_trials_along_an_axis_that_is_gathered_over_are_one_setting(as_text):
    trials = [
        {**trial(fold, 0.1, 0, 0.9 + fold / 100), "options": {"fold.fold": fold, "adam.lr": 0.1}}
        for fold in (0, 2)
    ]
    folds = node("ensemble", "ensemble.average", gather={"over": ["fold.fold"]})
    shown = lines(as_text(leaderboard(record(trials, folds=folds))))
    assert shown[0].endswith("over fold.fold")
    assert shown[2].startswith("1 adam.lr=0.1 0.9100 ± 0.0141")


def test_failed_trials_are_said_with_their_cause(as_text):
    trials = [*TRIALS, trial(5, 0.2, 2, None, "failed")]
    fit = node(
        "train", "train.minibatch", instances=5, states={"done": 4, "failed": 1}, errors=["loss is NaN"]
    )
    shown = lines(as_text(leaderboard(record(trials, fit=fit))))
    assert "fit: 1 of 5 failed" in shown
    assert "loss is NaN" in shown
    assert "2 of 3" in next(line for line in shown if "adam.lr=0.2" in line)


def test_only_the_first_settings_are_listed_and_the_rest_counted(as_text):
    trials = [trial(i, i / 100, 0, i / 100) for i in range(1, 16)]
    assert "and 5 more settings" in as_text(leaderboard(record(trials)))


def test_the_last_line_says_where_the_results_lie():
    assert closing(record(TRIALS)) == "run r1: 4 trials in 8.1 s; results lie in .plait"
    assert "1 skipped" in closing(record([trial(1, 0.1, 0, None, "skipped")]))
    assert "7 results cached" in closing({**record(TRIALS), "cached": 7})


def test_the_simplest_setting_that_is_as_good_is_told_where_it_is_not_the_best(as_text):
    close = [trial(1, 0.1, 0, 0.94), trial(2, 0.1, 1, 0.96), trial(3, 0.2, 0, 0.94), trial(4, 0.2, 1, 0.97)]
    told = "the first listed within one standard error of the best: adam.lr=0.1 (accuracy 0.9500 ± 0.0141)"
    assert told in lines(as_text(leaderboard(record(close))))
    assert "the first listed" not in as_text(leaderboard(record(TRIALS)))
