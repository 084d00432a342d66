"""A stage by its name, for a stage that works with others."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pipeline.stages.registry import Registry


def stage(ref: str, **options: Any) -> Callable[..., Any]:
    """Return the function of a built-in or installed stage, such as "augment.rotate", with its options.

    What is left out has its default.  UserError where there is no such stage, OptionError where an option
    does not fit.  A stage found so is no part of the content key of the node that asks, but for plait's
    version and that of the stage's own distribution.
    """
    found = Registry().stage(ref)
    return partial(found.function, **found.check(options))
