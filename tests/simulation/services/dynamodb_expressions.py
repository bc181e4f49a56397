"""DynamoDB's condition and update expressions, compiled to functions."""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

from tests.simulation.services.wire import Refused

Item = dict[str, Any]
Test = Callable[[Item, dict[str, str], Item], bool]
Operand = Callable[[Item, dict[str, str], Item], Any]
Change = Callable[[Item, Item, dict[str, str], Item], None]
_TOKEN = re.compile(r"\s*(#\w+|:\w+|\w+|<=|>=|<>|[=<>(),])")
_SETS = {"SS", "NS", "BS"}


class Unknown(BaseException):
    """The model does not know this request: add it to the model and to the comparison with moto."""


class _Tokens:
    def __init__(self, expression: str) -> None:
        self.left = _TOKEN.findall(expression)
        if "".join(self.left) != re.sub(r"\s", "", expression):
            raise Unknown(expression)

    def next(self) -> str:
        return str(self.left[0]) if self.left else ""

    def take(self, *expected: str) -> str:
        token = self.next()
        if expected and token not in expected:
            raise Unknown(f"{token!r} where {' or '.join(expected)} was expected")
        del self.left[:1]
        return token

    def took(self, token: str) -> bool:
        if self.next() == token:
            self.take()
            return True
        return False


@cache
def condition(expression: str) -> Test:
    """A condition, filter or key condition, as a function of item, names and values."""
    tokens = _Tokens(expression)
    test = _any_of(tokens)
    tokens.take("")
    return test


def _any_of(tokens: _Tokens) -> Test:
    tests = [_all_of(tokens)]
    while tokens.took("OR"):
        tests.append(_all_of(tokens))
    return lambda *given: any(test(*given) for test in tests)


def _all_of(tokens: _Tokens) -> Test:
    tests = [_one(tokens)]
    while tokens.took("AND"):
        tests.append(_one(tokens))
    return lambda *given: all(test(*given) for test in tests)


def _one(tokens: _Tokens) -> Test:
    if tokens.took("NOT"):
        negated = _one(tokens)
        return lambda *given: not negated(*given)
    if tokens.took("("):
        inner = _any_of(tokens)
        tokens.take(")")
        return inner
    if tokens.next() in {"attribute_exists", "attribute_not_exists", "begins_with"}:
        return _function(tokens)
    left, comparator, right = _operand(tokens), tokens.take("=", "<>", "<", "<=", ">", ">="), _operand(tokens)
    compare = _COMPARE[comparator]
    return lambda *given: compare(left(*given), right(*given))


def _function(tokens: _Tokens) -> Test:
    name = tokens.take()
    tokens.take("(")
    operand = _operand(tokens)
    if name == "begins_with":
        tokens.take(",")
        prefix = _operand(tokens)
        tokens.take(")")
        return lambda *given: (operand(*given) or {}).get("S", "").startswith(prefix(*given)["S"])
    tokens.take(")")
    return lambda *given: (operand(*given) is not None) is (name == "attribute_exists")


def _operand(tokens: _Tokens) -> Operand:
    token = tokens.take()
    if token == "size":
        return _size(tokens)
    if token.startswith("#"):
        return lambda item, names, _: item.get(names[token])
    if token.startswith(":"):
        return lambda _, __, values: values[token]
    raise Unknown(token)


def _size(tokens: _Tokens) -> Operand:
    """The number of elements of a set; other types have other sizes, and no condition asks for them."""
    tokens.take("(")
    operand = _operand(tokens)
    tokens.take(")")

    def size(*given: Any) -> Item | None:
        value = operand(*given)
        return (
            None if value is None else {"N": str(len(next(inside for kind, inside in value.items() if kind in _SETS)))}
        )

    return size


def _plain(value: Item) -> tuple[str, Any]:
    """The type of an attribute value, and the value as Python compares it."""
    [(kind, inside)] = value.items()
    if kind == "N":
        return kind, Decimal(inside)
    return kind, sorted(inside) if kind in _SETS else inside


def _comparing(compare: Callable[[Any, Any], bool]) -> Callable[[Item | None, Item | None], bool]:
    def compared(left: Item | None, right: Item | None) -> bool:
        if left is None or right is None or left.keys() != right.keys():
            return False
        return compare(_plain(left)[1], _plain(right)[1])

    return compared


_EQUAL = _comparing(lambda a, b: bool(a == b))
_COMPARE: dict[str, Callable[[Item | None, Item | None], bool]] = {
    "=": _EQUAL,
    "<>": lambda left, right: not _EQUAL(left, right),
    "<": _comparing(lambda a, b: bool(a < b)),
    "<=": _comparing(lambda a, b: bool(a <= b)),
    ">": _comparing(lambda a, b: bool(a > b)),
    ">=": _comparing(lambda a, b: bool(a >= b)),
}


@cache
def changes(expression: str) -> tuple[Change, ...]:
    """The clauses of an update, each a function that changes an item, given the item before the update."""
    tokens, found = _Tokens(expression), []
    while tokens.next():
        clause = _CLAUSES[tokens.take(*_CLAUSES)]
        found.append(clause(tokens))
        while tokens.took(","):
            found.append(clause(tokens))
    return tuple(found)


def _set(tokens: _Tokens) -> Change:
    name = tokens.take()
    tokens.take("=")
    if not tokens.took("if_not_exists"):
        value = _operand(tokens)
        return lambda item, before, names, values: item.update({names[name]: value(before, names, values)})
    tokens.take("(")
    path = _operand(tokens)
    tokens.take(",")
    otherwise = _operand(tokens)
    tokens.take(")")

    def change(item: Item, before: Item, names: dict[str, str], values: Item) -> None:
        present = path(before, names, values)
        item[names[name]] = present if present is not None else otherwise(before, names, values)

    return change


def _remove(tokens: _Tokens) -> Change:
    name = tokens.take()

    def change(item: Item, _: Item, names: dict[str, str], __: Item) -> None:
        item.pop(names[name], None)

    return change


def _add(tokens: _Tokens) -> Change:
    name, value = tokens.take(), _operand(tokens)

    def change(item: Item, before: Item, names: dict[str, str], values: Item) -> None:
        [(kind, more)] = value(before, names, values).items()
        present = before.get(names[name], {}).get(kind)
        if kind == "N":
            item[names[name]] = {kind: str(Decimal(present or 0) + Decimal(more))}
        elif kind in _SETS and more:
            item[names[name]] = {kind: sorted({*(present or ()), *more})}
        else:
            raise Refused(400, "ValidationException")

    return change


def _delete(tokens: _Tokens) -> Change:
    name, value = tokens.take(), _operand(tokens)

    def change(item: Item, before: Item, names: dict[str, str], values: Item) -> None:
        [(kind, less)] = value(before, names, values).items()
        left = sorted({*before.get(names[name], {}).get(kind, ())} - {*less})
        item.pop(names[name], None)
        if left:
            item[names[name]] = {kind: left}

    return change


_CLAUSES: dict[str, Callable[[_Tokens], Change]] = {"SET": _set, "REMOVE": _remove, "ADD": _add, "DELETE": _delete}
