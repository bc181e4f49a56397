"""The access table: operations by role and scope (docs/design.md §5)."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from earned.domain.certificate import CertificateStatus
from earned.domain.enrollment import CompletionRecord
from earned.domain.people import Account, Role


class Operation(StrEnum):
    SEE_OWN_PROGRESS = "see-own-progress"
    SEE_PROGRESS = "see-progress"
    LIST_CERTIFICATES = "list-certificates"
    DOWNLOAD = "download"
    EXPORT = "export"
    REPORT = "report"
    SEE_UNMARKED_ATTENDANCE = "see-unmarked-attendance"
    SUPPORT = "support"


class Scope(StrEnum):
    """Which enrollments: the viewer's own, those of them without a company, the viewer's company's, or everyone's."""

    OWN = "own"
    PERSONAL = "personal"
    COMPANY = "company"
    ALL = "all"


TABLE: Mapping[Operation, Mapping[Role, Scope]] = {
    Operation.SEE_OWN_PROGRESS: {
        Role.INDIVIDUAL: Scope.OWN,
        Role.EMPLOYEE: Scope.OWN,
        Role.COMPANY_ADMIN: Scope.OWN,
    },
    Operation.SEE_PROGRESS: {
        Role.COMPANY_ADMIN: Scope.COMPANY,
        Role.ADMINISTRATOR: Scope.ALL,
        Role.SUPPORT: Scope.ALL,
    },
    Operation.LIST_CERTIFICATES: {Role.INDIVIDUAL: Scope.PERSONAL, Role.COMPANY_ADMIN: Scope.COMPANY},
    Operation.DOWNLOAD: {Role.INDIVIDUAL: Scope.PERSONAL, Role.COMPANY_ADMIN: Scope.COMPANY},
    Operation.EXPORT: {Role.COMPANY_ADMIN: Scope.COMPANY},
    Operation.REPORT: {Role.ADMINISTRATOR: Scope.ALL},
    Operation.SEE_UNMARKED_ATTENDANCE: {Role.ADMINISTRATOR: Scope.ALL, Role.SUPPORT: Scope.ALL},
    Operation.SUPPORT: {Role.SUPPORT: Scope.ALL},
}


@dataclass(frozen=True)
class Viewer:
    """The token's account, role and company, and the account's kind and company as they are recorded, if they are."""

    account_id: str
    role: Role
    company_id: str | None = None
    recorded: Role | None = None
    recorded_company: str | None = None

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset({self.role, self.recorded or self.role})

    def is_of(self, company_id: str | None) -> bool:
        """Whether the viewer acts for this company: no record says that they moved to another (A0)."""
        companies = {self.company_id, self.recorded_company or self.company_id}
        return company_id is not None and companies == {company_id}


def may(viewer: Viewer, operation: Operation, record: CompletionRecord) -> bool:
    """Always false for a removed enrollment (A5)."""
    return may_any(viewer, [operation], record)


def may_any(viewer: Viewer, operations: Collection[Operation], record: CompletionRecord) -> bool:
    return record.is_active and _each_role(viewer, operations, lambda scope: _covers(scope, viewer, record))


def has_any(viewer: Viewer, operations: Collection[Operation], scopes: Collection[Scope] = tuple(Scope)) -> bool:
    return _each_role(viewer, operations, lambda scope: scope in scopes)


def may_for_company(viewer: Viewer, operation: Operation, company_id: str) -> bool:
    """Whether a viewer may ask for a list that covers a whole company (A3)."""
    return _each_role(
        viewer,
        [operation],
        lambda scope: scope is Scope.ALL or (scope is Scope.COMPANY and viewer.is_of(company_id)),
    )


def who_may_download(record: CompletionRecord, account: Account | None) -> str:
    """A sentence for support: who can fetch the certificate now, or why nobody can (A0)."""
    if not record.is_active or (account is not None and account.removed):
        return "Nobody: the enrollment or the account is removed."
    if record.certificate_status is None:
        return "Nobody: the certificate is not issued yet."
    if record.certificate_status is not CertificateStatus.ISSUED:
        return "Nobody: the certificate is revoked."
    if record.company_id is not None:
        return f"The company admins of {record.company_id}: the enrollment belongs to that company."
    if account is not None and account.kind is not Role.INDIVIDUAL:
        return (
            f"Nobody: the enrollment belongs to no company, so the person may as an individual, and their account is "
            f"recorded as {account.kind.value}."
        )
    return "The person, as an individual: the enrollment belongs to no company."


def _each_role(viewer: Viewer, operations: Collection[Operation], permits: Callable[[Scope], bool]) -> bool:
    return all(
        any(permits(scope) for one in operations if (scope := TABLE[one].get(role)) is not None)
        for role in viewer.roles
    )


def _covers(scope: Scope, viewer: Viewer, record: CompletionRecord) -> bool:
    match scope:
        case Scope.OWN:
            return record.account_id == viewer.account_id
        case Scope.PERSONAL:
            return record.account_id == viewer.account_id and record.company_id is None
        case Scope.COMPANY:
            return viewer.is_of(record.company_id)
        case Scope.ALL:
            return True
