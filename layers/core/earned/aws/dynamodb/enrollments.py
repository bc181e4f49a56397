"""Completion records: one item per enrollment and account."""

import hashlib
import json
import re
import secrets
from base64 import b32encode
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from pynamodb.attributes import Attribute, BinarySetAttribute, BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from earned.aws.dynamodb.people import AccountRow
from earned.aws.dynamodb.table import (
    ROOT_SORT_KEY,
    RecordChanged,
    Row,
    _ByHolder,
    _ByTraining,
    batch_get,
    since_1970,
    stored_as,
    to_json,
    to_moment,
    update,
    update_if,
    whole,
)
from earned.domain.certificate import Hold, Issuance, Revocation
from earned.domain.enrollment import CompletionRecord, Key
from earned.domain.people import Account
from earned.domain.timestamps import milliseconds

MAX_HOLDER_LENGTH = len("company#") + 64


PARTITION_HASH_LENGTH = 13  # characters of base32: 65 bits


_CERTIFICATE_ID = re.compile(r"[a-z2-7]{26}")


_ISSUE = TypeAdapter(Issuance)


_REVOCATION = TypeAdapter(Revocation)


_HOLD = TypeAdapter(Hold)


class RecordClosed(Exception):
    """The enrollment has its certificate or was removed; there is nothing left to record."""


class EnrollmentTaken(Exception):
    """The enrollment id already belongs to another account."""


@stored_as("enrollment")
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

    def completion(self) -> CompletionRecord:
        """The domain's view of this row."""
        enrollment_id, account_id = self.key
        return CompletionRecord(
            enrollment_id=enrollment_id,
            account_id=account_id,
            evidence=frozenset(self.facts or ()),
            training_id=self.training,
            training_version=whole(self.version),
            company_id=_company_of(self.holder or ""),
            certificate_id=self.certificate,
            enrolled_at=to_moment(self.enrolled),
            removed_at=to_moment(self.removed),
            removed_by=self.removed_by,
            account_known=bool(self.account_known),
            issue=_unpacked(self.issue, int(self.revision), self.certificate) if self.issue else None,
            revocation=_REVOCATION.validate_json(self.revocation) if self.revocation else None,
            hold=_HOLD.validate_json(self.hold) if self.hold else None,
        )


def record_progress(enrollment_id: str, account_id: str, facts: Iterable[bytes]) -> CompletionRecord:
    """Add facts, and return the whole record after that: one request.

    Raises `Closed` when the enrollment has its certificate or was removed: facts stop growing then.
    """
    return _add(
        enrollment_id, account_id, facts, CompletionRow.removed.does_not_exist() & CompletionRow.issue.does_not_exist()
    )


def record_attendance(enrollment_id: str, account_id: str, facts: Iterable[bytes]) -> CompletionRecord:
    """Add marks, also after issue (L2), and return the record; raises `Closed` when the enrollment was removed."""
    return _add(enrollment_id, account_id, facts, CompletionRow.removed.does_not_exist())


def remove_facts(completion: CompletionRecord, facts: Iterable[bytes]) -> None:
    """Take facts out of a record that say nothing new, unless it has its certificate by now: they are its evidence."""
    row = _completion_row(completion.enrollment_id, completion.account_id)
    update_if(row, [CompletionRow.facts.delete(set(facts))], CompletionRow.issue.does_not_exist())


def _add(enrollment_id: str, account_id: str, facts: Iterable[bytes], condition: Condition) -> CompletionRecord:
    row = _completion_row(enrollment_id, account_id)
    update(row, [CompletionRow.facts.add(set(facts))], condition, otherwise=RecordClosed)
    return row.completion()


def enroll(completion: CompletionRecord) -> CompletionRecord:
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
        (CompletionRow.enrolled, since_1970(completion.enrolled_at)),
        (CompletionRow.version, completion.training_version),
        (CompletionRow.account_known, completion.account_known or None),
    ]
    actions: list[Action] = [name.set(name | value) for name, value in values if value is not None]
    actions.append(_set_holder_once(existing or completion, completion.company_id))
    try:
        update(row, actions, CompletionRow.issue.does_not_exist())
    except RecordChanged:
        return enroll(completion)  # issued since it was read
    return row.completion()


def enrollment(enrollment_id: str) -> CompletionRecord | None:
    """The record of an enrollment, strongly consistent, or None while there is no such enrollment."""
    return next((one for one in _in_partition(_partition(enrollment_id)) if one.enrollment_id == enrollment_id), None)


def _in_partition(place: str) -> Iterator[CompletionRecord]:
    """The enrollments at a place: more than one only if their ids share 65 bits of a hash."""
    rows = CompletionRow.query(f"enrollment#{place}", consistent_read=True)
    return (row.completion() for row in rows if row.enrolled is not None)


def withdraw(enrollment_id: str, account_id: str, at: datetime, request: str) -> CompletionRecord:
    """Remove an enrollment for good, also before it is known; the first `request` to do so is kept (A5)."""
    row = _completion_row(enrollment_id, account_id)
    removal = [
        CompletionRow.removed.set(CompletionRow.removed | milliseconds(at)),
        CompletionRow.removed_by.set(CompletionRow.removed_by | request),
    ]
    update(row, removal)
    return row.completion()


def note_training_version(
    completion: CompletionRecord, training_version: int | None, account: Account | None
) -> CompletionRecord:
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
        actions.append(_set_holder_once(completion, account.company_id))
    row = _completion_row(completion.enrollment_id, completion.account_id)
    update(row, actions, condition, otherwise=RecordChanged)
    return row.completion()


def issue(completion: CompletionRecord, issued: Issuance) -> None:
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
    update(row, actions, _unchanged(completion), otherwise=RecordChanged)


def revoke(completion: CompletionRecord, revocation: Revocation) -> None:
    """Revoke the certificate; raises `Changed` as `issue` does (L2)."""
    action = CompletionRow.revocation.set(to_json(_REVOCATION, revocation))
    row = _completion_row(completion.enrollment_id, completion.account_id)
    update(row, [action], _unchanged(completion), otherwise=RecordChanged)


def hold(completion: CompletionRecord, held: Hold) -> None:
    """Note why the certificate is held; raises `Changed` as `issue` does, or when another hold was noted meanwhile."""
    same_hold = CompletionRow.hold.exists() if completion.hold else CompletionRow.hold.does_not_exist()
    row = _completion_row(completion.enrollment_id, completion.account_id)
    update(
        row, [CompletionRow.hold.set(to_json(_HOLD, held))], _unchanged(completion) & same_hold, otherwise=RecordChanged
    )


def _unchanged(completion: CompletionRecord) -> Condition:
    """That the enrollment stands, with exactly these facts and this certificate, neither more nor less."""
    is_active = CompletionRow.enrolled.exists() & CompletionRow.removed.does_not_exist()
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
    unchanged: Condition = is_active & same_facts & same_certificate & same_status
    return unchanged


def completions(keys: Iterable[Key]) -> list[CompletionRecord]:
    """Records by enrollment and account, strongly consistent, in the order of `keys`; unknown ones are left out."""
    asked = list(dict.fromkeys(keys))
    rows = batch_get([row_key(*key) for key in asked])
    found = {row.key: row.completion() for row in rows if isinstance(row, CompletionRow)}
    return [found[key] for key in asked if key in found]


def list_account_keys(account_id: str, after: Key | None, limit: int) -> list[Key]:
    """The next `limit` enrollments of an account after a position, in the order of their ids.

    After a position among another's there are none; DynamoDB does not even take it.
    """
    if after is not None and after[1] != account_id:
        return []
    account = next(iter(batch_get([(f"account#{account_id}", ROOT_SORT_KEY)])), None)
    companies = account.companies if isinstance(account, AccountRow) else None
    own = Row.sk.startswith(f"{account_id}#")
    holders = [_holder(account_id, None), *(_holder(account_id, company_id) for company_id in sorted(companies or ()))]
    return sorted(key for holder in holders for key in _page(Row.by_holder, "h", holder, after, limit, own))[:limit]


def list_company_keys(company_id: str, after: Key | None, limit: int) -> list[Key]:
    """The next `limit` enrollments of a company's people after a position, one person after the other."""
    return _page(Row.by_holder, "h", _holder("", company_id), after, limit)


def list_training_keys(training_id: str, after: Key | None, limit: int) -> list[Key]:
    """The next `limit` enrollments in a training after a position, one person after the other."""
    return _page(Row.by_training, "t", training_id, after, limit)


def _page(
    index: _ByHolder | _ByTraining, name: str, value: str, after: Key | None, limit: int, only: Condition | None = None
) -> list[Key]:
    if len(value) > MAX_HOLDER_LENGTH:
        return []
    pk, sk = row_key(*after) if after else ("", "")
    start = {name: {"S": value}, "pk": {"S": pk}, "sk": {"S": sk}} if after else None
    return [_key_of(row) for row in index.query(value, only, last_evaluated_key=start, limit=limit, page_size=limit)]


def erase_holder(completion: CompletionRecord) -> None:
    """Keep of a removed enrollment's certificate that it was issued and when, and not what it said of its holder.

    Nor its hash: whoever guessed the name could prove it by that. Raises `Changed` unless the enrollment was removed.
    """
    if completion.issue is None:
        return
    printed = replace(completion.issue.printed, holder="", company=None)
    nameless = replace(completion.issue, printed=printed, document_sha256="", reason=None)
    row = _completion_row(completion.enrollment_id, completion.account_id)
    update(row, [CompletionRow.issue.set(_packed(nameless))], CompletionRow.removed.exists())


def scan(after: Key | None, limit: int) -> tuple[list[CompletionRecord], list[str], Key | None]:
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


def new_certificate_id(enrollment_id: str) -> str:
    """26 lower-case base32 characters: the record's place, and 65 random bits, printable and not guessable."""
    return _partition(enrollment_id) + _base32(secrets.token_bytes(9))


def _partition(enrollment_id: str) -> str:
    return _base32(hashlib.sha256(enrollment_id.encode()).digest())


def _base32(data: bytes) -> str:
    return b32encode(data).decode().lower()[:PARTITION_HASH_LENGTH]


def row_key(enrollment_id: str, account_id: str) -> Key:
    """Partition key and sort key of a completion."""
    return f"enrollment#{_partition(enrollment_id)}", f"{account_id}#{enrollment_id}"


def _key_of(row: Row) -> Key:
    account_id, _, enrollment_id = row.sk.partition("#")
    return enrollment_id, account_id


def _completion_row(enrollment_id: str, account_id: str) -> CompletionRow:
    return CompletionRow(*row_key(enrollment_id, account_id))


def _holder(account_id: str, company_id: str | None) -> str:
    return f"account#{account_id}" if company_id is None else f"company#{company_id}"


def _company_of(holder: str) -> str | None:
    return holder.removeprefix("company#") if holder.startswith("company#") else None


def _set_holder_once(completion: CompletionRecord, company_id: str | None) -> Action:
    """A record goes to the first company it is told of, and stays there."""
    holder = _holder(completion.account_id, company_id)
    if completion.company_id is None and company_id is not None:
        return CompletionRow.holder.set(holder)
    return CompletionRow.holder.set(CompletionRow.holder | holder)


def _packed(issue: Issuance) -> str:
    """An issue without what its row says already."""
    known: Any = {"revision": True, "printed": {"certificate_id"}}
    return _ISSUE.dump_json(issue, exclude_defaults=True, exclude=known).decode()


def _unpacked(packed: str, revision: int, certificate_id: str) -> Issuance:
    body = json.loads(packed)
    printed = body["printed"] | {"certificate_id": certificate_id}
    return _ISSUE.validate_python(body | {"revision": revision, "printed": printed})
