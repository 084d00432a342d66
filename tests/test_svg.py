import pytest

from pipeline.svg import problem_of


def svg(inside, **attributes):
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{inside}</svg>'
    )


@pytest.mark.parametrize(
    "inside",
    [
        '<circle r="3" fill="url(#shade)"/><use xlink:href="#dot"/>',
        '<image href="data:image/png;base64,AAAA"/>',
        "<!-- a remark --><style>.a { fill: url('#shade') }</style><text>a &lt; b</text>",
    ],
)
def test_a_picture_may_refer_to_itself(inside):
    assert problem_of(svg(inside)) == ""


@pytest.mark.parametrize(
    ("inside", "problem"),
    [
        ("<script>alert(1)</script>", "an element <script>"),
        ("<SCRIPT/>", "an element <script>"),
        ("<foreignObject/>", "an element <foreignobject>"),
        ('<g onload="alert(1)"/>', "an attribute 'onload'"),
        ('<a href="javascript:alert(1)"/>', "a link to 'javascript"),
        ('<image xlink:href="http://example.org/a.png"/>', "a link to 'http"),
        ('<g fill="url(http://example.org/a.svg)"/>', "an attribute 'fill' that loads"),
        ('<g style="background: URL (//example.org)"/>', "an attribute 'style' that loads"),
        ("<style>@import 'a.css';</style>", "a style that loads"),
        ("<g>", "a text that is no XML"),
        ("<!--><script>alert(1)</script>-->", "a text with a declaration"),
        ("<?x ><script>alert(1)</script>?>", "a text with an instruction"),
        ('<meta http-equiv="refresh" content="0;url=//example.org"/>', "an element <meta>"),
        ('<form action="//example.org"/>', "an element <form>"),
        ('<title><style><a id="&lt;/style>"/></style></title>', "an element within <title>"),
        ('<style><g/>@import "a.css"</style>', "an element within <style>"),
        (r"<style>a { b: u\72l(//example.org) }</style>", "a style that loads"),
        ('<style>a { b: image-set("//example.org/a.png" 1x) }</style>', "a style that loads"),
        (r'<g fill="u\72l(//example.org)"/>', "an attribute 'fill' that loads"),
        ('<animate attributeName="xlink:href" to="javascript:alert(1)"/>', "an attribute 'attributename'"),
        ('<g xml:base="//example.org"/>', "an attribute 'base'"),
        ("\ud800", "a text that is no XML"),
    ],
)
def test_what_runs_or_loads_is_told(inside, problem):
    assert problem_of(svg(inside)).startswith(problem)


def test_entities_are_refused_before_they_are_read():
    bomb = '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg>&b;</svg>'
    assert "declaration" in problem_of(bomb)
