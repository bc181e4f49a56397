"""Records in DynamoDB, the only module that knows PynamoDB (DESIGN §3).

One table holds what the directory says and one completion per enrollment. A completion's key is enrollment and account
together, so facts that name another account than the enrollment's can never count towards it.
"""

import hashlib
import json
import re
import secrets
import unicodedata
from base64 import b32encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter
from pynamodb.attributes import (
    Attribute,
    BinarySetAttribute,
    BooleanAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.exceptions import PynamoDBException
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from earned.exports import Export, Failure
from earned.facts import milliseconds, moment
from earned.models import (
    Account,
    Company,
    Completion,
    Course,
    Hold,
    Issue,
    LiveEvent,
    LogoReference,
    Revocation,
    Role,
    SupportRequest,
    Training,
    Turn,
)

Key = tuple[str, str]
DIRECTORY = "-"
CALENDAR = "live-events"
EVENTS_PER_PAGE = 25
LONGEST_HOLDER = len("company#") + 64
PLACE_LENGTH = 13  # characters of base32: 65 bits
REQUESTS_PER_HOUR = 20
SUPPORT_REQUESTS_LAST = timedelta(days=90)
NEVER_AGAIN = datetime.max.replace(tzinfo=UTC)
_CERTIFICATE_ID = re.compile(r"[a-z2-7]{26}")
_TRAINING: TypeAdapter[Training] = TypeAdapter(Training)
_ISSUE = TypeAdapter(Issue)
_REVOCATION = TypeAdapter(Revocation)
_HOLD = TypeAdapter(Hold)
_LOGO = TypeAdapter(LogoReference)
_FAILURES = TypeAdapter(tuple[Failure, ...])
MOST_FAILURES_KEPT = 100


class Closed(Exception):
    """The enrollment has its certificate or was removed; there is nothing left to record."""


class EnrollmentTaken(Exception):
    """The enrollment id already belongs to another account."""


class Changed(Exception):
    """The record is no longer what was evaluated; read it again."""


class _ByHolder(GlobalSecondaryIndex["Row"]):
    class Meta:
        index_name = "by-holder"
        projection = KeysOnlyProjection()

    holder = UnicodeAttribute(hash_key=True, attr_name="h")
    sk = UnicodeAttribute(range_key=True)


class _ByTraining(GlobalSecondaryIndex["Row"]):
    class Meta:
        index_name = "by-training"
        projection = KeysOnlyProjection()

    training = UnicodeAttribute(hash_key=True, attr_name="t")
    sk = UnicodeAttribute(range_key=True)


class _ByEmail(GlobalSecondaryIndex["Row"]):
    class Meta:
        index_name = "by-email"
        projection = KeysOnlyProjection()

    email_code = UnicodeAttribute(hash_key=True)


class _ByCalendar(GlobalSecondaryIndex["Row"]):
    class Meta:
        index_name = "by-calendar"
        projection = KeysOnlyProjection()

    calendar = UnicodeAttribute(hash_key=True)
    ends = UnicodeAttribute(range_key=True)


class Row(Model):
    """An item of the records table; what it is stands before the `#` of its partition key."""

    class Meta:
        table_name = ""
        connect_timeout_seconds = 2
        read_timeout_seconds = 3
        max_retry_attempts = 3

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    by_holder = _ByHolder()
    by_training = _ByTraining()
    by_email = _ByEmail()
    by_calendar = _ByCalendar()

    @classmethod
    def from_raw_data(cls, data: dict[str, Any]) -> "Row":
        """Make the row that the key says it is, so that one batch read returns all kinds."""
        kind, _, _ = data["pk"]["S"].partition("#")
        row: Row = _ROWS[kind]._instantiate(data)
        return row


class CompletionRow(Row):
    """A completion; attribute names are short because every byte of it is paid with each fact.

    Its place is told by its enrollment's id and by its certificate's, which begins with it; its sort key is the account
    and the enrollment; who holds it is its company, or its account while it has none.
    """

    facts = BinarySetAttribute(attr_name="f", legacy_encoding=False)
    holder = UnicodeAttribute(attr_name="h", null=True)
    training = UnicodeAttribute(attr_name="t", null=True)
    certificate = UnicodeAttribute(attr_name="c", null=True)
    version = NumberAttribute(attr_name="v", null=True)
    enrolled = NumberAttribute(attr_name="e", null=True)
    removed = NumberAttribute(attr_name="r", null=True)
    removed_by = UnicodeAttribute(null=True)
    account_known = BooleanAttribute(attr_name="k", null=True)
    revision = NumberAttribute(null=True)
    issue = UnicodeAttribute(null=True)
    revocation = UnicodeAttribute(null=True)
    hold = UnicodeAttribute(null=True)

    @property
    def key(self) -> Key:
        """Enrollment and account."""
        return _key_of(self)

    def completion(self) -> Completion:
        """The domain's view of this row."""
        enrollment_id, account_id = self.key
        return Completion(
            enrollment_id=enrollment_id,
            account_id=account_id,
            evidence=frozenset(self.facts or ()),
            training_id=self.training,
            training_version=_whole(self.version),
            company_id=_company_of(self.holder or ""),
            certificate_id=self.certificate,
            enrolled_at=_moment(self.enrolled),
            removed_at=_moment(self.removed),
            removed_by=self.removed_by,
            account_known=bool(self.account_known),
            issue=_unpacked(self.issue, int(self.revision), self.certificate) if self.issue else None,
            revocation=_REVOCATION.validate_json(self.revocation) if self.revocation else None,
            hold=_HOLD.validate_json(self.hold) if self.hold else None,
        )


class TrainingRow(Row):
    """A course's newest version or a live event's latest schedule, and when it was last cancelled.

    A live event is on the calendar as long as somebody may wait for their mark.
    """

    version = NumberAttribute(null=True)
    cancelled = NumberAttribute(null=True)
    body = UnicodeAttribute(null=True)
    calendar = UnicodeAttribute(null=True)
    ends = UnicodeAttribute(null=True)

    def training(self) -> Training | None:
        """The domain's view; None while only a cancellation has arrived."""
        return _training_from(self.body, int(self.version), _whole(self.cancelled)) if self.body else None


class AccountRow(Row):
    """An account; `saved` and `removed` are the times of the events that said so.

    `companies` are all that may hold an enrollment of its: a set that only grows.
    """

    saved = NumberAttribute(null=True)
    removed = NumberAttribute(null=True)
    kind = UnicodeAttribute(null=True)
    name = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    email_code = UnicodeAttribute(null=True)
    company = UnicodeAttribute(null=True)
    companies = UnicodeSetAttribute(null=True)
    language = UnicodeAttribute(null=True)

    def account(self) -> Account | None:
        """The domain's view; None while only a removal has arrived."""
        if self.saved is None:
            return None
        return Account(
            account_id=self.pk.removeprefix("account#"),
            kind=Role(self.kind),
            name=self.name or "",  # none is left of one that was erased
            email=self.email or "",
            company_id=self.company,
            language=self.language or "en",
            removed=self.removed is not None,
        )


class CompanyRow(Row):
    """A company; `saved` is the time of the event that said so."""

    saved = NumberAttribute()
    name = UnicodeAttribute()
    logo = UnicodeAttribute(null=True)

    def company(self) -> Company:
        """The domain's view."""
        logo = _LOGO.validate_json(self.logo) if self.logo else None
        return Company(self.pk.removeprefix("company#"), self.name, logo, _moment(self.saved))


class ExportRow(Row):
    """A company export; the table forgets it some time after `expires`, in seconds since 1970."""

    export_id = UnicodeAttribute()
    requested = NumberAttribute()
    expires = NumberAttribute()
    runner = UnicodeAttribute(null=True)
    busy_until = NumberAttribute(null=True)
    finished = NumberAttribute(null=True)
    files = NumberAttribute(null=True)
    failures = UnicodeAttribute(null=True)

    def export(self) -> Export:
        """The domain's view."""
        _, company_id, account_id = self.pk.split("#", 2)
        return Export(
            company_id=company_id,
            account_id=account_id,
            number=int(self.sk),
            export_id=self.export_id,
            requested_at=moment(int(self.requested)),
            busy_until=_moment(self.busy_until),
            finished_at=_moment(self.finished),
            count=int(self.files or 0),
            failures=_FAILURES.validate_json(self.failures) if self.failures else (),
        )


class SweepRow(Row):
    """How far the sweep is in its turn; the position is that of the record it saw last."""

    began = NumberAttribute()
    before = NumberAttribute(null=True)
    after_pk = UnicodeAttribute(null=True)
    after_sk = UnicodeAttribute(null=True)

    def turn(self) -> Turn:
        """The domain's view."""
        after = (self.after_pk, self.after_sk) if self.after_pk is not None else None
        return Turn(moment(int(self.began)), _moment(self.before), after)


class AccessRow(Model):
    """One download link that was handed out; an export's stands under `exports/` and its id, without a revision."""

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
    revision = NumberAttribute(null=True)


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


_ROWS = {
    "enrollment": CompletionRow,
    "training": TrainingRow,
    "account": AccountRow,
    "company": CompanyRow,
    "export": ExportRow,
    "sweep": SweepRow,
}


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


def spare(completion: Completion, facts: Iterable[bytes]) -> None:
    """Take facts out of a record that say nothing new, unless it has its certificate by now: they are its evidence."""
    row = _completion_row(completion.enrollment_id, completion.account_id)
    _update_unless(row, [CompletionRow.facts.delete(set(facts))], CompletionRow.issue.does_not_exist())


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
    if existing is not None and existing.issue is not None:
        return existing  # told once more: what was printed and announced of its certificate stays as it was
    row = _completion_row(completion.enrollment_id, completion.account_id)
    values: list[tuple[Attribute[Any], Any]] = [
        (CompletionRow.training, completion.training_id),
        (CompletionRow.certificate, new_certificate_id(completion.enrollment_id)),
        (CompletionRow.enrolled, _since_1970(completion.enrolled_at)),
        (CompletionRow.version, completion.training_version),
        (CompletionRow.account_known, completion.account_known or None),
    ]
    actions: list[Action] = [name.set(name | value) for name, value in values if value is not None]
    actions.append(_holding(existing or completion, completion.company_id))
    try:
        _update(row, actions, CompletionRow.issue.does_not_exist())
    except Changed:
        return enroll(completion)  # issued since it was read
    return row.completion()


def enrollment(enrollment_id: str) -> Completion | None:
    """The record of an enrollment, strongly consistent, or None while there is no such enrollment."""
    return next((one for one in _at(_place(enrollment_id)) if one.enrollment_id == enrollment_id), None)


def _at(place: str) -> Iterator[Completion]:
    """The enrollments at a place: more than one only if their ids share 65 bits of a hash."""
    rows = CompletionRow.query(f"enrollment#{place}", consistent_read=True)
    return (row.completion() for row in rows if row.enrolled is not None)


def note_company(account_id: str, company_id: str) -> None:
    """Note that a company may hold enrollments of an account, before one does: where else would they be looked for?"""
    _update(AccountRow(f"account#{account_id}", DIRECTORY), [AccountRow.companies.add({company_id})])


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
        actions.append(_holding(completion, account.company_id))
    row = _completion_row(completion.enrollment_id, completion.account_id)
    _update(row, actions, condition, otherwise=Changed)
    return row.completion()


def issue(completion: Completion, issued: Issue) -> None:
    """Issue the certificate, or the revision that supersedes it, in one conditional update (DESIGN §3); ends a hold.

    Raises `Changed` unless the record still stands, and has exactly the facts and the certificate of `completion`.
    """
    actions = [
        CompletionRow.revision.set(issued.revision),
        CompletionRow.issue.set(_packed(issued)),
        CompletionRow.revocation.remove(),
        CompletionRow.hold.remove(),
    ]
    row = _completion_row(completion.enrollment_id, completion.account_id)
    _update(row, actions, _unchanged(completion), otherwise=Changed)


def revoke(completion: Completion, revocation: Revocation) -> None:
    """Revoke the certificate; raises `Changed` as `issue` does (L2)."""
    action = CompletionRow.revocation.set(_json(_REVOCATION, revocation))
    row = _completion_row(completion.enrollment_id, completion.account_id)
    _update(row, [action], _unchanged(completion), otherwise=Changed)


def hold(completion: Completion, held: Hold) -> None:
    """Note why the certificate is held; raises `Changed` as `issue` does, or when another hold was noted meanwhile."""
    same_hold = CompletionRow.hold.exists() if completion.hold else CompletionRow.hold.does_not_exist()
    row = _completion_row(completion.enrollment_id, completion.account_id)
    _update(row, [CompletionRow.hold.set(_json(_HOLD, held))], _unchanged(completion) & same_hold, otherwise=Changed)


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
    asked = list(dict.fromkeys(keys))
    rows = _batch_get([row_key(*key) for key in asked])
    found = {row.key: row.completion() for row in rows if isinstance(row, CompletionRow)}
    return [found[key] for key in asked if key in found]


def cases(completions: Sequence[Completion]) -> list[Case]:
    """What each completion is judged by, read together and consistently."""
    directory = _Directory(_batch_get(_directory_keys(completions)))
    return [directory.case(completion) for completion in completions]


class Reading:
    """All that is needed to judge some enrollments, as of one consistent batch read.

    The ids of training and company in `hints` save a request: where a record says otherwise, the record is right.
    """

    def __init__(self, hints: Sequence[Completion]) -> None:
        records = dict.fromkeys(row_key(one.enrollment_id, one.account_id) for one in hints)
        rows = _batch_get([*records, *_directory_keys(hints)])
        self._records = {(row.pk, row.sk): row for row in rows if isinstance(row, CompletionRow)}
        self._directory = _Directory(rows)

    def case(self, hint: Completion) -> Case | None:
        """What a hint's enrollment is judged by, or None when there is no such record."""
        row = self._records.get(row_key(hint.enrollment_id, hint.account_id))
        if row is None:
            return None
        record = row.completion()
        if (record.training_id, record.company_id) != (hint.training_id, hint.company_id):
            return cases([record])[0]
        return self._directory.case(record)


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
    """The next `limit` enrollments of an account after a position, in the order of their ids.

    After a position among another's there are none; DynamoDB does not even take it.
    """
    if after is not None and after[1] != account_id:
        return []
    account = next(iter(_batch_get([(f"account#{account_id}", DIRECTORY)])), None)
    companies = account.companies if isinstance(account, AccountRow) else None
    own = Row.sk.startswith(f"{account_id}#")
    holders = [_holder(account_id, None), *(_holder(account_id, company_id) for company_id in sorted(companies or ()))]
    return sorted(key for holder in holders for key in _page(Row.by_holder, "h", holder, after, limit, own))[:limit]


def keys_of_company(company_id: str, after: Key | None, limit: int) -> list[Key]:
    """The next `limit` enrollments of a company's people after a position, one person after the other."""
    return _page(Row.by_holder, "h", _holder("", company_id), after, limit)


def keys_of_training(training_id: str, after: Key | None, limit: int) -> list[Key]:
    """The next `limit` enrollments in a training after a position, one person after the other."""
    return _page(Row.by_training, "t", training_id, after, limit)


def _page(
    index: _ByHolder | _ByTraining, name: str, value: str, after: Key | None, limit: int, only: Condition | None = None
) -> list[Key]:
    if len(value) > LONGEST_HOLDER:
        return []
    pk, sk = row_key(*after) if after else ("", "")
    start = {name: {"S": value}, "pk": {"S": pk}, "sk": {"S": sk}} if after else None
    return [_key_of(row) for row in index.query(value, only, last_evaluated_key=start, limit=limit, page_size=limit)]


def certificate(certificate_id: str) -> Case | None:
    """The record and the account behind a certificate id, strongly consistent, or None."""
    if not _CERTIFICATE_ID.fullmatch(certificate_id):
        return None
    found = (one for one in _at(certificate_id[:PLACE_LENGTH]) if one.certificate_id == certificate_id)
    record = next(found, None)
    if record is None:
        return None
    return _Directory(_batch_get([(f"account#{record.account_id}", DIRECTORY)])).case(record)


def company(company_id: str) -> Company | None:
    """A company, strongly consistent, or None while the portal has not announced it."""
    row = next(iter(_batch_get([(f"company#{company_id}", DIRECTORY)])), None)
    return row.company() if isinstance(row, CompanyRow) else None


def account(account_id: str) -> Account | None:
    """An account, strongly consistent, or None while the portal has not announced it."""
    row = next(iter(_batch_get([(f"account#{account_id}", DIRECTORY)])), None)
    return row.account() if isinstance(row, AccountRow) else None


def save_company(company: Company, at: datetime) -> None:
    """Keep a company unless a later event was kept already."""
    actions = [
        CompanyRow.saved.set(milliseconds(at)),
        CompanyRow.name.set(company.name),
        CompanyRow.logo.set(_json(_LOGO, company.logo)) if company.logo else CompanyRow.logo.remove(),
    ]
    _keep(CompanyRow(f"company#{company.company_id}", DIRECTORY), actions, CompanyRow.saved, at)


def save_account(account: Account, at: datetime) -> None:
    """Keep an account unless a later event was kept already."""
    actions: list[Action] = [
        AccountRow.saved.set(milliseconds(at)),
        AccountRow.kind.set(account.kind.value),
        AccountRow.name.set(account.name),
        AccountRow.email.set(account.email),
        AccountRow.email_code.set(email_code(account.email)),
        AccountRow.language.set(account.language),
        AccountRow.company.set(account.company_id) if account.company_id else AccountRow.company.remove(),
    ]
    if account.company_id:
        actions.append(AccountRow.companies.add({account.company_id}))
    _keep(AccountRow(f"account#{account.account_id}", DIRECTORY), actions, AccountRow.saved, at)


def remove_account(account_id: str, at: datetime) -> None:
    """Remove an account for good, also before it is known."""
    row = AccountRow(f"account#{account_id}", DIRECTORY)
    _update(row, [AccountRow.removed.set(AccountRow.removed | milliseconds(at))])


def close_account(account_id: str, at: datetime) -> Account | None:
    """Remove an account for good and keep nothing that is said of it later, whatever its time; who it was stays.

    That is returned, so that its traces can be found, until `forget_account`.
    """
    row = AccountRow(f"account#{account_id}", DIRECTORY)
    actions = [
        AccountRow.removed.set(AccountRow.removed | milliseconds(at)),
        AccountRow.saved.set(milliseconds(NEVER_AGAIN)),
        AccountRow.kind.set(AccountRow.kind | Role.INDIVIDUAL.value),
    ]
    _update(row, actions)
    return row.account()


def forget_account(account_id: str) -> None:
    """Keep of an account that it was removed, and not who it was; raises `Changed` unless it was closed before."""
    named = (AccountRow.name, AccountRow.email, AccountRow.email_code, AccountRow.language)
    closed = AccountRow.saved == milliseconds(NEVER_AGAIN)
    _update(AccountRow(f"account#{account_id}", DIRECTORY), [one.remove() for one in named], closed)


def forget_holder(completion: Completion) -> None:
    """Keep of a removed enrollment's certificate that it was issued and when, and not what it said of its holder.

    Nor its hash: whoever guessed the name could prove it by that. Raises `Changed` unless the enrollment was removed.
    """
    if completion.issue is None:
        return
    printed = replace(completion.issue.printed, holder="", company=None)
    nameless = replace(completion.issue, printed=printed, document_sha256="", reason=None)
    row = _completion_row(completion.enrollment_id, completion.account_id)
    _update(row, [CompletionRow.issue.set(_packed(nameless))], CompletionRow.removed.exists())


def save_training(training: Training) -> None:
    """Keep a course version or a schedule, also as the newest unless a newer one was kept already."""
    actions = [TrainingRow.version.set(training.version), TrainingRow.body.set(_json(_TRAINING, training))]
    _update_unless(_archived(training.training_id, training.version), actions, TrainingRow.version.does_not_exist())
    newest = TrainingRow.version.does_not_exist() | (TrainingRow.version < training.version)
    _update_unless(_training_row(training.training_id), actions + _on_calendar(training), newest)


def cancel_live_event(live_event_id: str, at: datetime) -> None:
    """Keep the time of the latest cancellation, also before the event is known."""
    _keep(_training_row(live_event_id), [TrainingRow.cancelled.set(milliseconds(at))], TrainingRow.cancelled, at)


def ended_events(now: datetime, after: Key | None = None) -> Iterator[tuple[Key, LiveEvent]]:
    """The live events on the calendar that ended before `now`, oldest first, each with its position.

    An event that was rescheduled a moment ago may still stand where it was; its own times are those that count.
    """
    while True:
        page = _calendar_page(after, EVENTS_PER_PAGE)
        ended = [position for position in page if position[0] < _sortable(now)]
        known = trainings([live_event_id for _, live_event_id in ended])
        for position in ended:
            event = known.get(position[1])
            if isinstance(event, LiveEvent):
                yield position, event
        if len(ended) < EVENTS_PER_PAGE:
            return
        after = ended[-1]


def _calendar_page(after: Key | None, limit: int) -> list[Key]:
    start = after and {
        "calendar": {"S": CALENDAR},
        "ends": {"S": after[0]},
        "pk": {"S": f"training#{after[1]}"},
        "sk": {"S": DIRECTORY},
    }
    rows = Row.by_calendar.query(CALENDAR, last_evaluated_key=start, limit=limit, page_size=limit)
    return [(row.ends, row.pk.removeprefix("training#")) for row in rows if isinstance(row, TrainingRow)]


def close_event(event: LiveEvent) -> None:
    """Take an ended event for which nobody waits off the calendar, unless it was rescheduled meanwhile."""
    unchanged = TrainingRow.ends == _sortable(event.ends_at)
    _update_unless(_training_row(event.live_event_id), [TrainingRow.calendar.remove()], unchanged)


def reopen_event(event: LiveEvent) -> None:
    """Put an event back on the calendar if it is not there."""
    closed = TrainingRow.ends.exists() & TrainingRow.calendar.does_not_exist()
    _update_unless(_training_row(event.live_event_id), [TrainingRow.calendar.set(CALENDAR)], closed)


def _on_calendar(training: Training) -> list[Action]:
    if isinstance(training, Course):
        return []
    return [TrainingRow.calendar.set(CALENDAR), TrainingRow.ends.set(_sortable(training.ends_at))]


def _training_row(training_id: str) -> TrainingRow:
    return TrainingRow(f"training#{training_id}", DIRECTORY)


def trainings(training_ids: Iterable[str]) -> dict[str, Training]:
    """Trainings as they stand, strongly consistent, by id; unknown ones are left out."""
    rows = _batch_get([(f"training#{training_id}", DIRECTORY) for training_id in dict.fromkeys(training_ids)])
    found = ((row.pk.removeprefix("training#"), row.training()) for row in rows if isinstance(row, TrainingRow))
    return {training_id: training for training_id, training in found if training is not None}


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
        position_of(request),
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


def forget_support_request(request: SupportRequest) -> None:
    """Delete a support request; one that is gone already is gone."""
    SupportRow("request", position_of(request)).delete()


def position_of(request: SupportRequest) -> str:
    """Where a support request stands among all: its time and id."""
    return f"{request.at.isoformat(timespec='milliseconds')}#{request.request_id}"


def exports_of(company_id: str, account_id: str) -> list[Export]:
    """The exports of a company that one admin asked for within a day or two, strongly consistent, oldest first."""
    return [row.export() for row in ExportRow.query(_export_key(company_id, account_id), consistent_read=True)]


def add_export(export: Export) -> None:
    """Record an export; raises `Changed` when this admin has one of the same number already."""
    row = _export_row(
        export,
        export_id=export.export_id,
        requested=milliseconds(export.requested_at),
        expires=int(export.expires_at.timestamp()),
    )
    try:
        row.save(ExportRow.pk.does_not_exist())
    except PynamoDBException as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            raise Changed from error
        raise


def take_export(export: Export, runner: str, now: datetime, until: datetime) -> None:
    """Note who works on an export, and until when; raises `Changed` while another runner does, or once it is done."""
    free = ExportRow.busy_until.does_not_exist() | (ExportRow.busy_until <= milliseconds(now))
    condition = ExportRow.export_id.exists() & ExportRow.finished.does_not_exist()
    actions = [ExportRow.runner.set(runner), ExportRow.busy_until.set(milliseconds(until))]
    _update(_export_row(export), actions, condition & (free | (ExportRow.runner == runner)))


def leave_export(export: Export, count: int, now: datetime) -> None:
    """Note how many files an export has so far, and that nobody works on it."""
    actions = [ExportRow.files.set(count), ExportRow.busy_until.set(milliseconds(now))]
    _update(_export_row(export), actions, ExportRow.export_id.exists())


def finish_export(export: Export, count: int, failures: Sequence[Failure], now: datetime) -> None:
    """Note that an export is done and what came of it; the first to say so is right."""
    actions = [
        ExportRow.finished.set(milliseconds(now)),
        ExportRow.files.set(count),
        ExportRow.failures.set(_json(_FAILURES, tuple(failures[:MOST_FAILURES_KEPT]))),
    ]
    _update_unless(_export_row(export), actions, ExportRow.export_id.exists() & ExportRow.finished.does_not_exist())


def _export_row(export: Export, **values: Any) -> ExportRow:
    return ExportRow(_export_key(export.company_id, export.account_id), f"{export.number:09}", **values)


def _export_key(company_id: str, account_id: str) -> str:
    return f"export#{company_id}#{account_id}"


def scan(after: Key | None, limit: int) -> tuple[list[Completion], list[str], Key | None]:
    """The completions among the table's next `limit` items, in its own order, and where to go on; None at the end.

    Between them are the enrollments whose records this release cannot read, as a later one may have written them.
    Eventually consistent, and so at half the price: what seems wrong has to be read again.
    """
    start = after and {"pk": {"S": after[0]}, "sk": {"S": after[1]}}
    only = Row.pk.startswith("enrollment#")
    pages = CompletionRow.scan(only, page_size=limit, last_evaluated_key=start).page_iter
    found = [CompletionRow.from_raw_data(item) for item in next(pages)["Items"]]
    last = pages.last_evaluated_key
    completions, unreadable = [], []
    for row in found:
        try:
            completions += [row.completion()] if isinstance(row, CompletionRow) else []
        except ValueError:
            unreadable.append(_key_of(row)[0])
    return completions, unreadable, (last["pk"]["S"], last["sk"]["S"]) if last else None


def turn() -> Turn | None:
    """How far the sweep is, or None before its first run."""
    row = next(iter(_batch_get([("sweep#turn", DIRECTORY)])), None)
    return row.turn() if isinstance(row, SweepRow) else None


def save_turn(turn: Turn) -> None:
    """Keep how far the sweep is; several at once may overwrite each other, which makes one of them repeat itself."""
    after_pk, after_sk = turn.after or (None, None)
    values: list[tuple[Attribute[Any], Any]] = [
        (SweepRow.began, milliseconds(turn.began)),
        (SweepRow.before, _since_1970(turn.before)),
        (SweepRow.after_pk, after_pk),
        (SweepRow.after_sk, after_sk),
    ]
    actions = [name.remove() if value is None else name.set(value) for name, value in values]
    _update(SweepRow("sweep#turn", DIRECTORY), actions)


def log_access(
    what: str, revision: int | None, account_id: str, role: str, company_id: str | None, at: datetime
) -> None:
    """Keep who is about to get a download link of what; raises when it cannot be kept."""
    stamp = f"{at.isoformat(timespec='milliseconds')}#{secrets.token_hex(4)}"
    AccessRow(what, stamp, account=account_id, role=role, company=company_id, revision=revision).save()


def new_certificate_id(enrollment_id: str) -> str:
    """26 lower-case base32 characters: the record's place, and 65 random bits, printable and not guessable."""
    return _place(enrollment_id) + _base32(secrets.token_bytes(9))


def _place(enrollment_id: str) -> str:
    return _base32(hashlib.sha256(enrollment_id.encode()).digest())


def _base32(data: bytes) -> str:
    return b32encode(data).decode().lower()[:PLACE_LENGTH]


def row_key(enrollment_id: str, account_id: str) -> Key:
    """Partition key and sort key of a completion."""
    return f"enrollment#{_place(enrollment_id)}", f"{account_id}#{enrollment_id}"


def _key_of(row: Row) -> Key:
    account_id, _, enrollment_id = row.sk.partition("#")
    return enrollment_id, account_id


def _completion_row(enrollment_id: str, account_id: str) -> CompletionRow:
    return CompletionRow(*row_key(enrollment_id, account_id))


def _holder(account_id: str, company_id: str | None) -> str:
    return f"account#{account_id}" if company_id is None else f"company#{company_id}"


def _company_of(holder: str) -> str | None:
    return holder.removeprefix("company#") if holder.startswith("company#") else None


def _holding(completion: Completion, company_id: str | None) -> Action:
    """A record goes to the first company it is told of, and stays there."""
    holder = _holder(completion.account_id, company_id)
    if completion.company_id is None and company_id is not None:
        return CompletionRow.holder.set(holder)
    return CompletionRow.holder.set(CompletionRow.holder | holder)


def _packed(issue: Issue) -> str:
    """An issue without what its row says already."""
    known: Any = {"revision": True, "printed": {"certificate_id"}}
    return _ISSUE.dump_json(issue, exclude_defaults=True, exclude=known).decode()


def _unpacked(packed: str, revision: int, certificate_id: str) -> Issue:
    body = json.loads(packed)
    printed = body["printed"] | {"certificate_id": certificate_id}
    return _ISSUE.validate_python(body | {"revision": revision, "printed": printed})


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


def _sortable(at: datetime) -> str:
    """A time as text that sorts like it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


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
