"""The picture of docs/performance.md: a step's time against the number of members, from kept results."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.process import ROOT
from benchmarks.targets import PRODUCTS

PATH = ROOT / "docs" / "members.svg"
OURS = "plait"
MEMBERS = re.compile(r"(\d+) members?, ")


def draw(works: Mapping[str, Any], path: Path = PATH) -> None:
    """Write an SVG of the works of benchmarks.members, both axes logarithmic."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "plait", "svg.fonttype": "none", "font.size": 10})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    for name, points in curves(works).items():
        style = {"linestyle": "--", "color": "grey"} if name == PRODUCTS else {"marker": "o", "markersize": 4}
        width = 2.5 if name == OURS else 1.2
        axes.plot(*zip(*points, strict=True), label=name, linewidth=width, **style)
    axes.set(xscale="log", yscale="log", xlabel="members", ylabel="ms a step of all members")
    ticks = sorted({members for points in curves(works).values() for members, _ in points})
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    axes.set_title("784-32-10, Adam, batches of 32, a minibatch for each member, one core")
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def curves(works: Mapping[str, Any]) -> dict[str, list[tuple[int, float]]]:
    """Return the points (members, milliseconds) of plait and of what it is compared with."""
    found: dict[str, list[tuple[int, float]]] = {OURS: []}
    for name, work in works.items():
        match = MEMBERS.match(name)
        assert match
        for other, seconds in {OURS: work["seconds"], **work["peers"]}.items():
            found.setdefault(other, []).append((int(match[1]), 1e3 * seconds))
    return found
