"""Records in DynamoDB, the only module that knows PynamoDB (DESIGN §3).

One table holds what the directory says and one completion per enrollment. A completion's key is enrollment and account
together, so facts that name another account than the enrollment's can never count towards it.
"""

import hashlib
import re
import secrets
import unicodedata
from base64 import b32encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter
from pynamodb.attributes import (
    Attribute,
    BinarySetAttribute,
    BooleanAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.exceptions import PynamoDBException
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from earned.facts import milliseconds, moment
from earned.models import (
    Account,
    Company,
    Completion,
    Course,
    Issue,
    Revocation,
    Role,
    SupportRequest,
    Training,
)

Key = tuple[str, str]
DIRECTORY = "-"
LONGEST_ID = 64
REQUESTS_PER_HOUR = 20
SUPPORT_REQUESTS_LAST = timedelta(days=90)
_CERTIFICATE_ID = re.compile(r"[a-z2-7]{26}")
_TRAINING: TypeAdapter[Training] = TypeAdapter(Training)
_ISSUE = TypeAdapter(Issue)
_REVOCATION = TypeAdapter(Revocation)


class Closed(Exception):
    """The enrollment has its certificate or was removed; there is nothing left to record."""


class EnrollmentTaken(Exception):
    """The enrollment id already belongs to another account."""


class Changed(Exception):
    """The record is no longer what was evaluated; read it again."""


class _ByAccount(GlobalSecondaryIndex["Row"]):
    class Meta:
        index_name = "by-account"
        projection = KeysOnlyProjection()

    account = UnicodeAttribute(hash_key=True)
    pk = UnicodeAttribute(range_key=True)


class _ByCompany(GlobalSecondaryIndex["Row"]):
    class Meta:
        index_name = "by-company"
        projection = KeysOnlyProjection()

    company = UnicodeAttribute(hash_key=True)
    pk = UnicodeAttribute(range_key=True)


class _ByTraining(GlobalSecondaryIndex["Row"]):
    class Meta:
        index_name = "by-training"
        projection = KeysOnlyProjection()

    training = UnicodeAttribute(hash_key=True)
    pk = UnicodeAttribute(range_key=True)


class _ByCertificate(GlobalSecondaryIndex["Row"]):
    class Meta:
        index_name = "by-certificate"
        projection = KeysOnlyProjection()

    certificate = UnicodeAttribute(hash_key=True)


class _ByEmail(GlobalSecondaryIndex["Row"]):
    class Meta:
        index_name = "by-email"
        projection = KeysOnlyProjection()

    email_code = UnicodeAttribute(hash_key=True)


class Row(Model):
    """An item of the records table; what it is stands before the `#` of its partition key."""

    class Meta:
        table_name = ""
        connect_timeout_seconds = 2
        read_timeout_seconds = 3
        max_retry_attempts = 3

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    by_account = _ByAccount()
    by_company = _ByCompany()
    by_training = _ByTraining()
    by_certificate = _ByCertificate()
    by_email = _ByEmail()

    @classmethod
    def from_raw_data(cls, data: dict[str, Any]) -> "Row":
        """Make the row that the key says it is, so that one batch read returns all kinds."""
        kind, _, _ = data["pk"]["S"].partition("#")
        row: Row = _ROWS[kind]._instantiate(data)
        return row


class CompletionRow(Row):
    """A completion; attribute names are short because every byte of it is paid with each fact."""

    facts = BinarySetAttribute(attr_name="f", legacy_encoding=False)
    account = UnicodeAttribute(null=True)
    training = UnicodeAttribute(null=True)
    company = UnicodeAttribute(null=True)
    certificate = UnicodeAttribute(null=True)
    version = NumberAttribute(attr_name="v", null=True)
    enrolled = NumberAttribute(attr_name="e", null=True)
    removed = NumberAttribute(attr_name="r", null=True)
    removed_by = UnicodeAttribute(null=True)
    account_known = BooleanAttribute(attr_name="k", null=True)
    revision = NumberAttribute(null=True)
    issue = UnicodeAttribute(null=True)
    revocation = UnicodeAttribute(null=True)

    def completion(self) -> Completion:
        """The domain's view of this row."""
        return Completion(
            enrollment_id=self.pk.removeprefix("enrollment#"),
            account_id=self.sk,
            evidence=frozenset(self.facts or ()),
            training_id=self.training,
            training_version=_whole(self.version),
            company_id=self.company,
            certificate_id=self.certificate,
            enrolled_at=_moment(self.enrolled),
            removed_at=_moment(self.removed),
            removed_by=self.removed_by,
            account_known=bool(self.account_known),
            issue=_ISSUE.validate_json(self.issue) if self.issue else None,
            revocation=_REVOCATION.validate_json(self.revocation) if self.revocation else None,
        )


class TrainingRow(Row):
    """A course's newest version or a live event's latest schedule, and when it was last cancelled."""

    version = NumberAttribute(null=True)
    cancelled = NumberAttribute(null=True)
    body = UnicodeAttribute(null=True)

    def training(self) -> Training | None:
        """The domain's view; None while only a cancellation has arrived."""
        return _training_from(self.body, int(self.version), _whole(self.cancelled)) if self.body else None


class AccountRow(Row):
    """An account; `saved` and `removed` are the times of the events that said so."""

    saved = NumberAttribute(null=True)
    removed = NumberAttribute(null=True)
    kind = UnicodeAttribute(null=True)
    name = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    email_code = UnicodeAttribute(null=True)
    company = UnicodeAttribute(null=True)
    language = UnicodeAttribute(null=True)

    def account(self) -> Account | None:
        """The domain's view; None while only a removal has arrived."""
        if self.saved is None:
            return None
        return Account(
            account_id=self.pk.removeprefix("account#"),
            kind=Role(self.kind),
            name=self.name,
            email=self.email,
            company_id=self.company,
            language=self.language,
            removed=self.removed is not None,
        )


class CompanyRow(Row):
    """A company; `saved` is the time of the event that said so."""

    saved = NumberAttribute()
    name = UnicodeAttribute()

    def company(self) -> Company:
        """The domain's view."""
        return Company(self.pk.removeprefix("company#"), self.name)


class AccessRow(Model):
    """One download link that was handed out."""

    class Meta:
        table_name = ""
        connect_timeout_seconds = 2
        read_timeout_seconds = 3
        max_retry_attempts = 3

    certificate = UnicodeAttribute(hash_key=True)
    at = UnicodeAttribute(range_key=True)
    account = UnicodeAttribute()
    role = UnicodeAttribute()
    company = UnicodeAttribute(null=True)
    revision = NumberAttribute()


class SupportRow(Model):
    """A support request, or the count of those that one source sent within an hour."""

    class Meta:
        table_name = ""
        connect_timeout_seconds = 2
        read_timeout_seconds = 3
        max_retry_attempts = 3

    kind = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    expires = NumberAttribute()
    sent = NumberAttribute(null=True)
    name = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    training = UnicodeAttribute(null=True)
    message = UnicodeAttribute(null=True)

    def support_request(self) -> SupportRequest:
        """The domain's view of a request."""
        at, _, request_id = self.sk.partition("#")
        return SupportRequest(
            request_id, datetime.fromisoformat(at), self.name, self.email, self.training, self.message
        )


_ROWS = {"enrollment": CompletionRow, "training": TrainingRow, "account": AccountRow, "company": CompanyRow}


def bind(records_table: str, access_log_table: str = "", support_table: str = "") -> None:
    """Name the tables, once, before anything else; all rows of the records table share one client."""
    Row.Meta.table_name = records_table
    AccessRow.Meta.table_name = access_log_table
    SupportRow.Meta.table_name = support_table
    Row._get_connection()


@dataclass(frozen=True)
class Case:
    """All that is needed to judge one enrollment, as of one consistent read."""

    completion: Completion
    training: Training | None
    account: Account | None
    company: Company | None

    @property
    def stands(self) -> bool:
        """Whether anybody may still see it: neither the enrollment nor the account was removed (A5)."""
        return self.completion.stands and not (self.account is not None and self.account.removed)


def record_progress(enrollment_id: str, account_id: str, facts: Iterable[bytes]) -> Completion:
    """Add facts, and return the whole record after that: one request.

    Raises `Closed` when the enrollment has its certificate or was removed: facts stop growing then.
    """
    return _add(
        enrollment_id, account_id, facts, CompletionRow.removed.does_not_exist() & CompletionRow.issue.does_not_exist()
    )


def record_attendance(enrollment_id: str, account_id: str, facts: Iterable[bytes]) -> Completion:
    """Add marks, also after issue (L2), and return the record; raises `Closed` when the enrollment was removed."""
    return _add(enrollment_id, account_id, facts, CompletionRow.removed.does_not_exist())


def _add(enrollment_id: str, account_id: str, facts: Iterable[bytes], condition: Condition) -> Completion:
    row = _completion_row(enrollment_id, account_id)
    _update(row, [CompletionRow.facts.add(set(facts))], condition, otherwise=Closed)
    return row.completion()


def enroll(completion: Completion) -> Completion:
    """Record an enrollment and return it with the facts that were there before it; repeating it changes nothing.

    Raises `EnrollmentTaken` when another account has this enrollment id.
    """
    existing = enrollment(completion.enrollment_id)
    if existing is not None and existing.account_id != completion.account_id:
        raise EnrollmentTaken
    row = _completion_row(completion.enrollment_id, completion.account_id)
    values: list[tuple[Attribute[Any], Any]] = [
        (CompletionRow.account, completion.account_id),
        (CompletionRow.training, completion.training_id),
        (CompletionRow.certificate, new_certificate_id()),
        (CompletionRow.enrolled, _since_1970(completion.enrolled_at)),
        (CompletionRow.company, completion.company_id),
        (CompletionRow.version, completion.training_version),
        (CompletionRow.account_known, completion.account_known or None),
    ]
    _update(row, [name.set(name | value) for name, value in values if value is not None])
    return row.completion()


def enrollment(enrollment_id: str) -> Completion | None:
    """The record of an enrollment, strongly consistent, or None while there is no such enrollment."""
    if len(enrollment_id) > LONGEST_ID:
        return None
    rows = CompletionRow.query(f"enrollment#{enrollment_id}", consistent_read=True)
    return next((row.completion() for row in rows if row.enrolled is not None), None)


def withdraw(enrollment_id: str, account_id: str, at: datetime, request: str) -> Completion:
    """Remove an enrollment for good, also before it is known; the first `request` to do so is kept (A5)."""
    row = _completion_row(enrollment_id, account_id)
    removal = [
        CompletionRow.removed.set(CompletionRow.removed | milliseconds(at)),
        CompletionRow.removed_by.set(CompletionRow.removed_by | request),
    ]
    _update(row, removal)
    return row.completion()


def judge_by(completion: Completion, training_version: int | None, account: Account | None) -> Completion:
    """Note which training version the record is judged by from now on, and its company once the account is known.

    The update and every recorded fact are serialized on the record, so whichever comes second sees the other.
    Raises `Changed` when a newer version was noted meanwhile: whoever noted it evaluates the record.
    """
    actions: list[Action] = []
    condition = CompletionRow.enrolled.exists()
    if training_version is not None:
        actions.append(CompletionRow.version.set(training_version))
        condition &= CompletionRow.version.does_not_exist() | (CompletionRow.version <= training_version)
    if account is not None and not completion.account_known:
        actions.append(CompletionRow.account_known.set(True))
        if account.company_id is not None:
            actions.append(CompletionRow.company.set(CompletionRow.company | account.company_id))
    row = _completion_row(completion.enrollment_id, completion.account_id)
    _update(row, actions, condition, otherwise=Changed)
    return row.completion()


def issue(completion: Completion, issued: Issue) -> None:
    """Issue the certificate, or the revision that supersedes it, in one conditional update (DESIGN §3).

    Raises `Changed` unless the record still stands, and has exactly the facts and the certificate of `completion`.
    """
    actions = [
        CompletionRow.revision.set(issued.revision),
        CompletionRow.issue.set(_json(_ISSUE, issued)),
        CompletionRow.revocation.remove(),
    ]
    row = _completion_row(completion.enrollment_id, completion.account_id)
    _update(row, actions, _unchanged(completion), otherwise=Changed)


def revoke(completion: Completion, revocation: Revocation) -> None:
    """Revoke the certificate; raises `Changed` as `issue` does (L2)."""
    action = CompletionRow.revocation.set(_json(_REVOCATION, revocation))
    row = _completion_row(completion.enrollment_id, completion.account_id)
    _update(row, [action], _unchanged(completion), otherwise=Changed)


def _unchanged(completion: Completion) -> Condition:
    """That the enrollment stands, with exactly these facts and this certificate, neither more nor less."""
    stands = CompletionRow.enrolled.exists() & CompletionRow.removed.does_not_exist()
    same_facts = (
        CompletionRow.facts == set(completion.evidence) if completion.evidence else CompletionRow.facts.does_not_exist()
    )
    same_certificate = (
        CompletionRow.revision == completion.issue.revision
        if completion.issue
        else CompletionRow.revision.does_not_exist()
    )
    same_status = (
        CompletionRow.revocation.exists() if completion.revocation else CompletionRow.revocation.does_not_exist()
    )
    unchanged: Condition = stands & same_facts & same_certificate & same_status
    return unchanged


def completions(keys: Iterable[Key]) -> list[Completion]:
    """Records by enrollment and account, strongly consistent, in the order of `keys`; unknown ones are left out."""
    asked = [(f"enrollment#{enrollment_id}", account_id) for enrollment_id, account_id in dict.fromkeys(keys)]
    found = {(row.pk, row.sk): row.completion() for row in _batch_get(asked) if isinstance(row, CompletionRow)}
    return [found[key] for key in asked if key in found]


def cases(completions: Sequence[Completion]) -> list[Case]:
    """What each completion is judged by, read together and consistently."""
    directory = _Directory(_batch_get(_directory_keys(completions)))
    return [directory.case(completion) for completion in completions]


def case(enrollment_id: str, account_id: str, training_id: str, company_id: str | None) -> Case | None:
    """One consistent batch read of everything about an enrollment, or None when there is no such record.

    `training_id` and `company_id` are hints that save a request: where the record says otherwise, the record is right.
    """
    hint = Completion(enrollment_id, account_id, training_id=training_id, company_id=company_id)
    rows = _batch_get([(f"enrollment#{enrollment_id}", account_id), *_directory_keys([hint])])
    record = next((row.completion() for row in rows if isinstance(row, CompletionRow)), None)
    if record is None:
        return None
    if (record.training_id, record.company_id) != (training_id, company_id):
        return cases([record])[0]
    return _Directory(rows).case(record)


class _Directory:
    """Directory rows of one read, by id."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = {row.pk: row for row in rows}

    def case(self, completion: Completion) -> Case:
        """A completion with the training, account and company it names."""
        training = self._rows.get(f"training#{completion.training_id}")
        account = self._rows.get(f"account#{completion.account_id}")
        company = self._rows.get(f"company#{completion.company_id}")
        return Case(
            completion,
            training.training() if isinstance(training, TrainingRow) else None,
            account.account() if isinstance(account, AccountRow) else None,
            company.company() if isinstance(company, CompanyRow) else None,
        )


def _directory_keys(completions: Iterable[Completion]) -> list[Key]:
    keys = {
        f"{kind}#{value}"
        for c in completions
        for kind, value in (("training", c.training_id), ("account", c.account_id), ("company", c.company_id))
        if value is not None
    }
    return [(key, DIRECTORY) for key in sorted(keys)]


def keys_of_account(account_id: str, after: Key | None, limit: int) -> list[Key]:
    """The next `limit` enrollments of an account after a position, in the order of their ids."""
    return _page(Row.by_account.query, "account", account_id, after, limit)


def keys_of_company(company_id: str, after: Key | None, limit: int) -> list[Key]:
    """The next `limit` enrollments of a company's people after a position, in the order of their ids."""
    return _page(Row.by_company.query, "company", company_id, after, limit)


def keys_of_training(training_id: str, after: Key | None, limit: int) -> list[Key]:
    """The next `limit` enrollments in a training after a position, in the order of their ids."""
    return _page(Row.by_training.query, "training", training_id, after, limit)


def _page(query: Callable[..., Any], name: str, value: str, after: Key | None, limit: int) -> list[Key]:
    if len(value) > LONGEST_ID:
        return []
    start = after and {
        name: {"S": value},
        "pk": {"S": f"enrollment#{after[0]}"},
        "sk": {"S": after[1]},
    }
    rows = query(value, last_evaluated_key=start, limit=limit, page_size=limit)
    return [(row.pk.removeprefix("enrollment#"), row.sk) for row in rows]


def certificate(certificate_id: str) -> Case | None:
    """The record and the account behind a certificate id, strongly consistent, or None."""
    if not _CERTIFICATE_ID.fullmatch(certificate_id):
        return None
    row = next(iter(Row.by_certificate.query(certificate_id, limit=1)), None)
    if row is None:
        return None
    rows = _batch_get([(row.pk, row.sk), (f"account#{row.sk}", DIRECTORY)])
    record = next((row.completion() for row in rows if isinstance(row, CompletionRow)), None)
    return _Directory(rows).case(record) if record is not None else None


def save_company(company: Company, at: datetime) -> None:
    """Keep a company unless a later event was kept already."""
    row = CompanyRow(f"company#{company.company_id}", DIRECTORY)
    _keep(row, [CompanyRow.saved.set(milliseconds(at)), CompanyRow.name.set(company.name)], CompanyRow.saved, at)


def save_account(account: Account, at: datetime) -> None:
    """Keep an account unless a later event was kept already."""
    actions = [
        AccountRow.saved.set(milliseconds(at)),
        AccountRow.kind.set(account.kind.value),
        AccountRow.name.set(account.name),
        AccountRow.email.set(account.email),
        AccountRow.email_code.set(email_code(account.email)),
        AccountRow.language.set(account.language),
        AccountRow.company.set(account.company_id) if account.company_id else AccountRow.company.remove(),
    ]
    _keep(AccountRow(f"account#{account.account_id}", DIRECTORY), actions, AccountRow.saved, at)


def remove_account(account_id: str, at: datetime) -> None:
    """Remove an account for good, also before it is known."""
    row = AccountRow(f"account#{account_id}", DIRECTORY)
    _update(row, [AccountRow.removed.set(AccountRow.removed | milliseconds(at))])


def save_training(training: Training) -> None:
    """Keep a course version or a schedule, also as the newest unless a newer one was kept already."""
    actions = [TrainingRow.version.set(training.version), TrainingRow.body.set(_json(_TRAINING, training))]
    _update_unless(_archived(training.training_id, training.version), actions, TrainingRow.version.does_not_exist())
    newest = TrainingRow.version.does_not_exist() | (TrainingRow.version < training.version)
    _update_unless(TrainingRow(f"training#{training.training_id}", DIRECTORY), actions, newest)


def cancel_live_event(live_event_id: str, at: datetime) -> None:
    """Keep the time of the latest cancellation, also before the event is known."""
    row = TrainingRow(f"training#{live_event_id}", DIRECTORY)
    _keep(row, [TrainingRow.cancelled.set(milliseconds(at))], TrainingRow.cancelled, at)


def training(training_id: str) -> Training | None:
    """A training as it stands, strongly consistent, or None."""
    row = next(iter(_batch_get([(f"training#{training_id}", DIRECTORY)])), None)
    return row.training() if isinstance(row, TrainingRow) else None


def archived_training(training_id: str, version: int) -> Training | None:
    """A training as it was in one version: what a certificate was issued by."""
    row = _archived(training_id, version)
    found = next(iter(_batch_get([(row.pk, row.sk)])), None)
    return found.training() if isinstance(found, TrainingRow) else None


def _archived(training_id: str, version: int) -> TrainingRow:
    return TrainingRow(f"training#{training_id}", f"version#{version}")


@lru_cache(maxsize=256)
def training_at(training_id: str, version: int) -> Training | None:
    """A training in `version` or a newer one; read once per version, since a record names the one it is judged by."""
    return training(training_id)


def email_code(email: str) -> str:
    """What stands for an email address in a key: a hash of it, without its case and surrounding space."""
    return hashlib.sha256(unicodedata.normalize("NFC", email).strip().casefold().encode()).hexdigest()[:32]


def accounts_with_email(email: str, limit: int = 20) -> list[str]:
    """The ids of the accounts that have this address, removed ones included."""
    rows = Row.by_email.query(email_code(email), limit=limit, page_size=limit)
    return [row.pk.removeprefix("account#") for row in rows]


def keep_support_request(request: SupportRequest, source: str) -> bool:
    """Keep a support request for three months, unless `source` sent too many within the hour; says whether it did."""
    hour = request.at.strftime("%Y-%m-%dT%H")
    counter = SupportRow("rate", hashlib.sha256(f"{hour} {source}".encode()).hexdigest()[:32])
    expires = SupportRow.expires.set(int(request.at.timestamp()) + 2 * 3600)
    counter.update([SupportRow.sent.add(1), expires])
    if counter.sent > REQUESTS_PER_HOUR:
        return False
    SupportRow(
        "request",
        f"{request.at.isoformat(timespec='milliseconds')}#{request.request_id}",
        expires=int((request.at + SUPPORT_REQUESTS_LAST).timestamp()),
        name=request.name,
        email=request.email,
        training=request.training,
        message=request.message,
    ).save()
    return True


def support_requests(after: str | None, limit: int) -> list[SupportRequest]:
    """The next support requests after a position (a time and an id), newest first."""
    start = {"kind": {"S": "request"}, "sk": {"S": after}} if after else None
    rows = SupportRow.query("request", scan_index_forward=False, last_evaluated_key=start, limit=limit, page_size=limit)
    return [row.support_request() for row in rows]


def log_access(
    certificate_id: str, revision: int, account_id: str, role: str, company_id: str | None, at: datetime
) -> None:
    """Keep who is about to get a download link; raises when it cannot be kept."""
    stamp = f"{at.isoformat(timespec='milliseconds')}#{secrets.token_hex(4)}"
    AccessRow(certificate_id, stamp, account=account_id, role=role, company=company_id, revision=revision).save()


def new_certificate_id() -> str:
    """26 lower-case base32 characters: 130 random bits, printable and not guessable."""
    return b32encode(secrets.token_bytes(17)).decode().lower()[:26]


def _completion_row(enrollment_id: str, account_id: str) -> CompletionRow:
    return CompletionRow(f"enrollment#{enrollment_id}", account_id)


def _batch_get(keys: Sequence[Key]) -> list[Row]:
    return list(Row.batch_get(keys, consistent_read=True))


def _keep(row: Row, actions: Sequence[Action], stamp: NumberAttribute, at: datetime) -> None:
    """Last writer wins by the time of happening."""
    _update_unless(row, actions, stamp.does_not_exist() | (stamp < milliseconds(at)))


def _update_unless(row: Row, actions: Sequence[Action], condition: Condition) -> None:
    try:
        _update(row, actions, condition, otherwise=Changed)
    except Changed:
        return


def _update(
    row: Row,
    actions: Sequence[Action],
    condition: Condition | None = None,
    otherwise: type[Exception] = Changed,
) -> None:
    """One UpdateItem that leaves the whole item in `row`; raises `otherwise` when the condition does not hold."""
    try:
        row.update(list(actions), condition)
    except PynamoDBException as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            raise otherwise from error
        raise


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _moment(number: float | None) -> datetime | None:
    return None if number is None else moment(int(number))


def _since_1970(at: datetime | None) -> int | None:
    return None if at is None else milliseconds(at)


def _training_from(body: str, version: int, cancelled: int | None) -> Training:
    training = _TRAINING.validate_json(body)
    if cancelled is None or isinstance(training, Course):
        return training
    return replace(training, version=max(version, cancelled), cancelled=cancelled >= version)


def _json(adapter: TypeAdapter[Any], value: object) -> str:
    return adapter.dump_json(value, exclude_defaults=True).decode()
