"""Typed reading of located values: each function returns what it was asked for, or notes why not."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pipeline.dag.located import Entry, Located, describe
from pipeline.dag.problems import Problems
from pipeline.errors import nearest

MOST_COMPARED = 1000


def entries(
    at: Located, what: str, problems: Problems, keys: Sequence[str] | None = None
) -> dict[str, Entry]:
    """Return a mapping's entries by key; note other values, keys that are no texts or not among `keys`."""
    if not isinstance(at.value, Mapping):
        problems.add(at, f"{what} is {describe(at.value)}; it has to be a mapping", allowed=keys or ())
        return {}
    found: dict[str, Entry] = {}
    for key, entry in at.value.items():
        if not isinstance(key, str):
            problems.add(
                entry.key, f"{describe(key)} as a key of {what}; a key is a word", allowed=keys or ()
            )
        elif keys is not None and key not in keys:
            unknown(entry.key, f"unknown key {key!r} in {what}", keys, problems)
        else:
            found[key] = entry
    return found


def unknown(at: Located, message: str, names: Collection[str], problems: Problems) -> None:
    """Note a name that does not exist, with those that do and the nearest of them."""
    # Comparing with thousands of names takes seconds.
    few = len(names) <= MOST_COMPARED
    hint = nearest(at.value, names) if few and isinstance(at.value, str) else ""
    problems.add(at, message, allowed=names or ("none",), hint=hint)


def text(at: Located, what: str, problems: Problems) -> str | None:
    """Return a text, or note that the value is none."""
    if isinstance(at.value, str) and at.value:
        return at.value
    told = "empty" if at.value == "" else describe(at.value)
    hint = "put it between quotes" if isinstance(at.value, int | float) else ""
    problems.add(at, f"{what} is {told}; it has to be a text", hint=hint)
    return None


def choice(at: Located, what: str, names: Sequence[str], problems: Problems) -> str | None:
    """Return one of `names`, or note that the value is none of them."""
    if isinstance(at.value, str) and at.value in names:
        return at.value
    unknown(at, f"{what} is {describe(at.value)}", names, problems)
    return None


def whole(at: Located, what: str, least: int, problems: Problems) -> int | None:
    """Return a whole number from `least` to 2**63 - 1, or note that the value is none."""
    value = at.value
    if isinstance(value, int) and not isinstance(value, bool) and least <= value < 2**63:
        return value
    problems.add(at, f"{what} is {describe(value)}", allowed=(f"whole numbers from {least}",))
    return None


def several(at: Located, what: str, problems: Problems) -> list[Located] | None:
    """Return the items of a list that is not empty, or note that the value is none."""
    if isinstance(at.value, tuple) and at.value:
        return list(at.value)
    told = "empty" if at.value == () else describe(at.value)
    problems.add(at, f"{what} is {told}; it has to be a list of one or more")
    return None


def names(at: Located, what: str, problems: Problems) -> list[Located] | None:
    """Return one text, or the texts of a list, as a list; note anything else and what is there twice."""
    items = [at] if isinstance(at.value, str) else several(at, what, problems)
    if items is None:
        return None
    seen: set[str] = set()
    for item in items:
        name = text(item, f"an item of {what}" if item is not at else what, problems)
        if name in seen:
            problems.add(item, f"{name!r} is twice in {what}")
        if name is not None:
            seen.add(name)
    return list({item.value: item for item in items if isinstance(item.value, str) and item.value}.values())
