"""DynamoDB as far as `store.py` uses it; raises loudly on anything else, and is compared with moto in a test.

Requests and answers are those of the wire (JSON). Sets answer sorted, so that a seed replays whatever the hash seed.
"""

import re
import zlib
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

from tests.simulation.services.wire import Refused

Item = dict[str, Any]
Key = tuple[str, ...]
Test = Callable[[Item, dict[str, str], Item], bool]
Operand = Callable[[Item, dict[str, str], Item], Any]
Change = Callable[[Item, Item, dict[str, str], Item], None]
_TOKEN = re.compile(r"\s*(#\w+|:\w+|\w+|<=|>=|<>|[=<>(),])")
_SETS = {"SS", "NS", "BS"}


class Unknown(BaseException):
    """The model does not know what it was asked: teach it, and the comparison with moto too."""


class Table:
    """Items by key, what the indexes show of them, and what a scan sees: both may lag behind."""

    def __init__(self, keys: tuple[str, ...], indexes: dict[str, tuple[str, ...]]) -> None:
        self.keys = keys
        self.indexes = indexes
        self.items: dict[Key, Item] = {}
        self._shown: dict[Key, Item] = {}
        self._on_their_way: list[tuple[int, Key, Item]] = []

    def key_of(self, item: Item) -> Key:
        """The primary key of an item."""
        return tuple(item[name]["S"] for name in self.keys)

    def keep(self, key: Key, item: Item, shown_at: int) -> None:
        """Write an item; indexes and scans see it from `shown_at` on, but never before an earlier write of it."""
        self.items[key] = item
        before = max((at for at, other, _ in self._on_their_way if other == key), default=0)
        self._on_their_way.append((max(shown_at, before), key, item))

    def catch_up(self, now: int) -> None:
        """Let everybody see what was written so far."""
        self._on_their_way = [(min(at, now), key, item) for at, key, item in self._on_their_way]

    def shown(self, now: int) -> dict[Key, Item]:
        """What an eventually consistent reader sees."""
        for _, key, item in (write for write in self._on_their_way if write[0] <= now):
            self._shown[key] = item
        self._on_their_way = [write for write in self._on_their_way if write[0] > now]
        return self._shown


class DynamoDB:
    """Tables by name. `lag` says for each write how many milliseconds indexes and scans stay behind."""

    def __init__(self, tables: dict[str, Table], now: Callable[[], int], lag: Callable[[], int]) -> None:
        self.tables = tables
        self.on_write: Callable[[str, Key, Item | None, Item], None] = lambda *_: None
        self._now, self.lag = now, lag

    def answer(self, operation: str, request: Item) -> Item:
        """Carry out one request; raises `Refused` as DynamoDB would."""
        request.pop("ReturnConsumedCapacity", None)
        match operation:
            case "UpdateItem":
                return self._update(**request)
            case "PutItem":
                return self._put(**request)
            case "BatchGetItem":
                return self._batch_get(**request)
            case "Query":
                return self._query(**request)
            case "Scan":
                return self._scan(**request)
            case _:
                raise Unknown(operation)

    def _update(
        self,
        *,
        TableName: str,
        Key: Item,
        UpdateExpression: str,
        ConditionExpression: str = "",
        ExpressionAttributeNames: dict[str, str] | None = None,
        ExpressionAttributeValues: Item | None = None,
        ReturnValues: str = "NONE",
    ) -> Item:
        table, names, values = self.tables[TableName], ExpressionAttributeNames or {}, ExpressionAttributeValues or {}
        key = table.key_of(Key)
        before = table.items.get(key)
        _require(ConditionExpression, before, names, values)
        after = dict(before or Key)
        for change in changes(UpdateExpression):
            change(after, before or {}, names, values)
        self._write(TableName, table, key, before, after)
        return {"Attributes": after} if ReturnValues == "ALL_NEW" else {}

    def _put(
        self,
        *,
        TableName: str,
        Item: Item,
        ConditionExpression: str = "",
        ExpressionAttributeNames: dict[str, str] | None = None,
        ExpressionAttributeValues: Item | None = None,
    ) -> Item:
        table = self.tables[TableName]
        key = table.key_of(Item)
        before = table.items.get(key)
        _require(ConditionExpression, before, ExpressionAttributeNames or {}, ExpressionAttributeValues or {})
        self._write(TableName, table, key, before, Item)
        return {}

    def _write(self, name: str, table: Table, key: Key, before: Item | None, after: Item) -> None:
        table.keep(key, after, self._now() + self.lag())
        self.on_write(name, key, before, after)

    def _batch_get(self, *, RequestItems: dict[str, Any]) -> Item:
        answers = {}
        for name, asked in RequestItems.items():
            if not asked.get("ConsistentRead") or set(asked) - {"Keys", "ConsistentRead"}:
                raise Unknown(f"BatchGetItem with {sorted(asked)}")
            table = self.tables[name]
            if len(asked["Keys"]) > 100 or len({table.key_of(key) for key in asked["Keys"]}) < len(asked["Keys"]):
                raise Refused(400, "ValidationException")
            found = (table.items.get(key) for key in sorted(map(table.key_of, asked["Keys"])))
            answers[name] = [item for item in found if item is not None]
        return {"Responses": answers, "UnprocessedKeys": {}}

    def _query(
        self,
        *,
        TableName: str,
        KeyConditionExpression: str,
        ExpressionAttributeNames: dict[str, str],
        ExpressionAttributeValues: Item,
        IndexName: str = "",
        ConsistentRead: bool = False,
        ScanIndexForward: bool = True,
        Limit: int = 1_000_000,
        ExclusiveStartKey: Item | None = None,
    ) -> Item:
        table = self.tables[TableName]
        if IndexName and ConsistentRead:
            raise Refused(400, "ValidationException")
        schema = table.indexes[IndexName] if IndexName else table.keys
        whole = table.items if ConsistentRead else table.shown(self._now())
        matches = condition(KeyConditionExpression)
        found = [item for item in whole.values() if all(name in item for name in schema)]
        found = [item for item in found if matches(item, ExpressionAttributeNames, ExpressionAttributeValues)]
        order = tuple(dict.fromkeys((*schema[1:], *table.keys)))
        found.sort(key=lambda item: [item[name]["S"] for name in order], reverse=not ScanIndexForward)
        if ExclusiveStartKey is not None:
            start = [ExclusiveStartKey[name]["S"] for name in order]
            found = [item for item in found if ([item[n]["S"] for n in order] > start) is ScanIndexForward]
            found = [item for item in found if [item[n]["S"] for n in order] != start]
        position = tuple(dict.fromkeys((*schema, *table.keys)))
        return _page([_only(item, position) if IndexName else item for item in found], Limit, position)

    def _scan(
        self,
        *,
        TableName: str,
        FilterExpression: str = "",
        ExpressionAttributeNames: dict[str, str] | None = None,
        ExpressionAttributeValues: Item | None = None,
        Limit: int = 1_000_000,
        ExclusiveStartKey: Item | None = None,
    ) -> Item:
        table = self.tables[TableName]
        ordered = sorted(table.shown(self._now()).values(), key=lambda item: _place(table.key_of(item)))
        if ExclusiveStartKey is not None:
            start = _place(table.key_of(ExclusiveStartKey))
            ordered = [item for item in ordered if _place(table.key_of(item)) > start]
        answer = _page(ordered, Limit, table.keys)
        if FilterExpression:
            test, names, values = condition(FilterExpression), ExpressionAttributeNames, ExpressionAttributeValues
            answer["Items"] = [item for item in answer["Items"] if test(item, names or {}, values or {})]
            answer["Count"] = len(answer["Items"])
        return answer


def _place(key: Key) -> tuple[int, Key]:
    """Where a scan comes across an item: in an order that has nothing to do with its key."""
    return zlib.crc32(key[0].encode()), key


def _page(found: list[Item], limit: int, position: tuple[str, ...]) -> Item:
    page = found[:limit]
    answer: Item = {"Items": page, "Count": len(page), "ScannedCount": len(page)}
    if len(page) == limit and page:  # as DynamoDB does, also when it happens to be the last
        answer["LastEvaluatedKey"] = _only(page[-1], position)
    return answer


def _only(item: Item, names: tuple[str, ...]) -> Item:
    return {name: item[name] for name in names}


def _require(expression: str, item: Item | None, names: dict[str, str], values: Item) -> None:
    if expression and not condition(expression)(item or {}, names, values):
        raise Refused(400, "ConditionalCheckFailedException")


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
    """A condition, filter or key condition as a function of item, names and values."""
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
    if token.startswith("#"):
        return lambda item, names, _: item.get(names[token])
    if token.startswith(":"):
        return lambda _, __, values: values[token]
    raise Unknown(token)


def _plain(value: Item) -> tuple[str, Any]:
    """An attribute value as Python compares it."""
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
    """The clauses of an update, each a function that changes an item given what it was before."""
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
