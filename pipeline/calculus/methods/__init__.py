"""Methods of minimisation, each a generator written for one member (`pipeline.calculus.requests`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pipeline.calculus.methods.lbfgs import lbfgs
from pipeline.calculus.requests import Method

METHODS: Mapping[str, Callable[..., Method]] = MappingProxyType({"lbfgs": lbfgs})
