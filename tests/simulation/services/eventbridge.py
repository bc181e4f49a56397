"""EventBridge: the events that PutEvents accepted."""

import json
from collections.abc import Callable
from typing import Any


class EventBridge:
    """`on_event` is told of each event before it is accepted."""

    def __init__(self, on_event: Callable[[dict[str, Any]], None]) -> None:
        self.events: list[dict[str, Any]] = []
        self._on_event = on_event

    def put_events(self, request: dict[str, Any], fails: Callable[[], bool] = lambda: False) -> dict[str, Any]:
        """Accept the entries of a request, except those for which `fails` is true."""
        entries = [self._failed() if fails() else self._accepted(entry) for entry in request["Entries"]]
        return {"FailedEntryCount": sum("ErrorCode" in entry for entry in entries), "Entries": entries}

    def _accepted(self, entry: dict[str, Any]) -> dict[str, str]:
        event = json.loads(entry["Detail"])
        self._on_event(event)
        self.events.append(event)
        return {"EventId": f"bus-{len(self.events)}"}

    @staticmethod
    def _failed() -> dict[str, str]:
        return {"ErrorCode": "InternalFailure", "ErrorMessage": "-"}
