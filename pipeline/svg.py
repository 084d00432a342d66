"""Whether a text is an SVG picture that may stand in a page: nothing that runs, nothing from elsewhere.

The page's reader is one of HTML, this one is of XML.  So what the two understand differently is refused as
well: comments with a bracket, instructions, elements that are not SVG's, elements within a title.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

_SHAPES = "path rect circle ellipse line polyline polygon text tspan textpath image use a switch view"
_GROUPS = "svg g defs symbol marker mask clippath pattern title desc metadata style"
_PAINTS = "lineargradient radialgradient stop filter animate animatetransform animatemotion mpath"
_ALLOWED = frozenset(f"{_SHAPES} {_GROUPS} {_PAINTS}".split())
_TEXT_ONLY = ("title", "desc", "style", "metadata")
_LOCAL = ("#", "data:image/png;", "data:image/jpeg;")
_COMMENT = re.compile(r"<!--[^<>]*-->")
_DECLARATION = re.compile(r"\s*<\?xml [^<>]*\?>")
_LOADING = ("@import", "image-set(", "image(", "src(", "cross-fade(")


def problem_of(svg: str) -> str:
    """Say what keeps an SVG text out of a page, "" if nothing does."""
    bare = _COMMENT.sub("", svg)
    if "<!" in bare:
        return "a text with a declaration of a document's type or entities, or a comment with a bracket"
    if "<?" in _DECLARATION.sub("", bare, count=1):
        return "a text with an instruction <?"
    try:
        root = ElementTree.fromstring(bare)
    except (ElementTree.ParseError, ValueError) as error:
        return f"a text that is no XML ({error})"
    if _name(root.tag) != "svg":
        return f"an element <{_name(root.tag)}>"
    return next((found for element in root.iter() if (found := _problem(element))), "")


def _problem(element: ElementTree.Element) -> str:
    name = _name(element.tag)
    if name not in _ALLOWED and not re.fullmatch(r"fe[a-z]+", name):
        return f"an element <{name}>"
    if name in _TEXT_ONLY and len(element):
        return f"an element within <{name}>"
    text = element.text or ""
    if name == "style" and (_reaches_out(text) or "\\" in text or "<" in text):
        return "a style that loads something"
    return next((found for attribute in element.attrib.items() if (found := _attribute(*attribute))), "")


def _attribute(attribute: str, value: str) -> str:
    bare = _name(attribute)
    if bare.startswith("on"):
        return f"an attribute {bare!r}, which runs a script"
    if bare == "base" or (bare == "attributename" and _name(value.strip().rpartition(":")[2]) == "href"):
        return f"an attribute {bare!r} that changes links"
    if bare in ("href", "src") and not value.strip().startswith(_LOCAL):
        return f"a link to {value[:40]!r}"
    if _reaches_out(value) or ("\\" in value and "(" in value):
        return f"an attribute {bare!r} that loads something"
    return ""


def _reaches_out(style: str) -> bool:
    text = style.replace(" ", "").lower()
    urls = text.split("url(")[1:]
    return any(word in text for word in _LOADING) or any(
        not rest.lstrip("'\"").startswith("#") for rest in urls
    )


def _name(tag: object) -> str:
    return str(tag).rpartition("}")[2].lower()
