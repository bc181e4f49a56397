"""Copies of a person whom the service has recorded, written straight into a stack's table and bucket.

A copy is what the service would have written for another person's events. Tens of thousands of events take longer than
what is measured afterwards.
"""

import json
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from rich.progress import track

from earned.aws.dynamodb.enrollment_keys import new_certificate_id, row_key
from earned.aws.s3 import Documents
from earned.domain.enrollment import EnrollmentKey
from tools.batched import batched
from tools.local.stack import LocalStack

PEOPLE_PER_REQUEST = 12  # two items each; DynamoDB takes 25
WRITERS = 4
Item = dict[str, Any]


class Person(NamedTuple):
    key: EnrollmentKey
    name: str


class Copier:
    """Writes copies of the account and the enrollment of a person, and of the certificate if there is one."""

    def __init__(self, stack: LocalStack) -> None:
        session, endpoint = stack.session(), stack.aws_endpoint
        self._dynamodb = session.client("dynamodb", endpoint_url=endpoint)
        self._documents = Documents(session.client("s3", endpoint_url=endpoint), stack.outputs["DocumentsBucketName"])
        self._table = stack.outputs["RecordsTableName"]

    def copy(self, original: EnrollmentKey, people: Sequence[Person]) -> None:
        account, record = self._get(f"account#{original.account_id}", "-"), self._get(*row_key(original))
        document = self._documents.read(record["c"]["S"], 1) if "issue" in record else None

        def write(batch: Sequence[Person]) -> None:
            copies = [copy_of(account, record, person) for person in batch]
            requests: Any = [{"PutRequest": {"Item": item}} for pair in copies for item in pair]
            self._dynamodb.batch_write_item(RequestItems={self._table: requests})
            for person, (_, copied) in zip(batch, copies, strict=True):
                if document is not None:
                    self._documents.put(copied["c"]["S"], 1, document, f"{person.name}.pdf")

        batches = list(batched(people, PEOPLE_PER_REQUEST))
        with ThreadPoolExecutor(WRITERS) as pool:
            for _ in track(pool.map(write, batches), "Writing copies", total=len(batches), transient=True):
                pass

    def _get(self, pk: str, sk: str) -> Item:
        return self._dynamodb.get_item(TableName=self._table, Key={"pk": {"S": pk}, "sk": {"S": sk}})["Item"]


def copy_of(account: Item, record: Item, person: Person) -> tuple[Item, Item]:
    """The items of an account and its enrollment with the keys and the name of another person."""
    pk, sk = row_key(person.key)
    record = record | {"pk": {"S": pk}, "sk": {"S": sk}, "c": {"S": new_certificate_id(person.key.enrollment_id)}}
    if "issue" in record:
        issue = json.loads(zlib.decompress(record["issue"]["B"]))
        issue["printed"]["holder"] = person.name
        record["issue"] = {"B": zlib.compress(json.dumps(issue).encode())}
    return account | {"pk": {"S": f"account#{person.key.account_id}"}, "name": {"S": person.name}}, record
