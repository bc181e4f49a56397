"""The sweep's position."""

from typing import Any

from pynamodb.attributes import Attribute, NumberAttribute, UnicodeAttribute

from earned.aws.dynamodb.table import ROOT_SORT_KEY, Row, batch_get, since_1970, stored_as, to_moment, update
from earned.domain.sweep import SweepPass
from earned.domain.timestamps import from_milliseconds, to_milliseconds


@stored_as("sweep")
class SweepRow(Row):
    """The sweep's current pass; the position is the key of the last item it read."""

    began = NumberAttribute()
    before = NumberAttribute(null=True)
    after_pk = UnicodeAttribute(null=True)
    after_sk = UnicodeAttribute(null=True)

    def sweep_pass(self) -> SweepPass:
        after = (self.after_pk, self.after_sk) if self.after_pk is not None else None
        return SweepPass(from_milliseconds(int(self.began)), to_moment(self.before), after)


def get_sweep_pass() -> SweepPass | None:
    row = next(iter(batch_get([("sweep#turn", ROOT_SORT_KEY)])), None)
    return row.sweep_pass() if isinstance(row, SweepRow) else None


def save_sweep_pass(sweep_pass: SweepPass) -> None:
    """Overlapping runs may overwrite each other's position; some pages are then swept twice."""
    after_pk, after_sk = sweep_pass.after or (None, None)
    values: list[tuple[Attribute[Any], Any]] = [
        (SweepRow.began, to_milliseconds(sweep_pass.began)),
        (SweepRow.before, since_1970(sweep_pass.before)),
        (SweepRow.after_pk, after_pk),
        (SweepRow.after_sk, after_sk),
    ]
    actions = [name.remove() if value is None else name.set(value) for name, value in values]
    update(SweepRow("sweep#turn", ROOT_SORT_KEY), actions)
