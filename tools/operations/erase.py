"""Erases a person: everything with their name or address, in an order that can be interrupted and repeated.

First the account is closed: the service then records nothing more of it and makes nothing for it. Then every place is
searched twice, as far apart as a message can be in flight, because a function at work during the closing can still
write. The account's name and address are erased last: the search for everything else needs them.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3

from earned.aws.dynamodb import access_log, enrollments, people, support, table
from earned.aws.s3 import folder_of
from earned.aws.sqs import Queue
from earned.domain.enrollment import CompletionRecord
from earned.messages.requests import generation_message
from tools.batched import batched
from tools.operations.mentions import Person
from tools.operations.quarantine import MAX_BATCH, held
from tools.operations.stacks import DeployedStack, Pair
from tools.operations.traces import completions_of, person_of, support_requests_of
from tools.operations.versions import Bucket, archives_with

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# A search hides what it reads: functions wait meanwhile, and each message has one of its five deliveries less.
MAX_LIVE = 1_000


class NothingKnown(Exception):
    """There is no account, no enrollment and no trace of the id."""


class QueuesBusy(Exception):
    """Queues that functions read hold more messages than a search may hide; the message names them."""


@dataclass(frozen=True)
class Places:
    """The places that can hold traces of a person; `pairs` are all queues with their dead-letter queues."""

    sqs: "SQSClient"
    pairs: Sequence[Pair]
    documents: Bucket
    archives: Bucket

    @property
    def queues(self) -> Iterator[str]:
        for pair in self.pairs:
            yield from (pair.source, pair.dead_letters)

    @property
    def live(self) -> set[str]:
        """The queues that functions read."""
        return {pair.source for pair in self.pairs}

    def busy(self, most: int) -> dict[str, int]:
        """The number of waiting messages by queue name, of the live queues that hold more than `most`."""
        waiting = {pair.name: self._waiting(pair.source) for pair in self.pairs}
        return {queue: count for queue, count in waiting.items() if count > most}

    def _waiting(self, url: str) -> int:
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    @property
    def generation(self) -> Queue:
        """The queue for certificate requests, withdrawals among them."""
        [url] = [pair.source for pair in self.pairs if pair.name == "generation"]
        return Queue(self.sqs, url)

    def longest_under_way(self) -> float:
        """The longest visibility timeout in seconds: no message is in flight for longer."""
        asked = [
            self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"]) for url in self.queues
        ]
        return float(max(int(answer["Attributes"]["VisibilityTimeout"]) for answer in asked))


def places(stack: DeployedStack) -> Places:
    """The places of a stack; its clients have the erasure role's credentials if made within `as_eraser`."""
    outputs = stack.outputs
    table.bind(outputs["RecordsTableName"])
    access_log.bind(outputs["AccessLogTableName"])
    support.bind(outputs["SupportTableName"])
    s3 = boto3.Session().client("s3")
    documents, archives = (Bucket(s3, outputs[f"{name}BucketName"]) for name in ("Documents", "Exports"))
    return Places(stack.sqs, list(stack.pairs.values()), documents, archives)


@dataclass
class Erasure:
    """The erasure of one person, counting what is found by kind of place; `begun_on` gets each step.

    A `rehearsal` finds everything and changes nothing. `also` are former names and addresses, which no record has any
    more; requests and messages may. `most_live`: how many messages it may hide in a queue that functions read.
    """

    account_id: str
    places: Places
    rehearsal: bool = False
    also: frozenset[str] = field(default=frozenset(), repr=False)
    most_live: int = MAX_LIVE
    begun_on: Callable[[str], None] = lambda _: None
    found: Counter[str] = field(default_factory=Counter)
    unseen: set[str] = field(default_factory=set)
    _announced: set[str] = field(default_factory=set)

    def run(self, wait: Callable[[float], None]) -> None:
        """Erase the person, or count in a rehearsal; raises `NothingKnown`, and `QueuesBusy` before any change."""
        if busy := self.places.busy(self.most_live):
            raise QueuesBusy(", ".join(f"{name} ({count:,})" for name, count in busy.items()))
        person, known = self._close()
        self._erase_traces(person)
        if not known and not self.found.total():
            raise NothingKnown
        if self.rehearsal:
            return
        self.begun_on("Waiting for messages in flight")
        wait(self.places.longest_under_way())
        self._erase_traces(person)
        self._erase_identity(known)

    def same_address(self) -> list[str]:
        """The ids of the other accounts with the person's address."""
        account = people.get_account(self.account_id)
        others = people.accounts_with_email(account.email) if account is not None and account.email else []
        return sorted(set(others) - {self.account_id})

    def _close(self) -> tuple[Person, bool]:
        """Close the account, if any; returns the person with all names known or printed, and whether it exists."""
        self.begun_on("Closing the account")
        completions = list(completions_of(self.account_id))
        account = people.get_account(self.account_id)
        known = account is not None or bool(completions)
        if known and not self.rehearsal:
            account = people.seal_account(self.account_id, datetime.now(UTC))
        self.found["accounts"] = int(account is not None and bool(account.name or account.email))
        return person_of(self.account_id, account, completions, self.also), known

    def _erase_traces(self, person: Person) -> None:
        """Erase and count everything but the account's own record."""
        self.unseen.clear()
        self.begun_on("Withdrawing enrollments")
        completions = self._withdraw()
        self.begun_on("Deleting documents")
        self._delete_documents(completions)
        self.begun_on("Deleting archives")
        self._delete_archives()
        for url in self.places.queues:
            self.begun_on(f"Searching queue {url.rpartition('/')[2]}")
            self._delete_messages(url, person)
        self.begun_on("Deleting support requests")
        self._delete_support_requests(person)

    def _withdraw(self) -> list[CompletionRecord]:
        """Withdraw every enrollment, as `account.removed` does, and request the announcement of each certificate."""
        completions = list(completions_of(self.account_id))
        for completion in completions if not self.rehearsal else ():
            request = f"account-removed.{completion.enrollment_id}"
            now = datetime.now(UTC)
            withdrawn = enrollments.withdraw(completion.key, now, request) or completion
            if isinstance(withdrawn, CompletionRecord) and _is_withdrawn_by(withdrawn, request):
                self._announce(withdrawn, request)
        self.found["enrollments"] = len(completions)
        self.found["certificates"] = sum(completion.issue is not None for completion in completions)
        return completions

    def _announce(self, withdrawn: CompletionRecord, request: str) -> None:
        """Request the announcement once in a run; after an interruption the next run requests it."""
        if withdrawn.enrollment_id not in self._announced:
            self.places.generation.send([generation_message(withdrawn, request=request)])
            self._announced.add(withdrawn.enrollment_id)

    def _delete_documents(self, completions: Sequence[CompletionRecord]) -> None:
        """Delete all versions of all revisions, also of documents that were never issued."""
        documents = self.places.documents
        folders = [folder_of(completion.certificate_id) for completion in completions]
        versions = [version for folder in folders for version in documents.versions(folder)]
        if not self.rehearsal:
            documents.delete(versions)
        self.found["document versions"] += len(versions)

    def _delete_archives(self) -> None:
        versions, uploads = archives_with(self.places.archives, self.account_id)
        if not self.rehearsal:
            self.places.archives.abort(uploads)
            self.places.archives.delete(versions)
        self.found["archives"] += len({version.subject for version in versions})

    def _delete_messages(self, url: str, person: Person) -> None:
        most = {"most": self.most_live} if url in self.places.live else {}
        with held(self.places.sqs, url, **most) as hold:
            theirs = [message for message in hold.messages() if person.owns(message["Body"])]
            kept = 0
            for batch in batched(theirs if not self.rehearsal else [], MAX_BATCH):
                kept += hold.delete(batch)
            if not hold.complete or kept:
                self.unseen.add(url.rpartition("/")[2])
        self.found["messages"] += len(theirs)

    def _delete_support_requests(self, person: Person) -> None:
        for request in support_requests_of(person):
            self.found["support requests"] += 1
            if not self.rehearsal:
                support.forget_support_request(request)

    def _erase_identity(self, known: bool) -> None:
        """Erase the name last, because everything else is found by it."""
        self.begun_on("Erasing the name")
        for completion in completions_of(self.account_id):
            enrollments.erase_holder(completion)
        if known:
            people.erase_account_identity(self.account_id)


def _is_withdrawn_by(record: CompletionRecord, request: str) -> bool:
    return record.issue is not None and record.removal is not None and record.removal.request == request
