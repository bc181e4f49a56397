"""Completion records: one item per enrollment and account."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from pynamodb.attributes import (
    Attribute,
    BinaryAttribute,
    BinarySetAttribute,
    BooleanAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.update import Action

from earned.aws.dynamodb import issuances, proofs
from earned.aws.dynamodb.enrollment_keys import (
    company_of,
    holder_key,
    key_of,
    new_certificate_id,
    partition_of,
    row_key,
)
from earned.aws.dynamodb.table import (
    RecordChanged,
    Row,
    batch_get,
    stored_as,
    to_json,
    update,
    update_if,
    whole,
)
from earned.domain.certificate import Hold, Issuance, Revocation
from earned.domain.enrollment import CompletionRecord, EarlyFacts, Enrollment, EnrollmentKey, Removal
from earned.domain.people import Account
from earned.domain.timestamps import from_milliseconds, to_milliseconds

MAX_FACTS = 6_000  # a record of so many is evaluated in 50 ms
# By bytes of the largest (most marks have up to 256, all other facts 48); together less than the 400 KB of an item.
MAX_FACTS_BY_SIZE = {48: MAX_FACTS, 256: 100, 6_000: 8}
_REVOCATION = TypeAdapter(Revocation)
_HOLD = TypeAdapter(Hold)


class RecordClosed(Exception):
    """The certificate is issued or the enrollment is removed, so facts are no longer recorded."""


class RecordFull(Exception):
    """The facts do not fit the record, which stays as it is."""


class EnrollmentTaken(Exception):
    """The enrollment id already belongs to another account."""


class EnrollmentIsRemoved(Exception):
    """The enrollment was removed before the event."""


class EnrollmentDiffers(Exception):
    """The enrollment is recorded with another training or company; `field` is the one of its event that differs."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@stored_as("enrollment")
class CompletionRow(Row):
    """A completion record; attribute names are short because each written fact pays for every byte of the item.

    The partition key is a hash of the enrollment's id, and the certificate's id begins with that hash. The sort key is
    the account and the enrollment. The holder is the company, or the account while there is no company.
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
    issue = BinaryAttribute(null=True, legacy_encoding=False)
    proof = BinaryAttribute(attr_name="p", null=True, legacy_encoding=False)
    revocation = UnicodeAttribute(null=True)
    hold = UnicodeAttribute(null=True)

    @property
    def key(self) -> EnrollmentKey:
        return key_of(self)

    @property
    def removal(self) -> Removal | None:
        if self.removed is None:
            return None
        return Removal(from_milliseconds(int(self.removed)), self.removed_by)

    def record(self) -> CompletionRecord | EarlyFacts:
        evidence = frozenset(self.facts or ())
        if self.enrolled is None:
            return EarlyFacts(self.key, evidence)
        return CompletionRecord(
            enrollment_id=self.key.enrollment_id,
            account_id=self.key.account_id,
            training_id=self.training,
            certificate_id=self.certificate,
            enrolled_at=from_milliseconds(int(self.enrolled)),
            evidence=evidence,
            training_version=whole(self.version),
            company_id=company_of(self.holder),
            account_known=bool(self.account_known),
            removal=self.removal,
            issue=issuances.unpack(self.issue, self.revision, self.certificate, self.proof),
            revocation=_REVOCATION.validate_json(self.revocation) if self.revocation else None,
            hold=_HOLD.validate_json(self.hold) if self.hold else None,
        )


def record_progress(key: EnrollmentKey, facts: Collection[bytes]) -> CompletionRecord | EarlyFacts:
    """Add facts and return the whole record after that, in one request.

    Raises `RecordClosed` once the certificate is issued or the enrollment removed, and `RecordFull`.
    """
    return _add(key, frozenset(facts), CompletionRow.removed.does_not_exist() & CompletionRow.issue.does_not_exist())


def record_attendance(key: EnrollmentKey, facts: Collection[bytes]) -> CompletionRecord | EarlyFacts:
    """Add marks, also after issue (L2), in one request.

    Raises `RecordClosed` once the enrollment is removed, and `RecordFull`.
    """
    return _add(key, frozenset(facts), CompletionRow.removed.does_not_exist())


def remove_facts(record: CompletionRecord, facts: Collection[bytes]) -> None:
    """Remove redundant facts; a no-op once the certificate is issued, because they are its evidence."""
    update_if(_row(record.key), [CompletionRow.facts.delete(set(facts))], CompletionRow.issue.does_not_exist())


def _add(key: EnrollmentKey, facts: frozenset[bytes], is_open: Condition) -> CompletionRecord | EarlyFacts:
    """A refused update is explained by one read; an accepted one needs none."""
    room = _room_for(facts)
    if room < 0:
        raise RecordFull
    row = _row(key)
    has_room = CompletionRow.facts.does_not_exist() | (size(CompletionRow.facts) <= room)
    try:
        update(row, [CompletionRow.facts.add(set(facts))], is_open & has_room)
    except RecordChanged as refusal:
        return _explain_refusal(key, facts, is_open, refusal)
    return row.record()


def _room_for(facts: frozenset[bytes]) -> int:
    """How many facts a record may have before these are added; negative if they never fit."""
    largest = max(map(len, facts))
    return next((most for limit, most in MAX_FACTS_BY_SIZE.items() if largest <= limit), 0) - len(facts)


def _explain_refusal(
    key: EnrollmentKey, facts: frozenset[bytes], is_open: Condition, refusal: RecordChanged
) -> CompletionRecord | EarlyFacts:
    """The record if it has the facts already, from an earlier delivery; else raises why it takes none."""
    partition, sort_key = row_key(key)
    rows = CompletionRow.query(partition, Row.sk == sort_key, is_open, consistent_read=True)
    record = next((row.record() for row in rows), None)
    if record is None:
        raise RecordClosed from refusal
    if not facts <= record.evidence:
        raise RecordFull from refusal
    return record


def enroll(
    enrollment: Enrollment,
    training_version: int | None,
    *,
    account_known: bool,
    account_company: str | None = None,
) -> CompletionRecord:
    """Record an enrollment and return it with the facts that arrived before it; idempotent.

    An enrollment that names no company gets that of its account, once the account is known; it does not change.

    Raises `EnrollmentTaken` when another account has this enrollment id, `EnrollmentDiffers` when it is recorded with
    another training or company, and `EnrollmentIsRemoved` when it was removed before `enrolled_at`.
    """
    found = _get_rows(enrollment.key.enrollment_id)
    existing = next(_only_known(row.record() for row in found), None)
    removal = next((row.removal for row in found if row.key == enrollment.key), None)
    if removal is not None and removal.at < enrollment.enrolled_at:
        raise EnrollmentIsRemoved
    if existing is not None:
        _check_unchanged(existing, enrollment)
        if existing.issue is not None:
            return existing  # an issued certificate keeps its content and announcements
    is_decided = existing is not None and _has_company_decided(existing)
    recorded = existing.company_id if existing is not None else None
    named = enrollment.company_id or account_company
    row = _row(enrollment.key)
    values: list[tuple[Attribute[Any], Any]] = [
        (CompletionRow.training, enrollment.training_id),
        (CompletionRow.certificate, new_certificate_id(enrollment.key.enrollment_id)),
        (CompletionRow.enrolled, to_milliseconds(enrollment.enrolled_at)),
        (CompletionRow.version, training_version),
        (CompletionRow.account_known, account_known or None),
    ]
    actions: list[Action] = [name.set(name | value) for name, value in values if value is not None]
    actions.append(_set_holder_once(enrollment.key, recorded, recorded if is_decided else named))
    unchanged = CompletionRow.issue.does_not_exist()
    if existing is None:
        unchanged &= CompletionRow.enrolled.does_not_exist()
    try:
        update(row, actions, unchanged)
    except RecordChanged:  # enrolled or issued since it was read
        return enroll(enrollment, training_version, account_known=account_known, account_company=account_company)
    return _known(row)


def _check_unchanged(existing: CompletionRecord, enrollment: Enrollment) -> None:
    if existing.account_id != enrollment.key.account_id:
        raise EnrollmentTaken
    if existing.training_id != enrollment.training_id:
        raise EnrollmentDiffers("training_id")
    is_other = enrollment.company_id not in {None, existing.company_id}
    if is_other and _has_company_decided(existing):
        raise EnrollmentDiffers("company_id")


def _has_company_decided(existing: CompletionRecord) -> bool:
    return existing.company_id is not None or existing.account_known


def get_record(enrollment_id: str) -> CompletionRecord | None:
    return next(_only_known(row.record() for row in _get_rows(enrollment_id)), None)


def get_removal(key: EnrollmentKey) -> Removal | None:
    return next((row.removal for row in _get_rows(key.enrollment_id) if row.key == key), None)


def _get_rows(enrollment_id: str) -> list[CompletionRow]:
    rows = CompletionRow.query(f"enrollment#{partition_of(enrollment_id)}", consistent_read=True)
    return [row for row in rows if row.key.enrollment_id == enrollment_id]


def list_partition(partition: str) -> Iterator[CompletionRecord]:
    """More than one enrollment only if their ids share 65 bits of a hash."""
    rows = CompletionRow.query(f"enrollment#{partition}", consistent_read=True)
    return _only_known(row.record() for row in rows)


def withdraw(key: EnrollmentKey, at: datetime, request: str) -> CompletionRecord | EarlyFacts | None:
    """Remove an enrollment for good, also before it is known; of several removals, the earliest counts (A5, I4).

    None if an earlier removal is recorded.
    """
    row, removed = _row(key), to_milliseconds(at)
    removal = [CompletionRow.removed.set(removed), CompletionRow.removed_by.set(request)]
    is_earliest = CompletionRow.removed.does_not_exist() | (CompletionRow.removed >= removed)
    try:
        update(row, removal, is_earliest)
    except RecordChanged:
        return None
    return row.record()


def note_training_version(
    record: CompletionRecord, training_version: int | None, account: Account | None
) -> CompletionRecord:
    """Record the training version that the record is evaluated by, and its company once the account is known.

    DynamoDB serializes this update and every recorded fact on the item, so the later one sees the earlier one.
    Raises `RecordChanged` when a newer version was recorded meanwhile: the function that did so evaluates the record.
    """
    actions: list[Action] = []
    condition = CompletionRow.enrolled.exists()
    if training_version is not None:
        actions.append(CompletionRow.version.set(training_version))
        condition &= CompletionRow.version.does_not_exist() | (CompletionRow.version <= training_version)
    if account is not None and not record.account_known:
        actions.append(CompletionRow.account_known.set(True))
        actions.append(_set_holder_once(record.key, record.company_id, account.company_id))
    row = _row(record.key)
    update(row, actions, condition, otherwise=RecordChanged)
    return _known(row)


def issue(record: CompletionRecord, issued: Issuance) -> None:
    """Issue a first or superseding revision in one conditional update, and end a hold (docs/design.md §3).

    Raises `RecordChanged` unless the enrollment is active and has exactly the facts and certificate of `record`.
    """
    actions = [
        CompletionRow.revision.set(issued.revision),
        CompletionRow.issue.set(issuances.pack(issued)),
        _set_proof(issued),
        CompletionRow.revocation.remove(),
        CompletionRow.hold.remove(),
    ]
    row = _row(record.key)
    update(row, actions, _unchanged(record), otherwise=RecordChanged)


def revoke(record: CompletionRecord, revocation: Revocation) -> None:
    """Raises `RecordChanged` as `issue` does (L2)."""
    action = CompletionRow.revocation.set(to_json(_REVOCATION, revocation))
    row = _row(record.key)
    update(row, [action], _unchanged(record), otherwise=RecordChanged)


def hold(record: CompletionRecord, held: Hold) -> None:
    """Raises `RecordChanged` as `issue` does, or when another hold is recorded."""
    same_hold = CompletionRow.hold.exists() if record.hold else CompletionRow.hold.does_not_exist()
    row = _row(record.key)
    update(row, [CompletionRow.hold.set(to_json(_HOLD, held))], _unchanged(record) & same_hold, otherwise=RecordChanged)


def _unchanged(record: CompletionRecord) -> Condition:
    is_active = CompletionRow.enrolled.exists() & CompletionRow.removed.does_not_exist()
    same_facts = (
        CompletionRow.facts == set(record.evidence) if record.evidence else CompletionRow.facts.does_not_exist()
    )
    same_certificate = (
        CompletionRow.revision == record.issue.revision if record.issue else CompletionRow.revision.does_not_exist()
    )
    same_status = CompletionRow.revocation.exists() if record.revocation else CompletionRow.revocation.does_not_exist()
    unchanged: Condition = is_active & same_facts & same_certificate & same_status
    return unchanged


def get_records(keys: Iterable[EnrollmentKey]) -> list[CompletionRecord]:
    """In the order of `keys`; unknown enrollments are left out."""
    return _get_records(keys, None)


def get_listed_records(keys: Iterable[EnrollmentKey]) -> list[CompletionRecord]:
    """As `get_records`, without facts and proofs: no list of certificates shows them, and they cost most to decode."""
    attributes = {attribute.attr_name for attribute in CompletionRow.get_attributes().values()}
    return _get_records(keys, sorted(attributes - {CompletionRow.facts.attr_name, CompletionRow.proof.attr_name}))


def _get_records(keys: Iterable[EnrollmentKey], attributes: list[str] | None) -> list[CompletionRecord]:
    wanted = list(dict.fromkeys(keys))
    rows = batch_get([row_key(key) for key in wanted], attributes=attributes)
    found = {row.key: row.record() for row in rows if isinstance(row, CompletionRow)}
    return list(_only_known(found[key] for key in wanted if key in found))


def _only_known(found: Iterable[CompletionRecord | EarlyFacts]) -> Iterator[CompletionRecord]:
    return (one for one in found if isinstance(one, CompletionRecord))


def _known(row: CompletionRow) -> CompletionRecord:
    record = row.record()
    assert isinstance(record, CompletionRecord)  # the update requires or creates the enrollment
    return record


def erase_holder(record: CompletionRecord) -> None:
    """Erase the holder from a removed enrollment's certificate, and keep when it was issued.

    The hash and the credential's proof go too, because they prove a guessed name. Raises `RecordChanged` unless the
    enrollment is removed.
    """
    if record.issue is None:
        return
    printed = replace(record.issue.printed, holder="", company=None)
    nameless = replace(record.issue, printed=printed, document_sha256="", reason=None, credential=None)
    row = _row(record.key)
    actions = [CompletionRow.issue.set(issuances.pack(nameless)), _set_proof(nameless)]
    update(row, actions, CompletionRow.removed.exists())


def _row(key: EnrollmentKey) -> CompletionRow:
    return CompletionRow(*row_key(key))


def _set_holder_once(key: EnrollmentKey, recorded: str | None, company_id: str | None) -> Action:
    holder = holder_key(key.account_id, company_id)
    if recorded is None and company_id is not None:
        return CompletionRow.holder.set(holder)
    return CompletionRow.holder.set(CompletionRow.holder | holder)


def _set_proof(issue: Issuance) -> Action:
    if issue.credential is None:
        return CompletionRow.proof.remove()
    return CompletionRow.proof.set(proofs.pack(issue.credential, issue.revision))
