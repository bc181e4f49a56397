"""Account and company items."""

import hashlib
import unicodedata
from datetime import UTC, datetime

from pydantic import TypeAdapter
from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.update import Action

from earned.aws.dynamodb.table import ROOT_SORT_KEY, Row, batch_get, put_if_newer, stored_as, to_json, to_moment, update
from earned.domain.people import Account, Company, LogoReference, Role
from earned.domain.timestamps import to_milliseconds

NEVER_AGAIN = datetime.max.replace(tzinfo=UTC)
_LOGO = TypeAdapter(LogoReference)


@stored_as("account")
class AccountRow(Row):
    """An account; `saved` and `removed` are the times of the events that set them.

    `companies` are all companies that may hold an enrollment of the account: a grow-only set.
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
        """None while only a removal has arrived."""
        if self.saved is None:
            return None
        return Account(
            account_id=self.pk.removeprefix("account#"),
            kind=Role(self.kind),
            name=self.name or "",  # empty once erased
            email=self.email or "",
            company_id=self.company,
            language=self.language or "en",
            removed=self.removed is not None,
        )


@stored_as("company")
class CompanyRow(Row):
    """A company; `saved` is the time of the event that set it."""

    saved = NumberAttribute()
    name = UnicodeAttribute()
    logo = UnicodeAttribute(null=True)

    def company(self) -> Company:
        logo = _LOGO.validate_json(self.logo) if self.logo else None
        return Company(self.pk.removeprefix("company#"), self.name, logo, to_moment(self.saved))


def add_account_company(account_id: str, company_id: str) -> None:
    """A company that may hold enrollments of the account; `list_account_keys` queries each of them."""
    update(AccountRow(f"account#{account_id}", ROOT_SORT_KEY), [AccountRow.companies.add({company_id})])


def get_company(company_id: str) -> Company | None:
    row = next(iter(batch_get([(f"company#{company_id}", ROOT_SORT_KEY)])), None)
    return row.company() if isinstance(row, CompanyRow) else None


def get_account(account_id: str) -> Account | None:
    row = next(iter(batch_get([(f"account#{account_id}", ROOT_SORT_KEY)])), None)
    return row.account() if isinstance(row, AccountRow) else None


def save_company(company: Company, at: datetime) -> None:
    actions = [
        CompanyRow.saved.set(to_milliseconds(at)),
        CompanyRow.name.set(company.name),
        CompanyRow.logo.set(to_json(_LOGO, company.logo)) if company.logo else CompanyRow.logo.remove(),
    ]
    put_if_newer(CompanyRow(f"company#{company.company_id}", ROOT_SORT_KEY), actions, CompanyRow.saved, at)


def save_account(account: Account, at: datetime) -> None:
    actions: list[Action] = [
        AccountRow.saved.set(to_milliseconds(at)),
        AccountRow.kind.set(account.kind.value),
        AccountRow.name.set(account.name),
        AccountRow.email.set(account.email),
        AccountRow.email_code.set(email_code(account.email)),
        AccountRow.language.set(account.language),
        AccountRow.company.set(account.company_id) if account.company_id else AccountRow.company.remove(),
    ]
    if account.company_id:
        actions.append(AccountRow.companies.add({account.company_id}))
    put_if_newer(AccountRow(f"account#{account.account_id}", ROOT_SORT_KEY), actions, AccountRow.saved, at)


def remove_account(account_id: str, at: datetime) -> None:
    row = AccountRow(f"account#{account_id}", ROOT_SORT_KEY)
    update(row, [AccountRow.removed.set(AccountRow.removed | to_milliseconds(at))])


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


def accounts_with_email(email: str, limit: int = 20) -> list[str]:
    """Account ids, those of removed accounts included; eventually consistent."""
    rows = Row.by_email.query(email_code(email), limit=limit, page_size=limit)
    return [row.pk.removeprefix("account#") for row in rows]
