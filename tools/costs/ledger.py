"""Records every request to AWS on the wire, retries included, with its DynamoDB capacity.

It listens to botocore's events: import it before a client is made. It reads items in moto before and after a request.
"""

import json
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.handlers import BUILTIN_HANDLERS
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType

from earned.testing.service import ACCOUNT, REGION
from tools.costs.capacity_units import Index, Item, read_units, size, write_units


@dataclass
class Call:
    """A request: its size and capacity; `seconds` is the CPU time of moto."""

    service: str
    operation: str
    length: int = 0  # of its body, in bytes
    entries: int = 1
    table_writes: int = 0
    index_writes: dict[str, int] = field(default_factory=dict)
    read_units: float = 0.0
    consistent: bool = False
    received: frozenset[str] = frozenset()  # names of the attributes of the items that came back
    seconds: float = 0.0

    @property
    def write_units(self) -> int:
        return self.table_writes + sum(self.index_writes.values())


@dataclass
class Ledger:
    """The requests while it was open."""

    calls: list[Call] = field(default_factory=list)

    def of(self, *services: str) -> list[Call]:
        return [call for call in self.calls if call.service in services]

    @property
    def operations(self) -> list[str]:
        """The requests in order, as service.operation."""
        return [f"{call.service}.{call.operation}" for call in self.calls]

    @property
    def write_units(self) -> int:
        return sum(call.write_units for call in self.calls)

    @property
    def read_units(self) -> float:
        return sum(call.read_units for call in self.calls)


@contextmanager
def counting() -> Iterator[Ledger]:
    ledger = Ledger()
    _open.append(ledger)
    try:
        yield ledger
    finally:
        _open.remove(ledger)


def indexes(table: str) -> list[Index]:
    """A table's indexes as deployed; all of them project keys only."""
    described = _table(table)
    keys = [*described.hash_key_names, *described.range_key_names]
    return [
        Index(index.name, own, tuple(dict.fromkeys([*own, *keys])))
        for index in described.global_indexes
        for own in [tuple(key["AttributeName"] for key in index.schema)]
    ]


def stored(table: str, key: Item) -> Item | None:
    described = _table(table)
    hash_key, range_key = (
        DynamoType(dict(key[name])) for name in (described.hash_key_names[0], described.range_key_names[0])
    )
    found = described.get_item(hash_key, range_key)
    return None if found is None else {name: _raw(value) for name, value in found.to_json()["Attributes"].items()}


_open: list[Ledger] = []
_under_way: list[Call] = []
_before: list[Item | None] = []


def _sending(request: Any, event_name: str, **_more: Any) -> None:
    if not _open:
        return
    _, service, operation = event_name.split(".")
    asked = _asked(request, service)
    _before[:] = [stored(asked["TableName"], _key(asked))] if operation in _WRITES else []
    call = Call(service, operation, _length(request.headers), len(asked.get("Entries", "1")))
    call.consistent = asked.get("ConsistentRead", False)
    call.seconds -= time.process_time()
    _under_way[:] = [call]


def _sent(request: Any, event_name: str, **_more: Any) -> None:
    """Runs after moto's handler, which has processed the request."""
    if not _open:
        return
    [call] = _under_way
    call.seconds += time.process_time()
    asked = _asked(request, call.service)
    for before in _before:
        _count_write(call, asked["TableName"], before, stored(asked["TableName"], _key(asked)))
    if call.operation == "BatchGetItem":
        call.read_units = sum(map(_batch_units, *zip(*asked["RequestItems"].items(), strict=True)))
    for ledger in _open:
        ledger.calls.append(call)


def _answered(parsed_response: dict[str, Any] | None, context: Any, event_name: str, **_more: Any) -> None:
    """Count a query by the items that it returned: no query of the service has a filter."""
    if not _open or parsed_response is None:
        return
    [call] = _under_way
    items = _items(call.operation, parsed_response)
    call.received = frozenset(name for item in items for name in item)
    if call.operation == "Query":
        call.read_units = read_units([size(item) for item in items], consistent=call.consistent)


def _items(operation: str, answer: dict[str, Any]) -> list[Item]:
    match operation:
        case "Query":
            return list(answer["Items"])
        case "BatchGetItem":
            return [item for items in answer["Responses"].values() for item in items]
        case _:
            return []


def _length(headers: Any) -> int:
    """Of the body; a chunked body has its length in another header."""
    return int(headers.get("X-Amz-Decoded-Content-Length") or headers.get("Content-Length") or 0)


_WRITES = {"UpdateItem", "PutItem"}


def _asked(request: Any, service: str) -> dict[str, Any]:
    """The parameters of a request; empty for S3, whose requests are not JSON."""
    return {} if service == "s3" else dict(json.loads(request.body))


def _key(asked: dict[str, Any]) -> Item:
    key: Item = asked.get("Key") or asked["Item"]
    return key


def _count_write(call: Call, table: str, before: Item | None, after: Item | None) -> None:
    call.table_writes = write_units(before, after)
    units = {index.name: index.write_units(before, after) for index in indexes(table)}
    call.index_writes = {name: number for name, number in units.items() if number}


def _batch_units(table: str, asked: dict[str, Any]) -> float:
    """The items of a batch count one by one, missing items too."""
    found = [stored(table, key) for key in asked["Keys"]]
    return sum(read_units([size(item or {})], consistent=asked["ConsistentRead"]) for item in found)


def _table(name: str) -> Any:
    return dynamodb_backends[ACCOUNT][REGION].tables[name]


def _raw(typed: dict[str, Any]) -> dict[str, Any]:
    """Bytes as such: moto keeps some in base64."""
    [(kind, value)] = typed.items()
    match kind:
        case "B":
            return {kind: _decoded(value)}
        case "BS":
            return {kind: [_decoded(one) for one in value]}
        case _:
            return typed


def _decoded(value: bytes | str) -> bytes:
    return value if isinstance(value, bytes) else b64decode(value)


BUILTIN_HANDLERS.insert(0, ("before-send", _sending))
BUILTIN_HANDLERS.append(("before-send", _sent))
BUILTIN_HANDLERS.append(("response-received", _answered))
