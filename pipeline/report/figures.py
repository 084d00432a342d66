"""Exhibits as SVG, drawn by matplotlib (extra `report`), without pyplot and its global figures."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from io import StringIO
from math import ceil
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.exhibits import Exhibit, Images, Lines, Scatter

MISSING = "pip install 'plait[report]' draws this"
MOST_IMAGES = 100
MANY_POINTS = 2000  # from here on they are drawn as one picture: an SVG of so many circles is slow
FEW_LABELS = 12
_COLOURS = (
    "#2563eb #dc2626 #16a34a #9333ea #ea580c #0891b2 #be185d #65a30d #4b5563 #a16207 #0f766e #7c3aed".split()
)
Array = npt.NDArray[Any]


def available() -> bool:
    """Say whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


def svg_of(exhibit: Exhibit, salt: str) -> str:
    """Return images, points or curves as an SVG; `salt` keeps the ids of several in one page apart."""
    draw: Callable[[Any, Any], None] = _BY_KIND[type(exhibit)]
    return _svg(lambda figure: draw(figure, exhibit), _size(exhibit), salt)


def curves_svg(curves: Mapping[str, Sequence[Mapping[str, float]]], salt: str) -> str:
    """Return learning curves: a panel for the losses (of training dashed), one for each other measure."""
    names = list(dict.fromkeys(name for history in curves.values() for record in history for name in record))
    others = [name for name in names if name not in ("epoch", "loss") and not name.startswith("train_")]
    panels = ["loss", *others][:4]

    def draw(figure: Any) -> None:
        for place, (axes, name) in enumerate(
            zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True)
        ):
            _panel(axes, curves, name, legend=place == 0)

    return _svg(draw, (4.6 * len(panels), 3.4 + 0.16 * len(curves)), salt)


def _panel(
    axes: Any, curves: Mapping[str, Sequence[Mapping[str, float]]], name: str, *, legend: bool
) -> None:
    handles = []
    for colour, history in zip(_cycled(len(curves)), curves.values(), strict=True):
        epochs = [record.get("epoch", place + 1) for place, record in enumerate(history)]
        for key, style in ((f"train_{name}", "--"), (name, "-")):
            values = [record.get(key, np.nan) for record in history]
            (line,) = axes.plot(epochs, values, style, color=colour, linewidth=1.2)
        handles.append(line)
    axes.set_title(name, parse_math=False)
    axes.set_xlabel("epoch")
    if legend:
        _legend(axes, handles, list(curves), below=True)


def _lines(figure: Any, shown: Lines) -> None:
    axes = figure.subplots()
    colours = _cycled(len(shown.series))
    handles = [axes.plot(shown.x, y, color=c)[0] for c, y in zip(colours, shown.series.values(), strict=True)]
    axes.set_xlabel(shown.x_name, parse_math=False)
    axes.set_ylabel(shown.y_name, parse_math=False)
    if len(handles) > 1:
        _legend(axes, handles, list(shown.series))


def _scatter(figure: Any, shown: Scatter) -> None:
    axes = figure.subplots()
    labels = np.array(shown.labels or [""] * len(shown.points))
    names = sorted(set(labels.tolist()), key=lambda name: (len(name), name))  # 2 before 10
    raster = len(labels) > MANY_POINTS
    handles = [
        axes.scatter(*shown.points[labels == name].T, s=8, color=colour, rasterized=raster)
        for name, colour in zip(names, _cycled(len(names)), strict=True)
    ]
    if 1 < len(names) <= FEW_LABELS:
        _legend(axes, handles, names)


def _images(figure: Any, shown: Images) -> None:
    images, columns = shown.arrays[:MOST_IMAGES], _columns(shown)
    height, width = images.shape[1] + _below(shown), images.shape[2] + 1
    rows = ceil(len(images) / columns)
    whole: Array = np.full((rows * height, columns * width), np.nan)
    axes = figure.subplots()
    for place, image in enumerate(images):
        y, x = place // columns * height, place % columns * width
        whole[y : y + image.shape[0], x : x + image.shape[1]] = image
        if shown.labels:
            at = (x + (image.shape[1] - 1) / 2, y + image.shape[0])
            axes.text(*at, shown.labels[place], ha="center", va="top", fontsize=7, parse_math=False)
    axes.imshow(whole, cmap="gray_r", interpolation="nearest")
    axes.set_axis_off()


def _below(shown: Images) -> int:
    """Return the rows of pixels that are left below an image, for its label."""
    return max(1, round(0.35 * shown.arrays.shape[1])) if shown.labels else 1


def _columns(shown: Images) -> int:
    return min(10, len(shown.arrays))


def _size(exhibit: Exhibit) -> tuple[float, float]:
    """Return a figure's width and height in inches."""
    if not isinstance(exhibit, Images):
        return (6.0, 4.0)
    count, columns = min(len(exhibit.arrays), MOST_IMAGES), _columns(exhibit)
    _, height, width = exhibit.arrays.shape
    across = min(8.0, 0.9 * columns)
    return (across, max(0.6, across / columns / width * (height + _below(exhibit)) * ceil(count / columns)))


def _cycled(count: int) -> list[str]:
    return [_COLOURS[place % len(_COLOURS)] for place in range(count)]


def _legend(axes: Any, handles: Sequence[Any], names: Sequence[str], *, below: bool = False) -> None:
    place = {"loc": "upper left", "bbox_to_anchor": (0, -0.2)} if below else {}
    legend = axes.legend(handles, [f" {name}" for name in names], fontsize=7, frameon=False, **place)
    for text in legend.get_texts():
        text.set_parse_math(False)  # a dollar sign is a dollar sign


def _svg(draw: Callable[[Any], None], size: tuple[float, float], salt: str) -> str:
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": salt}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of letters that the font lacks: the browser has others
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        text = StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    whole = text.getvalue()
    return re.sub(r"<metadata>.*?</metadata>", "", whole[whole.index("<svg") :], flags=re.DOTALL)


_BY_KIND: Mapping[type[Exhibit], Callable[[Any, Any], None]] = {
    Images: _images,
    Lines: _lines,
    Scatter: _scatter,
}
