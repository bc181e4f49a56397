"""The sweep's positions, and the certificates that it waits for."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pynamodb.attributes import Attribute, NumberAttribute, UnicodeAttribute

from earned.aws.dynamodb.table import ROOT_SORT_KEY, Row, batch_get, since_1970, stored_as, to_moment, update, whole
from earned.domain.enrollment import EnrollmentKey
from earned.domain.sweep import SweepPass
from earned.domain.timestamps import from_milliseconds, to_milliseconds

SCHEDULED = "sweep#turn"
BY_HAND = "sweep#by-hand"
_OVERDUE = "sweep#overdue"


@stored_as("sweep")
class SweepRow(Row):
    """The current pass of a cursor, or the overdue certificates; positions and overdue certificates are JSON."""

    began = NumberAttribute(null=True)
    before = NumberAttribute(null=True)
    segments = NumberAttribute(null=True)
    positions = UnicodeAttribute(null=True)
    items = NumberAttribute(null=True)
    expected = NumberAttribute(null=True)
    overdue = UnicodeAttribute(null=True)

    def sweep_pass(self) -> SweepPass:
        positions: dict[str, list[str] | None] = json.loads(self.positions or "{}")
        return SweepPass(
            began=from_milliseconds(int(self.began)),
            before=to_moment(self.before),
            segments=int(self.segments or 1),
            positions={int(segment): (at[0], at[1]) if at else None for segment, at in positions.items()},
            items=int(self.items or 0),
            expected=whole(self.expected),
        )


def get_sweep_pass(cursor: str = SCHEDULED) -> SweepPass | None:
    row = next(iter(batch_get([(cursor, ROOT_SORT_KEY)])), None)
    return row.sweep_pass() if isinstance(row, SweepRow) else None


def save_sweep_pass(sweep_pass: SweepPass, cursor: str = SCHEDULED) -> None:
    """Overlapping runs may overwrite each other's positions; some pages are then swept twice."""
    values: list[tuple[Attribute[Any], Any]] = [
        (SweepRow.began, to_milliseconds(sweep_pass.began)),
        (SweepRow.before, since_1970(sweep_pass.before)),
        (SweepRow.segments, sweep_pass.segments),
        (SweepRow.positions, json.dumps(dict(sweep_pass.positions))),
        (SweepRow.items, sweep_pass.items),
        (SweepRow.expected, sweep_pass.expected),
    ]
    actions = [name.remove() if value is None else name.set(value) for name, value in values]
    update(SweepRow(cursor, ROOT_SORT_KEY), actions)


def get_overdue() -> dict[EnrollmentKey, datetime]:
    row = next(iter(batch_get([(_OVERDUE, ROOT_SORT_KEY)])), None)
    found = json.loads(row.overdue) if isinstance(row, SweepRow) and row.overdue else []
    return {EnrollmentKey(enrollment, account): from_milliseconds(since) for enrollment, account, since in found}


def save_overdue(overdue: Mapping[EnrollmentKey, datetime]) -> None:
    found = [[*key, to_milliseconds(since)] for key, since in overdue.items()]
    update(SweepRow(_OVERDUE, ROOT_SORT_KEY), [SweepRow.overdue.set(json.dumps(found))])
