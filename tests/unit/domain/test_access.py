"""Who may do what: the table of permissions, cell by cell."""

from dataclasses import replace

import pytest

from earned.domain.access import TABLE, Operation, Scope, Viewer, may, may_for_company, role_has
from earned.domain.people import Role
from tests.unit.builders import completion, removal

COLUMNS = ("individual", "employee", "company-admin", "administrator", "support")
PERMISSIONS = {
    "see-own-progress": ("own", "own", "own", "-", "-"),
    "see-progress": ("-", "-", "own company", "all", "all"),
    "list-certificates": ("own", "-", "own company", "-", "-"),
    "download": ("own", "-", "own company", "-", "-"),
    "export": ("-", "-", "own company", "-", "-"),
    "see-unmarked-attendance": ("-", "-", "-", "all", "all"),
    "support": ("-", "-", "-", "-", "all"),
}

# Enrollments by whose they are, as seen by account `me` of company `mine`.
WHOSE = {
    "me, in my company": completion(account_id="me", company_id="mine"),
    "me, in another company": completion(account_id="me", company_id="theirs"),
    "me, in no company": completion(account_id="me", company_id=None),
    "someone of my company": completion(account_id="someone", company_id="mine"),
    "someone of another company": completion(account_id="someone", company_id="theirs"),
    "someone of no company": completion(account_id="someone", company_id=None),
}
MEANT: dict[str, set[str]] = {
    "-": set(),
    "own": {"me, in my company", "me, in another company", "me, in no company"},
    "own company": {"me, in my company", "someone of my company"},
    "all": set(WHOSE),
}
CELLS = [(row, role, scope) for row, scopes in PERMISSIONS.items() for role, scope in zip(COLUMNS, scopes, strict=True)]


@pytest.mark.parametrize(("row", "role", "scope"), CELLS)
@pytest.mark.parametrize("whose", WHOSE)
def test_each_role_may_do_what_its_cell_of_the_table_allows(row: str, role: str, scope: str, whose: str) -> None:
    viewer = Viewer("me", Role(role), "mine")

    assert may(viewer, Operation(row), WHOSE[whose]) is (whose in MEANT[scope])


@pytest.mark.parametrize("whose", WHOSE)
def test_a_removed_enrollment_exists_for_nobody(whose: str) -> None:
    record = replace(WHOSE[whose], removal=removal())

    for row, role, _ in CELLS:
        if row != "support":  # a diagnosis also shows support what was removed
            assert may(Viewer("me", Role(role), "mine"), Operation(row), record) is False


@pytest.mark.parametrize(("row", "role", "scope"), CELLS)
@pytest.mark.parametrize("whose", WHOSE)
def test_a_viewer_of_no_company_is_in_nobodys_company(row: str, role: str, scope: str, whose: str) -> None:
    allowed = MEANT[scope] if scope != "own company" else set()

    assert may(Viewer("me", Role(role), None), Operation(row), WHOSE[whose]) is (whose in allowed)


@pytest.mark.parametrize(("row", "role", "scope"), CELLS)
def test_a_role_has_an_operation_if_its_cell_is_not_empty(row: str, role: str, scope: str) -> None:
    assert role_has(Viewer("me", Role(role), "mine"), Operation(row)) is (scope != "-")


@pytest.mark.parametrize(("row", "role", "scope"), CELLS)
def test_only_roles_whose_cell_says_own_may_list_their_own(row: str, role: str, scope: str) -> None:
    assert role_has(Viewer("me", Role(role), "mine"), Operation(row), [Scope.OWN]) is (scope == "own")


@pytest.mark.parametrize(("row", "role", "scope"), CELLS)
@pytest.mark.parametrize("company", ["mine", "theirs", "", "MINE", "mine "])
def test_a_companys_lists_are_for_its_admin_and_for_roles_that_see_all(
    row: str, role: str, scope: str, company: str
) -> None:
    allowed = scope == "all" or (scope == "own company" and company == "mine")

    assert may_for_company(Viewer("me", Role(role), "mine"), Operation(row), company) is allowed


@pytest.mark.parametrize("company", ["", "None", "mine"])
def test_a_company_admin_whose_token_names_no_company_lists_none(company: str) -> None:
    viewer = Viewer("me", Role.COMPANY_ADMIN, None)

    assert not any(may_for_company(viewer, operation, company) for operation in Operation)


def test_the_table_has_every_operation_and_every_role_and_no_others() -> None:
    assert set(PERMISSIONS) == {operation.value for operation in Operation} == {operation.value for operation in TABLE}
    assert set(COLUMNS) == {role.value for role in Role}


def test_an_employee_may_never_list_or_download_a_certificate_not_even_of_their_own() -> None:
    employee = Viewer("me", Role.EMPLOYEE, "mine")

    for operation in (Operation.LIST_CERTIFICATES, Operation.DOWNLOAD):
        assert not any(may(employee, operation, record) for record in WHOSE.values())
        assert not role_has(employee, operation, [Scope.OWN])
        assert not may_for_company(employee, operation, "mine")
