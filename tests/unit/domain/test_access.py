"""Who may do what: the table of permissions, cell by cell."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from earned.domain.access import TABLE, Operation, Scope, Viewer, has_any, may, may_for_company, who_may_download
from earned.domain.enrollment import Removal
from earned.domain.people import Role
from tests.unit.builders import account, after, completion, issue, removal, revocation

COLUMNS = ("individual", "employee", "company-admin", "administrator", "support")
PERMISSIONS = {
    "see-own-progress": ("own", "own", "own", "-", "-"),
    "see-progress": ("-", "-", "own company", "all", "all"),
    "list-certificates": ("personal", "-", "own company", "-", "-"),
    "download": ("personal", "-", "own company", "-", "-"),
    "export": ("-", "-", "own company", "-", "-"),
    "report": ("-", "-", "-", "all", "-"),
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
    "personal": {"me, in no company"},
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
        assert may(Viewer("me", Role(role), "mine"), Operation(row), record) is False


@pytest.mark.parametrize(("row", "role", "scope"), CELLS)
@pytest.mark.parametrize("whose", WHOSE)
def test_a_viewer_of_no_company_is_in_nobodys_company(row: str, role: str, scope: str, whose: str) -> None:
    allowed = MEANT[scope] if scope != "own company" else set()

    assert may(Viewer("me", Role(role), None), Operation(row), WHOSE[whose]) is (whose in allowed)


@pytest.mark.parametrize(("row", "role", "scope"), CELLS)
def test_a_role_has_an_operation_if_its_cell_is_not_empty(row: str, role: str, scope: str) -> None:
    assert has_any(Viewer("me", Role(role), "mine"), [Operation(row)]) is (scope != "-")


@pytest.mark.parametrize(("row", "role", "scope"), CELLS)
def test_only_roles_whose_cell_says_own_may_list_their_own(row: str, role: str, scope: str) -> None:
    own = [Scope.OWN, Scope.PERSONAL]
    assert has_any(Viewer("me", Role(role), "mine"), [Operation(row)], own) is (scope in {"own", "personal"})


@pytest.mark.parametrize("whose", WHOSE)
@pytest.mark.parametrize(("role", "recorded"), list(product(Role, Role)))
def test_only_what_both_the_role_and_the_recorded_kind_may_is_allowed(role: Role, recorded: Role, whose: str) -> None:
    viewer = Viewer("me", role, "mine", recorded)
    alone = [Viewer("me", one, "mine") for one in (role, recorded)]

    for operation in Operation:
        assert may(viewer, operation, WHOSE[whose]) is all(may(one, operation, WHOSE[whose]) for one in alone)
        assert has_any(viewer, [operation]) is all(has_any(one, [operation]) for one in alone)
        assert may_for_company(viewer, operation, "mine") is all(
            may_for_company(one, operation, "mine") for one in alone
        )


@pytest.mark.parametrize("whose", WHOSE)
@pytest.mark.parametrize(("token", "recorded"), list(product(("mine", "theirs", None), ("mine", "theirs"))))
def test_only_what_both_the_tokens_company_and_the_recorded_one_may_is_allowed(
    token: str | None, recorded: str, whose: str
) -> None:
    for role, operation in product(Role, Operation):
        viewer = Viewer("me", role, token, role, recorded)
        alone = [Viewer("me", role, company) for company in (token, recorded)]
        assert may(viewer, operation, WHOSE[whose]) is all(may(one, operation, WHOSE[whose]) for one in alone)
        assert may_for_company(viewer, operation, "mine") is all(
            may_for_company(one, operation, "mine") for one in alone
        )


def test_an_account_recorded_without_a_company_leaves_the_tokens_company_as_it_is() -> None:
    viewer = Viewer("me", Role.COMPANY_ADMIN, "mine", Role.COMPANY_ADMIN, recorded_company=None)

    assert may_for_company(viewer, Operation.EXPORT, "mine")


@pytest.mark.parametrize(
    ("record", "kind", "sentence"),
    [
        ({}, Role.INDIVIDUAL, "Nobody: the certificate is not issued yet."),
        ({"issue": issue()}, Role.INDIVIDUAL, "The person, as an individual"),
        ({"issue": issue()}, Role.EMPLOYEE, "Nobody: the enrollment belongs to no company"),
        ({"issue": issue(), "company_id": "co-1"}, Role.INDIVIDUAL, "The company admins of co-1"),
        ({"issue": issue(), "revocation": revocation()}, Role.INDIVIDUAL, "Nobody: the certificate is revoked."),
        ({"issue": issue(), "removal": Removal(after(2), "r")}, Role.INDIVIDUAL, "Nobody: the enrollment or the"),
    ],
)
def test_support_is_told_who_may_download_and_why(record: dict[str, Any], kind: Role, sentence: str) -> None:
    assert who_may_download(completion(**record), account(kind=kind)).startswith(sentence)


def test_support_is_told_the_whole_sentence() -> None:
    of_company, of_nobody = completion(issue=issue(), company_id="co-1"), completion(issue=issue())
    assert who_may_download(of_company, None) == "The company admins of co-1: the enrollment belongs to that company."
    assert who_may_download(of_nobody, account(kind=Role.EMPLOYEE)) == (
        "Nobody: the enrollment belongs to no company, so the person may as an individual, and their account is "
        "recorded as employee."
    )
    assert who_may_download(of_nobody, None) == "The person, as an individual: the enrollment belongs to no company."


def test_support_is_told_that_nobody_downloads_of_a_removed_account() -> None:
    told = who_may_download(completion(issue=issue()), account(removed_at=after(9)))
    assert told == "Nobody: the enrollment or the account is removed."


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
        assert not has_any(employee, [operation])
        assert not may_for_company(employee, operation, "mine")
