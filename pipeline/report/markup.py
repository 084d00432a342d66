"""HTML in small pieces: what is given is escaped, what is called HTML is not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

Html = str

STYLE = """
:root { color-scheme: light dark; --line: #d1d5db; --soft: #6b7280; --bad: #b91c1c; }
@media (prefers-color-scheme: dark) { :root { --line: #4b5563; --soft: #9ca3af; --bad: #f87171; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; } h3 { font-size: 1rem; }
table { border-collapse: collapse; margin: .6rem 0; }
th, td { padding: .15rem .8rem .15rem 0; border-bottom: 1px solid var(--line); text-align: left; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: .8rem 0; } figcaption { color: var(--soft); }
.wide { overflow-x: auto; }
.paper { background: #fff; color: #000; border-radius: 6px; padding: .5rem; display: inline-block; }
.paper svg { max-width: 100%; height: auto; } .paper.whole svg { max-width: none; }
pre { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; padding: .6rem; }
.soft { color: var(--soft); } .bad { color: var(--bad); }
"""


def page(title: str, body: Iterable[Html]) -> Html:
    """Return a whole document: nothing in it runs, and nothing is loaded from elsewhere."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{"".join(body)}\n</body></html>\n'


def section(title: str, *content: Html) -> Html:
    """Return a heading with what follows, or nothing where nothing follows."""
    inside = "".join(content)
    return f"<section><h2>{escape(title)}</h2>{inside}</section>\n" if inside else ""


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], numbers: bool = True) -> Html:
    """Return a table; cells that are numbers stand to the right."""
    made = [list(row) for row in rows]
    right = [numbers and bool(made) and all(_number(row[i]) for row in made) for i in range(len(columns))]
    head = "".join(f"<th{_class(r)}>{escape(name)}</th>" for name, r in zip(columns, right, strict=True))
    cells = [
        [f"<td{_class(r)}>{escape(text(cell))}</td>" for cell, r in zip(row, right, strict=True)]
        for row in made
    ]
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in cells)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def figure(svg: Html, caption: str, *, whole: bool = False) -> Html:
    """Return a picture on white, shrunk to the page, or as large as it is."""
    kind = "paper whole" if whole else "paper"
    return captioned(f'<div class="wide"><div class="{kind}">{svg}</div></div>', caption)


def captioned(content: Html, caption: str) -> Html:
    """Return what there is to see with its caption."""
    told = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return f"<figure>{content}{told}</figure>"


def paragraph(sentence: str, kind: str = "") -> Html:
    """Return a sentence; `kind` is soft or bad."""
    return f"<p{f' class={kind}' if kind else ''}>{escape(sentence)}</p>"


def text(cell: object) -> str:
    """Return what a cell shows: nothing for None, four digits of a broken number."""
    if cell is None:
        return ""
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def _number(cell: object) -> bool:
    return cell is None or cell == "" or isinstance(cell, int | float) or str(cell)[:1] in "0123456789-+"


def _class(right: bool) -> str:
    return ' class="number"' if right else ""
