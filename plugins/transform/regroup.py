"""Coarser classes."""

import numpy as np

from pipeline import DataError, OptionError, transform
from pipeline.options import Natural


@transform
def regroup(data, rng, *, groups: tuple[Natural, ...], names: tuple[str, ...] = ()):
    """Join classes: class number i becomes group `groups[i]`; `names` call the groups, by default 0, 1, ...

    `groups: [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]` makes even and odd of ten digits.
    """
    if data.task != "classes":
        raise DataError("only classes can be joined, and the targets are numbers\n    load classes")
    if len(groups) != len(data.classes):
        raise OptionError(
            f"groups names {len(groups)} groups, but there are {len(data.classes)} classes\n"
            f"    give one for each of {', '.join(data.classes)}"
        )
    count = max(groups) + 1
    if len(names) not in (0, count):
        raise OptionError(f"names has {len(names)} names for {count} groups\n    give one for each, or none")
    called = names or tuple(str(i) for i in range(count))
    return data.replace(targets=np.array(groups)[data.targets], classes=called)
