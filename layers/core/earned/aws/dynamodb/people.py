"""Account and company items."""

import hashlib
import unicodedata
from datetime import UTC, datetime

from pydantic import TypeAdapter
from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.update import Action

from earned.aws.dynamodb.table import (
    ROOT_SORT_KEY,
    RecordChanged,
    Row,
    batch_get,
    is_older,
    stored_as,
    to_json,
    to_moment,
    update,
    update_if,
)
from earned.domain.people import Account, Company, LogoReference, Role
from earned.domain.stamps import Stamp
from earned.domain.timestamps import to_milliseconds

MAX_ACCOUNTS = 500  # with one address; each costs a page of diagnoses two requests at most
NEVER_AGAIN = datetime.max.replace(tzinfo=UTC)
_LOGO = TypeAdapter(LogoReference)


class AccountIsRemoved(Exception):
    """The account was removed before the event."""


@stored_as("account")
class AccountRow(Row):
    """An account; `saved` and `removed` are the times of the events that set them, `saved_by` is the stamp's origin.

    `companies` are all companies that may hold an enrollment of the account: a grow-only set.
    """

    saved = NumberAttribute(null=True)
    saved_by = UnicodeAttribute(null=True)
    removed = NumberAttribute(null=True)
    kind = UnicodeAttribute(null=True)
    name = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    email_code = UnicodeAttribute(null=True)
    company = UnicodeAttribute(null=True)
    companies = UnicodeSetAttribute(null=True)
    language = UnicodeAttribute(null=True)

    def account(self) -> Account | None:
        """None while only companies are known; nameless when erased, or removed before it was known."""
        if self.saved is None and self.removed is None:
            return None
        return Account(
            account_id=self.pk.removeprefix("account#"),
            kind=Role(self.kind or Role.INDIVIDUAL),
            name=self.name or "",
            email=self.email or "",
            company_id=self.company,
            language=self.language or "en",
            removed_at=to_moment(self.removed),
        )


@stored_as("company")
class CompanyRow(Row):
    """A company; `saved` is the time of the event that set it, `saved_by` is the stamp's origin."""

    saved = NumberAttribute()
    saved_by = UnicodeAttribute(null=True)
    name = UnicodeAttribute()
    logo = UnicodeAttribute(null=True)

    def company(self) -> Company:
        logo = _LOGO.validate_json(self.logo) if self.logo else None
        return Company(self.pk.removeprefix("company#"), self.name, logo, to_moment(self.saved))


def add_account_company(account_id: str, company_id: str) -> None:
    update(AccountRow(f"account#{account_id}", ROOT_SORT_KEY), [AccountRow.companies.add({company_id})])


def get_company(company_id: str) -> Company | None:
    row = next(iter(batch_get([(f"company#{company_id}", ROOT_SORT_KEY)])), None)
    return row.company() if isinstance(row, CompanyRow) else None


def get_account(account_id: str) -> Account | None:
    row = next(iter(batch_get([(f"account#{account_id}", ROOT_SORT_KEY)])), None)
    return row.account() if isinstance(row, AccountRow) else None


def save_company(company: Company, stamp: Stamp) -> None:
    actions = [
        CompanyRow.saved.set(to_milliseconds(stamp.at)),
        CompanyRow.saved_by.set(stamp.origin),
        CompanyRow.name.set(company.name),
        CompanyRow.logo.set(to_json(_LOGO, company.logo)) if company.logo else CompanyRow.logo.remove(),
    ]
    row = CompanyRow(f"company#{company.company_id}", ROOT_SORT_KEY)
    update_if(row, actions, is_older(CompanyRow.saved, CompanyRow.saved_by, stamp))


def save_account(account: Account, stamp: Stamp) -> None:
    """Raises `AccountIsRemoved` when the account was removed before the stamp's time."""
    actions: list[Action] = [
        AccountRow.saved.set(to_milliseconds(stamp.at)),
        AccountRow.saved_by.set(stamp.origin),
        AccountRow.kind.set(account.kind.value),
        AccountRow.name.set(account.name),
        AccountRow.email.set(account.email),
        AccountRow.email_code.set(email_code(account.email)),
        AccountRow.language.set(account.language),
        AccountRow.company.set(account.company_id) if account.company_id else AccountRow.company.remove(),
    ]
    if account.company_id:
        actions.append(AccountRow.companies.add({account.company_id}))
    row = AccountRow(f"account#{account.account_id}", ROOT_SORT_KEY)
    was_there = AccountRow.removed.does_not_exist() | (AccountRow.removed >= to_milliseconds(stamp.at))
    try:
        update(row, actions, is_older(AccountRow.saved, AccountRow.saved_by, stamp) & was_there)
    except RecordChanged:
        saved = get_account(account.account_id)
        if saved is not None and saved.removed_at is not None and saved.removed_at < stamp.at:
            raise AccountIsRemoved from None


def remove_account(account_id: str, at: datetime) -> frozenset[str]:
    """Of several removals, the earliest counts (I4). Returns the companies that may hold an enrollment of the account.

    Empty if an earlier removal is recorded.
    """
    row = AccountRow(f"account#{account_id}", ROOT_SORT_KEY)
    removed = to_milliseconds(at)
    is_earliest = AccountRow.removed.does_not_exist() | (AccountRow.removed >= removed)
    update_if(row, [AccountRow.removed.set(removed)], is_earliest)
    return frozenset(row.companies or ())


def seal_account(account_id: str, at: datetime) -> Account | None:
    """Remove an account for good, refuse later changes, and return its identity until it is erased."""
    row = AccountRow(f"account#{account_id}", ROOT_SORT_KEY)
    actions = [
        AccountRow.removed.set(AccountRow.removed | to_milliseconds(at)),
        AccountRow.saved.set(to_milliseconds(NEVER_AGAIN)),
        AccountRow.kind.set(AccountRow.kind | Role.INDIVIDUAL.value),
    ]
    update(row, actions)
    return row.account()


def erase_account_identity(account_id: str) -> None:
    """Erase name, address and language, and keep the removal; raises `RecordChanged` unless the account is sealed."""
    named = (AccountRow.name, AccountRow.email, AccountRow.email_code, AccountRow.language)
    closed = AccountRow.saved == to_milliseconds(NEVER_AGAIN)
    update(AccountRow(f"account#{account_id}", ROOT_SORT_KEY), [one.remove() for one in named], closed)


def email_code(email: str) -> str:
    """A hash of the address for use in keys; case and surrounding space do not matter."""
    return hashlib.sha256(unicodedata.normalize("NFC", email).strip().casefold().encode()).hexdigest()[:32]


def accounts_with_email(email: str, limit: int = MAX_ACCOUNTS) -> list[str]:
    """Account ids, those of removed accounts included; eventually consistent."""
    rows = Row.by_email.query(email_code(email), limit=limit, page_size=limit)
    return [row.pk.removeprefix("account#") for row in rows]
