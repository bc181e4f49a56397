"""Who may do what: the table of DESIGN §5, read by the API and by the tests."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from earned.domain.enrollment import CompletionRecord
from earned.domain.people import Role


class Operation(StrEnum):
    """A row of the table."""

    SEE_OWN_PROGRESS = "see-own-progress"
    SEE_PROGRESS = "see-progress"
    LIST_CERTIFICATES = "list-certificates"
    DOWNLOAD = "download"
    EXPORT = "export"
    SEE_UNMARKED_ATTENDANCE = "see-unmarked-attendance"
    SUPPORT = "support"


class Scope(StrEnum):
    """Whose: one's own, those of one's own company, or everyone's."""

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
    """Who asks: the token's account, role and company."""

    account_id: str
    role: Role
    company_id: str | None = None


def may(viewer: Viewer, operation: Operation, completion: CompletionRecord) -> bool:
    """Whether a viewer may do this to one person's enrollment; a removed one does not exist for anybody (A5)."""
    match TABLE[operation].get(viewer.role):
        case _ if not completion.is_active:
            return False
        case Scope.OWN:
            return completion.account_id == viewer.account_id
        case Scope.COMPANY:
            return completion.company_id is not None and completion.company_id == viewer.company_id
        case Scope.ALL:
            return True
        case None:
            return False


def role_has(viewer: Viewer, operation: Operation, scopes: Collection[Scope] = tuple(Scope)) -> bool:
    """Whether the viewer's role has this operation in one of these scopes."""
    return TABLE[operation].get(viewer.role) in scopes


def may_for_company(viewer: Viewer, operation: Operation, company_id: str) -> bool:
    """Whether a viewer may ask for a list of a company's people (A3)."""
    match TABLE[operation].get(viewer.role):
        case Scope.COMPANY:
            return company_id == viewer.company_id
        case Scope.ALL:
            return True
        case _:
            return False
