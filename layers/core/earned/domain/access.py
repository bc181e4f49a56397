"""The access table: operations by role and scope (docs/design.md §5)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from earned.domain.enrollment import CompletionRecord
from earned.domain.people import Role


class Operation(StrEnum):
    SEE_OWN_PROGRESS = "see-own-progress"
    SEE_PROGRESS = "see-progress"
    LIST_CERTIFICATES = "list-certificates"
    DOWNLOAD = "download"
    EXPORT = "export"
    SEE_UNMARKED_ATTENDANCE = "see-unmarked-attendance"
    SUPPORT = "support"


class Scope(StrEnum):
    """Whose enrollments: the viewer's own, those of the viewer's company, or everyone's."""

    OWN = "own"
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
    Operation.LIST_CERTIFICATES: {Role.INDIVIDUAL: Scope.OWN, Role.COMPANY_ADMIN: Scope.COMPANY},
    Operation.DOWNLOAD: {Role.INDIVIDUAL: Scope.OWN, Role.COMPANY_ADMIN: Scope.COMPANY},
    Operation.EXPORT: {Role.COMPANY_ADMIN: Scope.COMPANY},
    Operation.SEE_UNMARKED_ATTENDANCE: {Role.ADMINISTRATOR: Scope.ALL, Role.SUPPORT: Scope.ALL},
    Operation.SUPPORT: {Role.SUPPORT: Scope.ALL},
}


@dataclass(frozen=True)
class Viewer:
    """The token's account, role and company."""

    account_id: str
    role: Role
    company_id: str | None = None


def may(viewer: Viewer, operation: Operation, record: CompletionRecord) -> bool:
    """Always false for a removed enrollment (A5)."""
    match TABLE[operation].get(viewer.role):
        case _ if not record.is_active:
            return False
        case Scope.OWN:
            return record.account_id == viewer.account_id
        case Scope.COMPANY:
            return record.company_id is not None and record.company_id == viewer.company_id
        case Scope.ALL:
            return True
        case None:
            return False


def role_has(viewer: Viewer, operation: Operation, scopes: Collection[Scope] = tuple(Scope)) -> bool:
    return TABLE[operation].get(viewer.role) in scopes


def may_for_company(viewer: Viewer, operation: Operation, company_id: str) -> bool:
    """Whether a viewer may ask for a list that covers a whole company (A3)."""
    match TABLE[operation].get(viewer.role):
        case Scope.COMPANY:
            return company_id == viewer.company_id
        case Scope.ALL:
            return True
        case _:
            return False
