"""Who may do what: the table of DESIGN §5, cell by cell."""

from dataclasses import replace
from typing import Any

import pytest

from earned.domain.access import TABLE, Operation, Scope, Viewer, may, may_for_company, role_has
from earned.domain.people import Role
from tests.unit.builders import after, completion

COLUMNS = ("individual", "employee", "company-admin", "administrator", "support")
DESIGN = {
    "see-own-progress": ("own", "own", "own", "-", "-"),
    "see-progress": ("-", "-", "own company", "all", "all"),
    "list-certificates": ("own", "-", "own company", "-", "-"),
    "download": ("own", "-", "own company", "-", "-"),
    "export": ("-", "-", "own company", "-", "-"),
    "see-unmarked-attendance": ("-", "-", "-", "all", "all"),
    "support": ("-", "-", "-", "-", "all"),
}

# Whose enrollment it is, as seen by account `me` of company `mine`.
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
NOT_THERE: dict[str, Any] = {
    "removed": {"removed_at": after(1)},
    "not enrolled yet": {"enrolled_at": None},
    "removed before it was created": {"enrolled_at": None, "removed_at": after(1)},
}
CELLS = [(row, role, scope) for row, scopes in DESIGN.items() for role, scope in zip(COLUMNS, scopes, strict=True)]


@pytest.mark.parametrize(("row", "role", "scope"), CELLS)
@pytest.mark.parametrize("whose", WHOSE)
def test_a_cell_of_the_table(row: str, role: str, scope: str, whose: str):
    viewer = Viewer("me", Role(role), "mine")

    assert may(viewer, Operation(row), WHOSE[whose]) is (whose in MEANT[scope])


@pytest.mark.parametrize("state", NOT_THERE)
@pytest.mark.parametrize("whose", WHOSE)
def test_what_was_removed_or_is_not_there_yet_does_not_exist_for_anybody(whose: str, state: str):
    record = replace(WHOSE[whose], **NOT_THERE[state])

    for row, role, _ in CELLS:
        if row != "support":  # a diagnosis shows what was removed, to support alone
            assert may(Viewer("me", Role(role), "mine"), Operation(row), record) is False


@pytest.mark.parametrize(("row", "role", "scope"), CELLS)
@pytest.mark.parametrize("whose", WHOSE)
def test_a_viewer_of_no_company_is_in_nobodys_company(row: str, role: str, scope: str, whose: str):
    allowed = MEANT[scope] if scope != "own company" else set()

    assert may(Viewer("me", Role(role), None), Operation(row), WHOSE[whose]) is (whose in allowed)


@pytest.mark.parametrize(("row", "role", "scope"), CELLS)
def test_what_is_nobodys_in_particular_is_for_those_whose_cell_is_not_empty(row: str, role: str, scope: str):
    assert role_has(Viewer("me", Role(role), "mine"), Operation(row)) is (scope != "-")


@pytest.mark.parametrize(("row", "role", "scope"), CELLS)
def test_lists_of_ones_own_are_for_those_whose_cell_says_own(row: str, role: str, scope: str):
    assert role_has(Viewer("me", Role(role), "mine"), Operation(row), [Scope.OWN]) is (scope == "own")


@pytest.mark.parametrize(("row", "role", "scope"), CELLS)
@pytest.mark.parametrize("company", ["mine", "theirs", "", "MINE", "mine "])
def test_lists_of_a_company_are_for_its_admin_and_for_those_who_see_all(row: str, role: str, scope: str, company: str):
    allowed = scope == "all" or (scope == "own company" and company == "mine")

    assert may_for_company(Viewer("me", Role(role), "mine"), Operation(row), company) is allowed


@pytest.mark.parametrize("company", ["", "None", "mine"])
def test_a_company_admin_whose_token_names_no_company_lists_none(company: str):
    viewer = Viewer("me", Role.COMPANY_ADMIN, None)

    assert not any(may_for_company(viewer, operation, company) for operation in Operation)


def test_the_table_has_every_operation_and_every_role_and_no_others():
    assert set(DESIGN) == {operation.value for operation in Operation} == {operation.value for operation in TABLE}
    assert set(COLUMNS) == {role.value for role in Role}


def test_an_employee_may_never_list_or_download_a_certificate_not_even_of_their_own():
    employee = Viewer("me", Role.EMPLOYEE, "mine")

    for operation in (Operation.LIST_CERTIFICATES, Operation.DOWNLOAD):
        assert not any(may(employee, operation, record) for record in WHOSE.values())
        assert not role_has(employee, operation, [Scope.OWN])
        assert not may_for_company(employee, operation, "mine")
