"""The style sheets and `style` attributes of an SVG logo, parsed by tinycss2 and cssselect2, within bounds on work."""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from operator import attrgetter
from typing import NamedTuple, NoReturn

from cssselect2 import SelectorError
from cssselect2.parser import ClassSelector, CompoundSelector, IDSelector, LocalNameSelector, Selector, parse
from tinycss2 import parse_blocks_contents, parse_stylesheet
from tinycss2.ast import Node, QualifiedRule

from earned.document.svg_attributes import Properties, css_text
from earned.domain.errors import UnusableLogo

MAX_CSS_LENGTH = 64 * 1024  # characters of one style sheet or `style` attribute
MAX_CSS_RULES = 500  # selectors of a drawing


class _Declarations(NamedTuple):
    normal: Properties
    important: Properties


class _Rule(NamedTuple):
    """Declarations for the elements that have all of `names`: an element's name, `#id`, `.class`."""

    specificity: tuple[int, int, int]
    names: frozenset[str | None]
    declared: _Declarations


class Styles:
    """The style rules of a drawing, for the properties named `printed`; raises `UnusableLogo` for complex selectors."""

    def __init__(self, sheets: Iterable[str], printed: Collection[str]) -> None:
        self._printed = printed
        rules = list(islice((rule for sheet in sheets for rule in self._rules(sheet)), MAX_CSS_RULES + 1))
        if len(rules) > MAX_CSS_RULES:
            raise UnusableLogo(f"the SVG has over {MAX_CSS_RULES} style rules: export it with presentation attributes")
        self._weakest_first = sorted(rules, key=attrgetter("specificity"))

    def properties(self, name: str | None, attributes: Properties) -> Properties:
        """Attributes, overridden in the order of the cascade (CSS Cascading Level 4, 6.1)."""
        ids = (f"#{attributes['id']}",) if "id" in attributes else ()
        names = {name, *ids, *(f".{one}" for one in attributes.get("class", "").split())}
        layers = [rule.declared for rule in self._weakest_first if rule.names <= names]
        if "style" in attributes:
            layers.append(self._declarations(parse_blocks_contents(_bounded(attributes["style"]), skip_comments=True)))
        properties = dict(attributes)
        for layer in layers:
            properties |= layer.normal
        for layer in filter(attrgetter("important"), layers):
            properties |= layer.important
        return properties

    def _rules(self, sheet: str) -> Iterator[_Rule]:
        for rule in parse_stylesheet(_bounded(sheet), skip_comments=True, skip_whitespace=True):
            if rule.type != "qualified-rule":
                _refuse_rule()
            contents = parse_blocks_contents(rule.content)
            if any(item.type in {"qualified-rule", "at-rule"} for item in contents):
                _refuse_rule()
            declared = self._declarations(contents)
            for selector in _selectors(rule):
                yield _Rule(selector.specificity, _names(selector), declared)

    def _declarations(self, contents: Iterable[Node]) -> _Declarations:
        """Invalid declarations are dropped, as browsers do."""
        declared = _Declarations({}, {})
        for item in contents:
            if item.type == "declaration" and item.lower_name in self._printed:
                by_importance = declared.important if item.important else declared.normal
                by_importance[item.lower_name] = css_text(item.value)
        return declared


def _refuse_rule() -> NoReturn:
    raise UnusableLogo("the SVG has more than simple style rules: export it with presentation attributes")


def _bounded(css: str) -> str:
    if len(css) > MAX_CSS_LENGTH:
        raise UnusableLogo(f"the SVG has over {MAX_CSS_LENGTH // 1024} KB of styles: simplify it or upload a PNG")
    return css


def _selectors(rule: QualifiedRule) -> Iterator[Selector]:
    if any(token.type in {"function", "[] block", "() block"} for token in rule.prelude):
        _refuse_rule()  # before the parser recurses into them
    try:
        yield from parse(rule.prelude)
    except SelectorError:
        _refuse_rule()


def _names(selector: Selector) -> frozenset[str | None]:
    if not isinstance(selector.parsed_tree, CompoundSelector) or selector.pseudo_element is not None:
        _refuse_rule()
    return frozenset(map(_name, selector.parsed_tree.simple_selectors))


def _name(simple: object) -> str:
    match simple:
        case LocalNameSelector(local_name=name):
            return str(name)
        case IDSelector(ident=name):
            return f"#{name}"
        case ClassSelector(class_name=name):
            return f".{name}"
    _refuse_rule()
