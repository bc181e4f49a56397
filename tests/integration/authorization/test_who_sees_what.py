"""The API answers as the policies say, for every role, relation, operation, certificate state and tampered id."""

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import product
from typing import TypeVar

import cedarpy
import pytest

from earned.testing.service import Service
from tests.integration.authorization.id_tampering import tampered
from tests.integration.authorization.operations import OF_AN_ENROLLMENT, OPERATIONS, Expected, Operation, ids_of
from tests.integration.authorization.oracle import POLICIES, SCHEMA, Viewer
from tests.integration.authorization.random_requests import Page, random_asking
from tests.integration.authorization.requests import Answer, Asking, ask, cached_reads, mismatch, named
from tests.integration.authorization.world import COMPANIES, ROLES, STATES, Enrollment, World
from tools.contracts import OPENAPI, ROOT

Record = Callable[[str, object], None]
CaseT = TypeVar("CaseT")
BY_METHOD_AND_PATH = {(one.method, one.path.partition("?")[0]): one for one in OPERATIONS}
RELATIONS = tuple(product(("oneself", "another"), ("of the same company", "of another company", "of no company")))


@pytest.fixture(scope="module")
def world(running: Service) -> Iterator[World]:
    """The whole world, an archive of each of two admins of one company, and a report of each of two administrators."""
    world = World.of(running)
    export = BY_METHOD_AND_PATH["POST", "/v1/companies/{company_id}/exports"]
    world.record_as("company-admin", "Ours")
    for account in ("me", "someone"):
        admin = world.viewer(world.id(account), "company-admin", world.id("Ours"))
        ask(world, Asking(admin, export, world.id("Ours")))
    world.record_as("administrator")
    for account in ("me", "someone"):
        administrator = world.viewer(world.id(account), "administrator", world.id("Theirs"))
        ask(world, Asking(administrator, BY_METHOD_AND_PATH["POST", "/v1/exports"]))
    world.service.settle()
    with cached_reads():
        yield world


def everyone(world: World) -> Iterator[Viewer]:
    """Every viewer whose account is recorded as the token says, one record after the other."""
    for role, company in product(ROLES, COMPANIES):
        world.record_as(role, company)
        yield from (one for one in world.viewers([role]) if one.company == (company and world.id(company)))


def relation(viewer: Viewer, one: Enrollment) -> tuple[str, str]:
    """A viewer's relation to an enrollment: by its account, and by its company, which the viewer may have left."""
    same = viewer.company is not None and viewer.company == one.company
    where = "of no company" if one.company is None else f"of {'the same' if same else 'another'} company"
    return "oneself" if viewer.account == one.account else "another", where


def kind_of(expected: Expected | None) -> str:
    """The kind of an answer, for the counts."""
    return "as if it did not exist" if expected is None else f"{expected.status} {expected.word or ''}".strip()


def judged(world: World, asking: Asking) -> tuple[str, str]:
    """The kind of the expected answer, and the difference between it and the actual one, empty when there is none."""
    expected = asking.expected(world)
    wrong = mismatch(world, asking, ask(world, asking), expected)
    return kind_of(expected), wrong and f"{asking}: {wrong}"


def summary(wrong: list[str]) -> str:
    """The number of mismatches and the first ten."""
    return "\n".join([f"{len(wrong)} mismatches", *wrong[:10]])


def test_the_policies_agree_with_the_schema() -> None:
    result = cedarpy.validate_policies(POLICIES, SCHEMA)
    assert result.validation_passed, result.errors


def test_every_route_is_an_operation_of_the_matrix() -> None:
    document = json.loads((ROOT / OPENAPI).read_text())
    routes = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    asked = {(method, path.replace("{company_of_export}", "{company_id}")) for method, path in BY_METHOD_AND_PATH}
    assert asked == routes


def test_the_document_names_the_roles_that_the_policies_permit(world: World) -> None:
    document = json.loads((ROOT / OPENAPI).read_text())
    for (method, path), operation in BY_METHOD_AND_PATH.items():
        described = document["paths"][path.replace("{company_of_export}", "{company_id}")][method.lower()]
        viewers = [replace(viewer, recorded=viewer.role, recorded_company=viewer.company) for viewer in world.viewers()]
        asked = product(viewers, ids_of(world)[operation.takes])
        permitted = {viewer.role for viewer, id_ in asked if operation.expect(world, viewer, id_) is not None}
        named = set(re.findall(r"([a-z-]+) \(", described["description"].rpartition("\n\n")[2]))
        assert named == (permitted if described["security"] else set()), path


def test_every_role_in_every_relation_gets_the_answer_of_the_policies_in_every_state(
    world: World, record_property: Record
) -> None:
    kinds, cells, wrong = Counter[str](), set(), []
    for viewer, (operation, one) in each(everyone(world), product(OF_AN_ENROLLMENT, world.enrollments)):
        asked = one.enrollment if operation.takes == "enrollment_id" else one.certificate or "a" * 26
        kind, mistake = judged(world, Asking(viewer, operation, asked))
        kinds[kind] += 1
        cells.add((viewer.role, relation(viewer, one), operation, one.state))
        wrong += [mistake] if mistake else []
    record_property("authorization matrix", dict(kinds))
    assert not wrong, summary(wrong)
    assert cells == set(product(ROLES, RELATIONS, OF_AN_ENROLLMENT, STATES))


def each(viewers: Iterable[Viewer], cases: Iterable[CaseT]) -> Iterator[tuple[Viewer, CaseT]]:
    """As `itertools.product`, which would draw all viewers first: they change the world on the way."""
    repeated = list(cases)
    return ((viewer, case) for viewer in viewers for case in repeated)


def test_where_the_recorded_kind_and_the_role_differ_only_what_both_may_is_allowed(
    world: World, record_property: Record
) -> None:
    kinds, wrong = Counter[str](), []
    for recorded in ROLES:
        world.record_as(recorded, None)
        viewers = [one for one in world.viewers() if one.recorded == recorded != one.role and one.company]
        lists = [(operation, None) for operation in OPERATIONS if operation.takes in {"", "company_id"}]
        for viewer, (operation, one) in each(viewers, [*lists, *product(OF_AN_ENROLLMENT, world.enrollments)]):
            ids = {"enrollment_id": one and one.enrollment, "certificate_id": (one and one.certificate) or "a" * 26}
            kind, mistake = judged(world, Asking(viewer, operation, ids.get(operation.takes) or world.id("Ours")))
            kinds[kind] += 1
            wrong += [mistake] if mistake else []
    record_property("authorization of differing roles", dict(kinds))
    assert not wrong, summary(wrong)


def test_where_the_recorded_company_and_the_tokens_differ_only_what_both_may_is_allowed(
    world: World, record_property: Record
) -> None:
    kinds, wrong = Counter[str](), []
    for role, recorded in product(ROLES, COMPANIES):
        world.record_as(role, recorded)
        viewers = [one for one in world.viewers([role]) if one.recorded and one.company != one.recorded_company]
        lists = [operation for operation in OPERATIONS if operation.takes in {"", "company_id"}]
        for viewer, (operation, asked) in each(viewers, product(lists, (world.id("Ours"), world.id("Theirs")))):
            kind, mistake = judged(world, Asking(viewer, operation, asked))
            kinds[kind] += 1
            wrong += [mistake] if mistake else []
        for viewer, (operation, one) in each(viewers, product(OF_AN_ENROLLMENT, world.enrollments)):
            asked = one.enrollment if operation.takes == "enrollment_id" else one.certificate or "a" * 26
            kind, mistake = judged(world, Asking(viewer, operation, asked))
            kinds[kind] += 1
            wrong += [mistake] if mistake else []
    record_property("authorization of differing companies", dict(kinds))
    assert not wrong, summary(wrong)


def test_every_list_has_what_the_policies_permit_on_one_page_or_on_many(world: World, record_property: Record) -> None:
    kinds, wrong = Counter[str](), []
    for viewer, operation in each(everyone(world), [one for one in OPERATIONS if one.takes in {"", "company_id"}]):
        for asked in [world.id("Nowhere"), *ids_of(world)["company_id"]] if operation.takes else [""]:
            kind, mistake = judged(world, Asking(viewer, operation, asked))
            wrong += [mistake] if mistake else []
            kinds[kind] += 1
            expected = operation.expect(world, viewer, asked)
            if operation.is_list and expected is not None:
                found = walked(world, Asking(viewer, operation, asked))
                assert found == (expected.enrollments, expected.certificates)
    record_property("authorization lists", dict(kinds))
    assert not wrong, summary(wrong)


def walked(world: World, asking: Asking) -> tuple[frozenset[str], frozenset[str]]:
    """The enrollments and certificates of a list, read in pages of seven."""
    enrollments, certificates = frozenset[str](), frozenset[str]()
    page: dict[str, str] = {"limit": "7"}
    for _ in world.enrollments:
        answer = ask(world, replace(asking, query=tuple(page.items())))
        found = named(world, answer)
        enrollments, certificates = enrollments | found[0], certificates | found[1]
        page["cursor"] = json.loads(answer["body"]).get("next_cursor", "")
        if not page["cursor"]:
            break
    return enrollments, certificates


def test_a_tampered_id_opens_nothing_that_the_id_itself_does_not(world: World, record_property: Record) -> None:
    kinds, wrong = Counter[str](), []
    viewers = (viewer for viewer in everyone(world) if viewer.account == world.id("me"))
    for viewer, operation in each(viewers, [one for one in OPERATIONS if one.takes]):
        for target in targets(world, viewer, operation):
            for trick, asked in tampered(world, operation.takes, target).items():
                kind, mistake = judged(world, Asking(viewer, operation, asked))
                kinds[kind] += 1
                wrong += [f"{trick}: {mistake}"] if mistake else []
    record_property("authorization tricks", dict(kinds))
    assert not wrong, summary(wrong)


def targets(world: World, viewer: Viewer, operation: Operation) -> list[str]:
    """An id that the viewer has access to, and one that they have not, where they exist."""
    ids = ids_of(world)[operation.takes]
    seen = [one for one in ids if operation.expect(world, viewer, one) not in {None, Expected(404, word="unknown")}]
    return seen[:1] + [one for one in ids if one not in seen][:1]


SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 50))]
REQUESTS = 2_000


@pytest.mark.parametrize("seed", SEEDS)
def test_random_requests_are_answered_as_the_policies_say(world: World, seed: int, record_property: Record) -> None:
    chance, kinds, wrong = random.Random(seed), Counter[str](), []
    for number in range(REQUESTS):
        if number % 400 == 0:
            world.record_as(chance.choice(ROLES), chance.choice(COMPANIES))
        asking, page = random_asking(chance, world)
        expected = page.of(world, asking) if page else asking.expected(world)
        kinds[kind_of(expected)] += 1
        answer = ask(world, asking)
        mistake = mismatch(world, asking, answer, part_of(world, answer, page, expected))
        wrong += [f"request {number}: {asking}: {mistake}"] if mistake else []
        if number % 200 == 0:
            world.service.empty()
    record_property("random requests", dict(kinds))
    assert not wrong, summary(wrong)


def part_of(world: World, answer: Answer, page: Page | None, expected: Expected | None) -> Expected | None:
    """The expected part of a page that is not the last: at most `limit` items, all of them of the whole list."""
    if expected is None or page is None or '"next_cursor"' not in answer["body"]:
        return expected
    enrollments, certificates = named(world, answer)
    assert len(enrollments) <= int(page.limit or 50)
    return replace(
        expected,
        enrollments=enrollments & expected.enrollments,
        certificates=certificates & expected.certificates,
    )
