"""Which export a request gets: its number, its id, its link, and whether a certificate issued since makes another."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from earned.aws.dynamodb import access_log
from earned.aws.dynamodb import exports as export_rows
from earned.aws.dynamodb.enrollment_keys import row_key
from earned.domain.enrollment import EnrollmentKey
from earned.domain.exports import Export
from earned.testing.service import Service
from tests.integration.issued_records import enrolled, issue
from tests.integration.test_exports import ask, ask_for, look
from tests.integration.wire_faults import Request, happening, noted, requests_pass
from tools.story import Story

AT = datetime(2027, 3, 2, 12, 40, 0, 250_000, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


@pytest.fixture
def at_noon(service: Service, story: Story) -> Story:
    """A company whose API and exports have one time."""
    for function in ("serve_api", "export_certificates"):
        service.use(function, now=lambda: AT)
    return story


def exports_of(story: Story) -> list[Export]:
    return export_rows.exports_of(story.company, story.id("admin"))


def made(story: Story) -> str:
    """The id of an export that is done."""
    export_id: str = ask(story)[1]["export_id"]
    story.service.deliver("export_certificates")
    return export_id


def test_the_link_of_an_export_and_the_entry_in_the_access_log_have_the_time_of_the_look(at_noon: Story) -> None:
    export_id = made(at_noon)
    _, found = look(at_noon, export_id)
    assert found["expires_at"] == "2027-03-02T12:41:00.250Z"
    [entry] = access_log.accesses_of(f"exports/{export_id}")
    assert entry == ("2027-03-02T12:40:00.250+00:00", at_noon.id("admin"), "company-admin", at_noon.company)


def test_the_exports_of_an_admin_are_numbered_from_1_and_named_by_128_random_bits(at_noon: Story) -> None:
    names = [ask_for(at_noon, training_id=f"course-{number}")[1]["export_id"] for number in range(3)]
    assert [(one.number, one.export_id) for one in exports_of(at_noon)] == list(enumerate(names, start=1))
    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in names)
    assert len(set(names)) == 3


@pytest.mark.parametrize(("others", "status"), [(2, 202), (3, 500)])
def test_a_request_that_others_overtake_is_tried_three_times_with_the_next_number(
    at_noon: Story, others: int, status: int
) -> None:
    def overtaken(request: Request) -> None:
        number = int(request.parameters["Item"]["sk"]["S"])
        export_rows.add_export(Export(at_noon.company, at_noon.id("admin"), number, f"other-{number}", AT))

    with happening(overtaken, "PutItem", times=others):
        assert ask_for(at_noon, training_id="course")[0] == status
    assert [one.number for one in exports_of(at_noon)] == [1, 2, 3]


def test_a_reversed_range_of_days_is_refused_with_the_reason(at_noon: Story) -> None:
    status, problem = ask_for(at_noon, issued_from="2026-03-03", issued_to="2026-03-02")
    assert (status, problem["type"]) == (400, "urn:earned:problem:bad-request")
    assert problem["detail"].endswith("issued_from is after issued_to")


def test_a_range_may_be_an_instant(at_noon: Story) -> None:
    noon = "2026-03-02T12:00:00Z"
    assert ask_for(at_noon, issued_from=noon, issued_to=noon)[0] == 202


def test_an_export_is_sent_again_when_it_is_asked_for_again_unless_a_run_works_on_it(at_noon: Story) -> None:
    ask(at_noon)
    [export] = exports_of(at_noon)
    for lease_until, sent in ((AT + MILLISECOND, False), (AT, True)):
        at_noon.service.empty()
        export_rows.claim_export(export, "run", AT, lease_until)
        assert ask(at_noon)[1]["export_id"] == export.export_id
        assert (at_noon.service.waiting("Export") == 1) is sent


def test_an_export_that_is_done_is_not_sent_again(at_noon: Story) -> None:
    export_id = made(at_noon)
    assert ask(at_noon)[1]["export_id"] == export_id
    assert at_noon.service.waiting("Export") == 0


def test_an_admin_who_went_to_another_company_has_no_export_of_the_one_before(at_noon: Story) -> None:
    export_id = made(at_noon)
    elsewhere = at_noon.claims("admin", "company-admin", at_noon.id("other-co"))
    assert look(at_noon, export_id)[0] == 200
    assert look(at_noon, export_id, elsewhere)[0] == 404
    assert ask(at_noon, elsewhere)[0] == 404


@pytest.mark.parametrize(
    ("issued_at", "revision", "same"),
    [(AT - MILLISECOND, 1, True), (AT, 1, False), (AT - MILLISECOND, 2, True), (AT, 2, False)],
    ids=["issued before", "issued then", "reissued before", "reissued then"],
)
def test_a_certificate_issued_in_the_instant_of_the_request_or_later_makes_another_export(
    at_noon: Story, issued_at: datetime, revision: int, same: bool
) -> None:
    record = enrolled(at_noon.id("enr-ada"), at_noon.id("ada"), at_noon.company)
    if revision == 2:
        record = issue(record, AT - timedelta(days=9))
    first = made(at_noon)
    issue(record, issued_at, revision)
    assert (ask(at_noon)[1]["export_id"] == first) is same


@contextmanager
def also_in_the_company(story: Story, number: int) -> Iterator[None]:
    """Let a company have as many further enrollments before its own, none of them with a certificate.

    The answers of DynamoDB's index are made up: moto takes seconds for thousands of items.
    """
    keys = [row_key(EnrollmentKey(f"e{one:05}", f"!{one:05}")) for one in range(number)]

    def answer(request: Request) -> Any:
        if request.operation == "BatchGetItem":
            [asked] = request.parameters["RequestItems"].values()
            return _nothing_of(request) if asked["Keys"][0]["sk"]["S"].startswith("!") else request.send()
        if request.operation != "Query" or request.parameters.get("IndexName") != "by-holder":
            return request.send()
        start = request.parameters.get("ExclusiveStartKey")
        after = 1 + keys.index((start["pk"]["S"], start["sk"]["S"])) if start else 0
        page = keys[after : after + request.parameters["Limit"]]
        if not page:
            request.parameters.pop("ExclusiveStartKey", None)
            return request.send()
        items = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in page]
        last = {"h": {"S": f"company#{story.company}"}, **items[-1]}
        return {"Items": items, "Count": len(items), "ScannedCount": len(items), "LastEvaluatedKey": last}

    with requests_pass(answer):
        yield


def _nothing_of(request: Request) -> dict[str, Any]:
    [table] = request.parameters["RequestItems"]
    return {"Responses": {table: []}, "UnprocessedKeys": {}}


@pytest.mark.parametrize("issued", [False, True])
def test_a_certificate_behind_a_thousand_other_enrollments_is_noticed(at_noon: Story, issued: bool) -> None:
    record = enrolled(at_noon.id("enr-ada"), at_noon.id("ada"), at_noon.company)
    first = made(at_noon)
    if issued:
        issue(record, AT)
    with also_in_the_company(at_noon, 1_000):
        assert (ask(at_noon)[1]["export_id"] != first) is issued


@pytest.mark.parametrize(("number", "same"), [(9_999, True), (10_000, False)])
def test_a_company_of_ten_thousand_enrollments_is_assumed_to_have_a_new_certificate(
    at_noon: Story, number: int, same: bool
) -> None:
    first = made(at_noon)
    with also_in_the_company(at_noon, number):
        assert (ask(at_noon)[1]["export_id"] == first) is same


def test_a_report_that_is_asked_for_again_reads_no_enrollment(service: Service, story: Story) -> None:
    administrator = {"sub": story.id("administrator"), "role": "administrator"}
    first = service.post_to("/v1/exports", None, administrator)[1]["export_id"]
    with noted() as requests:
        assert service.post_to("/v1/exports", None, administrator)[1]["export_id"] == first
    assert [one.parameters["IndexName"] for one in requests if "IndexName" in one.parameters] == []
