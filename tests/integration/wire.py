"""SQS and DynamoDB as the SDK's clients see them, without either: takes everything, and knows a few records."""

import json
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.client import BaseClient

_SET = re.compile(r"(#\w+) = (?:if_not_exists ?\(#\w+, )?(:\w+)")
Key = tuple[str, str]
Item = dict[str, Any]


class Refused(Exception):
    """AWS would not have taken this request."""


@dataclass
class Wire:
    """What was quarantined, by body and reason, and what was recorded, by key, since the last look."""

    known: Mapping[Key, Item]
    quarantined: Counter[tuple[str, str]] = field(default_factory=Counter)
    recorded: dict[Key, set[bytes]] = field(default_factory=dict)
    announced: list[Item] = field(default_factory=list)

    def forget(self) -> None:
        """Begin anew."""
        self.quarantined.clear()
        self.recorded.clear()
        self.announced.clear()

    @contextmanager
    def between(self, *clients: BaseClient) -> Iterator[None]:
        """Answer in place of AWS."""
        for client in clients:
            client.meta.events.register("before-call", self._answer, "wire")
        try:
            yield
        finally:
            for client in clients:
                client.meta.events.unregister("before-call", self._answer, "wire")

    def _answer(self, params: Item, model: Any, **_: Any) -> tuple[Any, Item]:
        asked = json.loads(params["body"])
        json.dumps(asked, ensure_ascii=False).encode()  # raises for half a letter, which no service takes
        return _Ok(), getattr(self, f"_{model.name}")(asked)

    def _SendMessage(self, asked: Item) -> Item:  # noqa: N802  # called as its operation
        if not asked["MessageBody"]:
            raise Refused("an empty body")
        self.quarantined[asked["MessageBody"], asked["MessageAttributes"]["reason"]["StringValue"]] += 1
        return {"MessageId": "message"}

    def _PutEvents(self, asked: Item) -> Item:  # noqa: N802  # called as its operation
        self.announced += [json.loads(entry["Detail"]) for entry in asked["Entries"]]
        return {"Entries": [{"EventId": "event"} for _ in asked["Entries"]], "FailedEntryCount": 0}

    def _SendMessageBatch(self, asked: Item) -> Item:  # noqa: N802  # called as its operation
        return {"Successful": [{"Id": entry["Id"]} for entry in asked["Entries"]]}

    def _UpdateItem(self, asked: Item) -> Item:  # noqa: N802  # called as its operation
        key = asked["Key"]["pk"]["S"], asked["Key"]["sk"]["S"]
        sets = [value["BS"] for value in asked.get("ExpressionAttributeValues", {}).values() if "BS" in value]
        facts = {b64decode(fact) for one in sets for fact in one}
        self.recorded.setdefault(key, set()).update(facts)
        item = _values_set(asked) | self.known.get(key, {}) | asked["Key"]
        return {"Attributes": item | ({"f": {"BS": sorted(facts)}} if facts else {})}

    def _BatchGetItem(self, asked: Item) -> Item:  # noqa: N802  # called as its operation
        [(table, wanted)] = asked["RequestItems"].items()
        keys = [(key["pk"]["S"], key["sk"]["S"]) for key in wanted["Keys"]]
        return {"Responses": {table: [self.known[key] for key in keys if key in self.known]}, "UnprocessedKeys": {}}

    def _Query(self, asked: Item) -> Item:  # noqa: N802  # called as its operation
        [value] = asked["ExpressionAttributeValues"].values()
        found = [item for (pk, _), item in self.known.items() if pk == value["S"]]
        return {"Items": found, "Count": len(found), "ScannedCount": len(found)}


def _values_set(asked: Item) -> Item:
    """The attributes that an update sets, as if the item had had none of them."""
    names, values = asked.get("ExpressionAttributeNames", {}), asked.get("ExpressionAttributeValues", {})
    return {names[name]: values[value] for name, value in _SET.findall(asked["UpdateExpression"])}


class _Ok:
    """An HTTP response that went well."""

    status_code = 200
