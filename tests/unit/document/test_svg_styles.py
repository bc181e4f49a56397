"""The colours and style rules of an SVG logo: printed as a browser shows them, or refused."""

import pytest

from earned.document.logo import sanitise
from earned.document.render import NORTHLIGHT
from earned.document.svg_attributes import colour
from earned.domain.errors import UnusableLogo
from tests.unit.document.in_time import in_time
from tests.unit.document.test_logo import SVG, svg


def rebuilt(inside: str) -> str:
    """The drawing in an SVG, as it is printed."""
    return sanitise(svg(inside), SVG).data.decode()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("red", "red"),
        ("RebeccaPurple", "rebeccapurple"),
        ("#FFF", "#fff"),
        ("#1D3F5E80", "#1d3f5e80"),
        ("currentcolor", "currentColor"),
        ("transparent", "transparent"),
        ("rgb(1, 2, 3)", "#010203"),
        ("rgb(100%,0%,50%)", "#ff0080"),
        ("rgba(1 2 3 / 50%)", "#01020380"),
        ("rgb(999,-4,0)", "#ff0000"),
        ("hsl(120, 100%, 25%)", "#008000"),
        ("hsla(0,100%,50%,.2)", "#ff000033"),
        ("rgb(1,/* two */2,3)", "#010203"),
    ],
)
def test_a_colour_is_written_by_name_or_in_hexadecimal(text: str, written: str):
    assert colour(text) == written
    assert colour(written) == written


@pytest.mark.parametrize(
    "text",
    [
        *("notacolour", "rgb(9,,/ /)", "#12345", "#ggg", "", "none", "initial", "red blue", "rgb(1,2)"),
        *("color()", "color(display-p3 1 0 0)", "lab(50% 40 30)", "hsl(1e400 1% 1%)", "rgb(nan,0,0)", "canvastext"),
        *("url(#a)", "var(--x)", "(" * 1999, "rgb(" * 400),
    ],
)
def test_a_colour_that_no_browser_shows_or_that_is_outside_of_srgb_is_refused(text: str):
    with pytest.raises(UnusableLogo, match="not understood"):
        colour(text)


@pytest.mark.parametrize(
    "attribute", ['fill="{}"', 'stroke="{}"', 'color="{}"', 'style="fill:{}"', 'fill="url(#x) {}"']
)
@pytest.mark.parametrize("text", ["notacolour", "rgb(9,,/ /)", "#12345"])
def test_a_logo_with_an_invalid_colour_is_refused(attribute: str, text: str):
    with pytest.raises(UnusableLogo, match="not understood"):
        rebuilt(f'<rect width="1" height="1" {attribute.format(text)}/>')


def test_an_invalid_colour_of_a_gradient_is_refused():
    with pytest.raises(UnusableLogo, match="not understood"):
        rebuilt('<linearGradient id="g"><stop stop-color="blurple"/></linearGradient><rect fill="url(#g)"/>')


@pytest.mark.parametrize(
    ("inside", "shown"),
    [
        ('<rect fill="url( &quot;#g;h&quot; )"/>', 'fill="url(#d0)"'),
        ("""<rect style="fill:url('#g;h');stroke:red"/>""", 'fill="url(#d0)" stroke="red"'),
        ("""<style>rect{fill:url("#g;h");stroke:red}</style><rect/>""", 'fill="url(#d0)" stroke="red"'),
        (r"""<style>rect{fill:url(#g\;h)}</style><rect/>""", 'fill="url(#d0)"'),
        ("""<rect style="fill:url('#other;}') blue"/>""", 'fill="blue"'),
    ],
)
def test_a_semicolon_in_a_reference_does_not_end_it(inside: str, shown: str):
    gradient = '<linearGradient id="g;h"><stop/><stop offset="1"/></linearGradient>'
    assert f"<rect {shown} />" in rebuilt(gradient + inside)


@pytest.mark.parametrize(
    ("rules", "attributes", "shown"),
    [
        ("rect{fill:red!important}#i{fill:blue}", 'id="i"', "red"),
        ("rect{fill:red ! important}", 'style="fill:blue"', "red"),
        ("rect{fill:red!important}", 'style="fill:blue!important"', "blue"),
        ("#i{fill:red!important}rect{fill:blue!important}", 'id="i"', "red"),
        ("rect{fill:red!important;fill:blue}", "", "red"),
        ("rect{fill:red}rect{fill:blue}", 'fill="lime"', "blue"),
        ("rect.a{fill:red}.a{fill:blue}", 'class="b a"', "red"),
        (".a.b{fill:red}.a{fill:blue}", 'class="b a"', "red"),
        (".a.b{fill:red}.a{fill:blue}", 'class="a"', "blue"),
        ("#i, #None{fill:red}", "", "black"),
        (r".\31 0{fill:red}", 'class="10"', "red"),
        ("RECT{fill:red}", "", "black"),
        ("/* } */ rect /* { */ {/*;*/fill:red/*;fill:blue*/}", "", "red"),
        ("<![CDATA[rect{fill:red}]]>", "", "red"),
        ("rect{FILL:red;fill;:blue}", "", "red"),
    ],
)
def test_style_rules_apply_in_the_order_of_the_cascade(rules: str, attributes: str, shown: str):
    found = rebuilt(f"<style>*{{fill:black}}</style><style>{rules}</style><rect {attributes}/>")
    assert f'<rect fill="{shown}" />' in found


@pytest.mark.parametrize(
    "rules",
    [
        *("g rect{fill:red}", "g>rect{fill:red}", "rect:hover{fill:red}", "rect::before{fill:red}"),
        *("rect[x]{fill:red}", ":not(g){fill:red}", ":is(rect,g){fill:red}", "svg|rect{fill:red}", "rect{g{fill:red}}"),
        *("@media print{rect{fill:red}}", "rect", "rect{fill:red}}", ",rect{fill:red}", "{fill:red}", "rect{@x{}}"),
    ],
)
def test_a_style_rule_that_selects_by_more_than_element_class_and_id_is_refused(rules: str):
    with pytest.raises(UnusableLogo, match="simple style rules"):
        rebuilt(f"<style>{rules.replace('>', '&gt;')}</style><g><rect/></g>")


@pytest.mark.parametrize(
    "inside",
    [
        f"<style>{'(' * 60_000}</style>",
        f"<style>{':not(' * 12_000}</style>",
        f"<style>a{{fill:{'(' * 60_000}</style>",
        f"<style>a{{fill:{'rgb(' * 12_000}</style>",
        f'<rect style="fill:{"[" * 60_000}"/>',
        f'<rect fill="url(#a) {"(" * 1_900}"/>',
        f"<style>{'*{}' * 501}</style>",
        f"<style>{'*{}' * 300}</style><style>{'*{}' * 300}</style>",
        f"<style>{'*{}' * 20_000}</style>" * 8,
        f"<style>{'*,' * 30_000}*{{}}</style>" * 8,
        f"<style>{'a{b:' * 15_000}</style>",
    ],
)
def test_style_rules_without_end_are_refused_in_time(inside: str):
    with in_time(), pytest.raises(UnusableLogo):
        sanitise(svg(inside + "<rect/>"), SVG)


@pytest.mark.parametrize(
    "inside",
    [
        f"<style>{'*{fill:red}' * 500}</style>{'<g><rect/></g>' * 2_900}",
        f"<style>{'.a.b.c{fill:red}' * 500}</style>{'<g><rect/></g>' * 2_900}",
        "<style>*{fill:red}</style>" + '<g style="fill:red;stroke:#123;stroke-width:2px"><rect/></g>' * 2_900,
        f"<style>{'*{fill:red}' * 500}</style>"
        + "".join(f'<clipPath id="c{n}">' for n in range(50))
        + '<rect fill="red"/>' * 9_000
        + "</clipPath>" * 50
        + "".join(f'<rect clip-path="url(#c{n})"/>' for n in range(50)),
    ],
    ids=["every rule applies", "no rule applies", "styles", "clip paths inside one another"],
)
def test_the_most_style_rules_that_are_accepted_are_applied_in_time(inside: str):
    with in_time():
        try:
            NORTHLIGHT.check_drawable(sanitise(svg(inside), SVG))
        except UnusableLogo as refused:
            assert "simplify" in str(refused)  # noqa: PT017  # drawn or refused: either is fine, slow is not
