"""The records table: keys, indexes and the writes that every kind of item shares.

One table holds the directory's items and one completion record per enrollment.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PynamoDBException
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from earned.aws import clients
from earned.aws.dynamodb.batch_reads import BACKOFF, Backoff, RawItem, RawKeys, read_all
from earned.domain.stamps import Stamp
from earned.domain.timestamps import from_milliseconds, to_milliseconds

ROOT_SORT_KEY = "-"  # of the main item of a directory partition
ItemKey = tuple[str, str]  # partition key and sort key
RowT = TypeVar("RowT", bound="Row")


class RecordChanged(Exception):
    """The item has changed since it was read; read it again."""


class ClientSettings:
    """The limits of every client, as PynamoDB names them; its own defaults exceed the functions' timeouts."""

    connect_timeout_seconds = clients.CONNECT_SECONDS
    read_timeout_seconds = clients.READ_SECONDS
    max_retry_attempts = clients.ATTEMPTS - 1


class ByHolder(GlobalSecondaryIndex["Row"]):
    class Meta:
        index_name = "by-holder"
        projection = KeysOnlyProjection()

    holder = UnicodeAttribute(hash_key=True, attr_name="h")
    sk = UnicodeAttribute(range_key=True)


class ByTraining(GlobalSecondaryIndex["Row"]):
    class Meta:
        index_name = "by-training"
        projection = KeysOnlyProjection()

    training = UnicodeAttribute(hash_key=True, attr_name="t")
    sk = UnicodeAttribute(range_key=True)


class ByEmail(GlobalSecondaryIndex["Row"]):
    class Meta:
        index_name = "by-email"
        projection = KeysOnlyProjection()

    email_code = UnicodeAttribute(hash_key=True)


class ByCalendar(GlobalSecondaryIndex["Row"]):
    class Meta:
        index_name = "by-calendar"
        projection = KeysOnlyProjection()

    calendar = UnicodeAttribute(hash_key=True)
    ends = UnicodeAttribute(range_key=True)


class Row(Model):
    """An item of the records table; its kind precedes the `#` of its partition key."""

    class Meta(ClientSettings):
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    by_holder = ByHolder()
    by_training = ByTraining()
    by_email = ByEmail()
    by_calendar = ByCalendar()

    @classmethod
    def from_raw_data(cls, data: dict[str, Any]) -> "Row":
        kind, _, _ = data["pk"]["S"].partition("#")
        row: Row = _KINDS[kind]._instantiate(data)
        return row


def stored_as(kind: str) -> Callable[[type[RowT]], type[RowT]]:
    def register(row: type[RowT]) -> type[RowT]:
        _KINDS[kind] = row
        return row

    return register


_KINDS: dict[str, type[Row]] = {}


def bind(records_table: str) -> None:
    connect(Row, records_table)  # shared by all kinds of rows


def connect(model: type[Model], table_name: str) -> None:
    model.Meta.table_name = table_name
    model._get_connection().connection._local.session = clients.session()  # PynamoDB makes one for each table


def batch_get(keys: Sequence[ItemKey], backoff: Backoff = BACKOFF, attributes: list[str] | None = None) -> list[Row]:
    """Strongly consistent; raises `Throttled`. `attributes` are the stored names of those to read; None reads all."""
    connection = Row._get_connection()

    def read(page: RawKeys) -> tuple[list[RawItem], RawKeys]:
        answer = connection.batch_get_item(
            page,  # type: ignore[arg-type]  # it takes raw keys too
            consistent_read=True,
            attributes_to_get=attributes,
        )
        unprocessed = answer["UnprocessedKeys"].get(connection.table_name, {}).get("Keys", [])
        return answer["Responses"].get(connection.table_name, []), unprocessed

    wanted = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in dict.fromkeys(keys)]
    return [Row.from_raw_data(item) for item in read_all(wanted, read, backoff)]


def is_older(at: NumberAttribute, origin: UnicodeAttribute, stamp: Stamp) -> Condition:
    """Whether what is stored under a stamp, in these two attributes, gives way to `stamp` (I4).

    DynamoDB compares the bytes of UTF-8, which have the order of the code points.
    """
    time = to_milliseconds(stamp.at)
    older: Condition = at.does_not_exist() | (at < time) | ((at == time) & (origin < stamp.origin))
    return older


def update_if(row: Row, actions: Sequence[Action], condition: Condition) -> None:
    try:
        update(row, actions, condition, otherwise=RecordChanged)
    except RecordChanged:
        return


def update(
    row: Row,
    actions: Sequence[Action],
    condition: Condition | None = None,
    otherwise: type[Exception] = RecordChanged,
) -> None:
    """One UpdateItem that leaves the whole item in `row`; raises `otherwise` when the condition does not hold."""
    try:
        row.update(list(actions), condition)
    except PynamoDBException as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            raise otherwise from error
        raise


def whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def to_moment(number: float | None) -> datetime | None:
    return None if number is None else from_milliseconds(int(number))


def since_1970(at: datetime | None) -> int | None:
    return None if at is None else to_milliseconds(at)


def to_json(adapter: TypeAdapter[Any], value: object) -> str:
    return adapter.dump_json(value, exclude_defaults=True).decode()
