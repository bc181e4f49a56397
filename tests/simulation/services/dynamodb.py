"""DynamoDB as far as earned.aws.dynamodb uses it; raises `Unknown` on anything else. A test compares it with moto.

Requests and answers are those of the wire (JSON). Sets are sorted, so that a seed replays whatever the hash seed.
"""

import hashlib
import zlib
from collections.abc import Callable
from typing import Any

from tests.simulation.services.dynamodb_expressions import Item, Unknown, changes, condition
from tests.simulation.services.wire import Refused

Key = tuple[str, ...]
MAX_ITEM_BYTES = 400 * 1024


class Table:
    """Items by key; indexes and scans may lag behind them."""

    def __init__(self, keys: tuple[str, ...], indexes: dict[str, tuple[str, ...]]) -> None:
        self.keys = keys
        self.indexes = indexes
        self.items: dict[Key, Item] = {}
        self._shown: dict[Key, Item] = {}
        self._pending: list[tuple[int, Key, Item]] = []

    def key_of(self, item: Item) -> Key:
        return tuple(item[name]["S"] for name in self.keys)

    def keep(self, key: Key, item: Item, shown_at: int) -> None:
        """Write an item; indexes and scans see it from `shown_at` on, but never before an earlier write of it."""
        self.items[key] = item
        before = max((at for at, other, _ in self._pending if other == key), default=0)
        self._pending.append((max(shown_at, before), key, item))

    def catch_up(self, now: int) -> None:
        """Show every write so far to indexes and scans."""
        self._pending = [(min(at, now), key, item) for at, key, item in self._pending]

    def shown(self, now: int) -> dict[Key, Item]:
        for _, key, item in (write for write in self._pending if write[0] <= now):
            self._shown[key] = item
        self._pending = [write for write in self._pending if write[0] > now]
        return self._shown


_OF_A_BATCH_GET = {"Keys", "ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames"}


class DynamoDB:
    """Tables by name. `lag` returns, for each write, the milliseconds by which indexes and scans lag behind it."""

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
        _check_condition(ConditionExpression, before, names, values)
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
        _check_condition(ConditionExpression, before, ExpressionAttributeNames or {}, ExpressionAttributeValues or {})
        self._write(TableName, table, key, before, Item)
        return {}

    def _write(self, name: str, table: Table, key: Key, before: Item | None, after: Item) -> None:
        if _size(after) > MAX_ITEM_BYTES:
            raise Refused(400, "ValidationException")
        table.keep(key, after, self._now() + self.lag())
        self.on_write(name, key, before, after)

    def _batch_get(self, *, RequestItems: dict[str, Any]) -> Item:
        answers = {}
        for name, asked in RequestItems.items():
            if not asked.get("ConsistentRead") or set(asked) - _OF_A_BATCH_GET:
                raise Unknown(f"BatchGetItem with {sorted(asked)}")
            table = self.tables[name]
            if len(asked["Keys"]) > 100 or len({table.key_of(key) for key in asked["Keys"]}) < len(asked["Keys"]):
                raise Refused(400, "ValidationException")
            found = (table.items.get(key) for key in sorted(map(table.key_of, asked["Keys"])))
            answers[name] = [_projected(item, asked) for item in found if item is not None]
        return {"Responses": answers, "UnprocessedKeys": {}}

    def _query(
        self,
        *,
        TableName: str,
        KeyConditionExpression: str,
        FilterExpression: str = "",
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
        answer = _page([_only(item, position) if IndexName else item for item in found], Limit, position)
        if FilterExpression:
            test = condition(FilterExpression)
            answer["Items"] = [
                item for item in answer["Items"] if test(item, ExpressionAttributeNames, ExpressionAttributeValues)
            ]
            answer["Count"] = len(answer["Items"])
        return answer

    def _scan(
        self,
        *,
        TableName: str,
        FilterExpression: str = "",
        ExpressionAttributeNames: dict[str, str] | None = None,
        ExpressionAttributeValues: Item | None = None,
        Limit: int = 1_000_000,
        ExclusiveStartKey: Item | None = None,
        Segment: int = 0,
        TotalSegments: int = 1,
    ) -> Item:
        table = self.tables[TableName]
        shown = [item for item in table.shown(self._now()).values() if _segment(item, TotalSegments) == Segment]
        ordered = sorted(shown, key=lambda item: _scan_position(table.key_of(item)))
        if ExclusiveStartKey is not None:
            start = _scan_position(table.key_of(ExclusiveStartKey))
            ordered = [item for item in ordered if _scan_position(table.key_of(item)) > start]
        answer = _page(ordered, Limit, table.keys)
        if FilterExpression:
            test, names, values = condition(FilterExpression), ExpressionAttributeNames, ExpressionAttributeValues
            answer["Items"] = [item for item in answer["Items"] if test(item, names or {}, values or {})]
            answer["Count"] = len(answer["Items"])
        return answer


def _projected(item: Item, asked: dict[str, Any]) -> Item:
    """The top-level attributes that a request names; the whole item if it names none."""
    names = asked.get("ProjectionExpression")
    if names is None:
        return item
    wanted = {asked.get("ExpressionAttributeNames", {}).get(name.strip(), name.strip()) for name in names.split(",")}
    return {name: value for name, value in item.items() if name in wanted}


def _size(item: Item) -> int:
    """Bytes, nearly as DynamoDB counts them: binary values are base64 here."""
    return sum(len(name) + _value_size(*next(iter(value.items()))) for name, value in item.items())


def _value_size(kind: str, value: Any) -> int:
    if kind in {"B", "BS"}:
        return sum(len(one) for one in value) * 3 // 4
    return len(str(value).encode())


def _segment(item: Item, segments: int) -> int:
    """The segment of an item, by a hash of its partition key, as moto has it."""
    return hashlib.md5(item["pk"]["S"].encode(), usedforsecurity=False).digest()[0] % segments


def _scan_position(key: Key) -> tuple[int, Key]:
    """The position of an item in a scan: unrelated to the order of keys."""
    return zlib.crc32(key[0].encode()), key


def _page(found: list[Item], limit: int, position: tuple[str, ...]) -> Item:
    page = found[:limit]
    answer: Item = {"Items": page, "Count": len(page), "ScannedCount": len(page)}
    if len(page) == limit and page:  # as DynamoDB does, even on the last page
        answer["LastEvaluatedKey"] = _only(page[-1], position)
    return answer


def _only(item: Item, names: tuple[str, ...]) -> Item:
    return {name: item[name] for name in names}


def _check_condition(expression: str, item: Item | None, names: dict[str, str], values: Item) -> None:
    if expression and not condition(expression)(item or {}, names, values):
        raise Refused(400, "ConditionalCheckFailedException")
