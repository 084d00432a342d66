"""Running DAGs: plan, store, records, driver, workers.

The package shares its name with the function that users call, `pipeline.run(...)`: calling the package
is calling `pipeline.api.run`, whose documentation says how.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    """A module that can be called.  Importing the package would otherwise hide the function."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        from pipeline.api import run

        return run(*arguments, **options)


sys.modules[__name__].__class__ = _Callable
