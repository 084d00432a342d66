from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import numpy as np
import pytest
from annotated_types import Interval, Len
from jsonschema import Draft202012Validator
from pydantic import Field

from pipeline.errors import OptionError
from pipeline.options import Count, Fraction, Positive, Probability
from pipeline.stages.allowed import allowed
from pipeline.stages.options import (
    InvalidOptions,
    RegistrationError,
    check_options,
    first_sentence,
    options_model,
)


def network(
    x,
    net,
    *,
    hidden: Annotated[tuple[Count, ...], Len(1)] = (128,),
    activation: Literal["relu", "tanh"] = "relu",
    lr: Positive = 1,
    drop: Probability = 0.0,
    limit: float | None = None,
    copy: bool = False,
    outputs: int,
):
    """Map (batch, features) to outputs.  More about it.

    Even more.
    """


def check(options: dict[str, Any], **deferred: Any) -> dict[str, Any]:
    return check_options("model.network", options_model(network, **deferred), options)


def refused(**options: Any) -> str:
    with pytest.raises(OptionError) as caught:
        check({"outputs": 1, **options})
    return str(caught.value)


def test_defaults_are_filled_in_and_in_the_annotated_type():
    checked = check({"outputs": 10})
    assert checked == {
        "hidden": (128,),
        "activation": "relu",
        "lr": 1.0,
        "drop": 0.0,
        "limit": None,
        "copy": False,
        "outputs": 10,
    }
    assert type(checked["lr"]) is float


def test_an_int_serves_as_a_float_and_a_list_as_a_tuple():
    checked = check({"outputs": 1, "lr": 2, "hidden": [3, 4]})
    assert (checked["lr"], checked["hidden"]) == (2.0, (3, 4))
    assert type(checked["lr"]) is float


def test_numpy_numbers_become_plain_ones():
    checked = check({"outputs": np.int64(3), "lr": np.float32(0.5)})
    assert type(checked["outputs"]) is int
    assert type(checked["lr"]) is float


@pytest.mark.parametrize("value", [True, "0.1", None, [1.0], math.nan, math.inf, 10**400, 1 + 2j])
def test_a_float_option_refuses_all_but_finite_numbers(value):
    assert "option 'lr' is" in refused(lr=value)


@pytest.mark.parametrize("value", [True, "3", 3.0, None])
def test_an_int_option_refuses_all_but_ints(value):
    assert "option 'outputs' is" in refused(outputs=value)


def test_a_bool_option_refuses_numbers():
    assert refused(copy=1) == "model.network: option 'copy' is 1; allowed: true or false"


def test_a_number_out_of_range_is_shown_with_the_range():
    assert refused(lr=0) == "model.network: option 'lr' is 0; allowed: a number greater than 0"
    assert (
        refused(drop=1) == "model.network: option 'drop' is 1; allowed: a number at least 0 and less than 1"
    )


def test_a_number_in_quotes_is_told_to_lose_them():
    assert refused(lr="1e-3").endswith("write numbers without quotes")


def test_a_misspelt_name_is_shown_with_the_names_and_the_nearest():
    assert refused(activation="rleu").endswith("allowed: 'relu' or 'tanh'; did you mean 'relu'?")


def test_a_wrong_item_of_a_list_is_named_by_its_place():
    assert "option 'hidden[1]' is 0;" in refused(hidden=[8, 0, "a"])


def test_an_unknown_option_is_shown_with_the_options_and_the_nearest():
    message = refused(hiden=[8])
    assert "unknown option 'hiden'; allowed: hidden, activation, lr" in message
    assert message.endswith("did you mean 'hidden'?")


def test_a_name_that_is_no_text_is_an_unknown_option():
    with pytest.raises(OptionError, match="unknown option '1'"):
        check({1: 2, "outputs": 1})


def test_all_wrong_options_are_told_at_once():
    with pytest.raises(InvalidOptions) as caught:
        check({"lr": -1, "drop": 2, "nothing": 3})
    assert [problem.option for problem in caught.value.problems] == ["lr", "drop", "outputs", "nothing"]
    assert str(caught.value).count("\n") == 3


def test_a_missing_option_is_named():
    with pytest.raises(OptionError, match="option 'outputs' is missing; allowed: a whole number"):
        check({})


def test_a_deferred_option_may_be_left_out_and_then_stays_absent():
    assert "outputs" not in check({}, deferred=("outputs",))
    assert check({"outputs": 3}, deferred=("outputs",))["outputs"] == 3
    with pytest.raises(OptionError, match="option 'outputs' is null"):
        check({"outputs": None}, deferred=("outputs",))


def test_the_schema_has_description_defaults_and_ranges():
    schema = options_model(network).model_json_schema()
    assert schema["description"] == "Map (batch, features) to outputs."
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["outputs"]
    lr = schema["properties"]["lr"]
    assert (lr["type"], lr["default"], lr["exclusiveMinimum"]) == ("number", 1, 0)
    assert schema["properties"]["activation"]["enum"] == ["relu", "tanh"]
    assert schema["properties"]["copy"]["type"] == "boolean"


def test_the_schema_accepts_the_defaults_and_refuses_what_the_model_refuses():
    validator = Draft202012Validator(options_model(network).model_json_schema())
    assert validator.is_valid({"outputs": 1, "hidden": [128], "limit": None})
    for wrong in ({}, {"outputs": "1"}, {"outputs": 1, "lr": 0}, {"outputs": 1, "hiden": []}):
        assert not validator.is_valid(wrong)


def test_a_deferred_option_is_neither_required_nor_has_a_default_in_the_schema():
    schema = options_model(network, deferred=("outputs",)).model_json_schema()
    assert "required" not in schema
    assert "default" not in schema["properties"]["outputs"]


def test_an_option_without_annotation_is_refused_with_function_and_option():
    def step(w, g, *, lr=0.1): ...

    with pytest.raises(RegistrationError, match=r"option 'lr' of .*step has no annotation"):
        options_model(step)


def test_an_annotation_that_names_nothing_is_refused_with_function_and_option():
    def step(w, g, *, lr: Nowhere = 0.1): ...  # noqa: F821

    with pytest.raises(RegistrationError, match=r"option 'lr' of .*step has an unreadable .*'Nowhere'"):
        options_model(step)


@pytest.mark.parametrize("kind", [object, list[int], tuple, dict[int, str], np.ndarray, Any, set[int]])
def test_a_type_without_a_json_form_is_refused(kind):
    def step(w, g, *, lr): ...

    step.__annotations__["lr"] = kind
    with pytest.raises(
        RegistrationError, match=r"option 'lr' of .*step has the type .*; options are of float"
    ):
        options_model(step)


def test_a_default_outside_its_own_range_is_refused():
    def step(w, g, *, lr: Positive = -1.0): ...

    with pytest.raises(RegistrationError, match=r"the default of option 'lr' of .*step does not fit"):
        options_model(step)


def test_a_refused_function_is_found_by_file_and_line():
    def step(w, g, *, lr=0.1): ...

    with pytest.raises(RegistrationError) as caught:
        options_model(step)
    assert (caught.value.file, caught.value.line) == (__file__, step.__code__.co_firstlineno)


def test_names_that_only_type_checkers_know_may_annotate_data_arguments():
    def step(w: Tensor, g: Tensor, *, lr: Positive = 0.1) -> Tensor: ...  # noqa: F821

    assert check_options("optimizer.step", options_model(step), {}) == {"lr": 0.1}


def test_an_option_may_be_called_like_a_method_of_the_model():
    def step(w, *, copy: int = 1, model_dump: int = 2, json: int = 3): ...

    checked = check_options("x.step", options_model(step), {"copy": 4})
    assert checked == {"copy": 4, "model_dump": 2, "json": 3}


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (Positive, "a number greater than 0"),
        (Fraction, "a number at least 0 and at most 1"),
        (Annotated[float, Interval(gt=1, lt=2)], "a number greater than 1 and less than 2"),
        (Annotated[int, Field(ge=2)], "a whole number at least 2"),
        (tuple[int, ...], "a list of whole numbers"),
        (tuple[Count, ...], "a list of whole numbers (at least 1)"),
        (tuple[int, str], "a list of 2: a whole number, text"),
        (
            Annotated[tuple[float, ...], Len(2, 3)],
            "a list of numbers with 2 or more items and with 3 or fewer items",
        ),
        (dict[str, float], "a table of numbers by name"),
        (float | None, "a number or null"),
        (Literal["a", "b", 3], "'a', 'b' or 3"),
        (bool | Literal["auto"], "true or false or 'auto'"),
    ],
)
def test_what_is_allowed_is_said_in_words(annotation, words):
    assert allowed(annotation) == words


def test_the_first_sentence_ends_at_its_stop_and_may_run_over_lines():
    def f():
        """Step `w` by lr
        times g.  Kingma et al. 2015.

        More.
        """

    assert first_sentence(f) == "Step `w` by lr times g."
