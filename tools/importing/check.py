"""Checks a file's rows with the service's own parser, before anything is sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from earned.domain.errors import Rejected
from earned.messages import events
from earned.messages.posting import Event
from tools.importing.rows import Row, read_rows

_KINDS = {type_: model for kinds in events.QUEUES.values() for type_, model in kinds.items()}


class Fault(NamedTuple):
    """Why the service would refuse the event on a line: a stable reason, and the field and rule, never a value."""

    line: int
    reason: str
    detail: str


@dataclass(frozen=True)
class Checked:
    """A row that the service accepts, as it is written and as it is sent; `event` is as its models read it."""

    row: Row
    event: Any
    sent: Event


def check_rows(
    path: Path, now: datetime, tolerance: timedelta, companies: dict[str, str], *, queue: str = ""
) -> Iterator[Checked | Fault]:
    """Each row in the file's order, or each of one queue; raises `NotAFile`.

    `companies` are those that the rows so far have named, by enrollment and account.
    """
    for row in read_rows(path):
        if queue and row.type not in events.QUEUES[queue]:
            continue
        try:
            event = events.read(row.body, _KINDS, received_at=now, tolerance=tolerance)
            sent = _to_send(event, companies)
            # It is longer than the row, and its times are in UTC.
            events.read(sent.body(), _KINDS, received_at=now, tolerance=tolerance)
        except Rejected as rejection:
            yield Fault(row.line, rejection.reason, rejection.detail)
        else:
            yield Checked(row, event, sent)


def _to_send(event: Any, companies: dict[str, str]) -> Event:
    """The event with its message group: the company that the file has named for its enrollment or account (N5)."""
    data = event.data.model_dump(mode="json", exclude_none=True)
    ids = [data[name] for name in ("enrollment_id", "account_id") if name in data]
    group = data.get("company_id") or next((companies[one] for one in ids if one in companies), None)
    if group is not None:
        companies.update((one, group) for one in ids)
    return Event(event.type, data, event.time, group or data.get("account_id"), event.id, event.source)
