"""The checks of searches: settings that are choices from the space."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.engine.random import generator
from pipeline.space import Space
from pipeline.testing.subject import NODE, Subject

_SPACES: list[dict[str, list[Any]]] = [
    {"adam.lr": [1e-3, 1e-2, 1e-1], "net.hidden": [(8,), (16, 8)], "fit.shuffle": [True, False]},
    {"adam.lr": [1e-3]},
]


def check_search(subject: Subject) -> None:
    """Check what a search proposes for the kit's spaces, or for the example `space`."""

    def attempt(space: Mapping[str, Sequence[Any]]) -> list[Mapping[str, Any]]:
        return list(subject.call(Space(space), generator(0, NODE)))

    for space, settings in subject.accepted("space", _SPACES, attempt):
        before = copy.deepcopy(space)
        subject.require(settings, "it proposes no settings")
        subject.require(settings == attempt(space), "it proposes other settings for the same seed")
        subject.require(space == before, "it changes the space that it is given")
        for setting in settings:
            _check_setting(subject, space, setting)


def _check_setting(subject: Subject, space: Mapping[str, Sequence[Any]], setting: Mapping[str, Any]) -> None:
    subject.require(
        setting.keys() == space.keys(), f"it must choose a value for each of {', '.join(space)}: {setting}"
    )
    for name, value in setting.items():
        known = any(value == one and type(value) is type(one) for one in space[name])
        subject.require(known, f"it proposes {name} = {value!r}, which is not in the space")
