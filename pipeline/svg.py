"""Whether a text is an SVG picture that may stand in a page: nothing that runs, nothing from elsewhere."""

from __future__ import annotations

from xml.etree import ElementTree

_ACTIVE = ("script", "foreignobject", "iframe", "object", "embed", "audio", "video", "set", "handler")
_LOCAL = ("#", "data:image/png;", "data:image/jpeg;")


def problem_of(svg: str) -> str:
    """Say what keeps an SVG text out of a page, "" if nothing does."""
    if "<!" in svg.replace("<!--", ""):
        return "a text with a declaration of a document's type or entities"
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        return f"a text that is no XML ({error})"
    if _name(root.tag) != "svg":
        return f"an element <{_name(root.tag)}>"
    return next((found for element in root.iter() if (found := _problem(element))), "")


def _problem(element: ElementTree.Element) -> str:
    name = _name(element.tag)
    if name in _ACTIVE:
        return f"an element <{name}>"
    if name == "style" and _reaches_out(element.text or ""):
        return "a style that loads something"
    for attribute, value in element.attrib.items():
        bare = _name(attribute)
        if bare.startswith("on"):
            return f"an attribute {bare!r}, which runs a script"
        if bare in ("href", "src") and not value.strip().startswith(_LOCAL):
            return f"a link to {value[:40]!r}"
        if _reaches_out(value):
            return f"an attribute {bare!r} that loads something"
    return ""


def _reaches_out(style: str) -> bool:
    text = style.replace(" ", "").lower()
    return "@import" in text or any(not rest.lstrip("'\"").startswith("#") for rest in text.split("url(")[1:])


def _name(tag: object) -> str:
    return str(tag).rpartition("}")[2].lower()
