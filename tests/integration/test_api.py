"""The API's answers: each viewer gets what the access table gives them, and nothing else."""

import gc
import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from earned.api.application import ROUTES
from earned.api.paging import EnrollmentPosition, account_list
from earned.api.problems import Problem
from earned.aws.dynamodb import access_log, enrollments, table
from earned.testing.service import Service
from tests.integration.wire_faults import client_of, denied
from tools.story import NOON, Story, cloud_event


@pytest.fixture
def issued(service: Service, story: Story) -> Story:
    """Ada, an employee, and Ivo, an individual, have finished; Bea has not."""
    story.directory()
    story.save_account("ada")
    story.save_account("bea", name="Bea Sample")
    story.save_account("admin", "company-admin", name="Cleo Sample")
    story.save_account("ivo", "individual", name="Ivo Sample")
    for account in ("ada", "bea", "admin", "ivo"):
        story.enroll(account)
    service.settle()
    for account in ("ada", "ivo"):
        service.post("Progress", *story.do(account, "read", "watch", "quiz"))
    service.post("Progress", *story.do("bea", "read"))
    service.settle()
    return story


def certificate_of(story: Story, account: str) -> str:
    """A certificate id, read from the record."""
    record = enrollments.get_record(story.id(f"enr-{account}"))
    assert record is not None
    assert record.certificate_id is not None
    return record.certificate_id


def test_an_individual_lists_and_downloads_their_own(issued: Story) -> None:
    claims = issued.claims("ivo", "individual")
    _, page = issued.service.get("/v1/certificates", claims)
    [certificate] = page["items"]
    status, link = issued.service.get(f"/v1/certificates/{certificate['certificate_id']}/download", claims)
    assert status == 200
    assert link["file_name"] == "Leading Well - Ivo Sample - 2026-03-02.pdf"
    assert certificate["holder"] == "Ivo Sample"


def test_a_link_lasts_a_minute_and_carries_no_personal_data(issued: Story) -> None:
    claims = issued.claims("ivo", "individual")
    _, link = issued.service.get(f"/v1/certificates/{certificate_of(issued, 'ivo')}/download", claims)
    query = parse_qs(urlsplit(link["url"]).query)
    assert query["X-Amz-Expires"] == ["60"]
    assert "Sample" not in link["url"]
    assert "Ivo" not in link["url"]


def test_a_document_is_stored_as_an_attachment_with_a_readable_name(issued: Story) -> None:
    bucket = issued.service.outputs["DocumentsBucketName"]
    key = f"certificates/{certificate_of(issued, 'ivo')}/1.pdf"
    head = boto3.client("s3").head_object(Bucket=bucket, Key=key)
    assert head["ContentDisposition"].startswith('attachment; filename="Leading Well - Ivo Sample - 2026-03-02.pdf"')
    assert head["ContentType"] == "application/pdf"


def test_a_download_is_in_the_access_log(issued: Story) -> None:
    certificate_id = certificate_of(issued, "ada")
    issued.service.get(f"/v1/certificates/{certificate_id}/download", issued.claims("admin", "company-admin"))
    table = boto3.resource("dynamodb").Table(issued.service.outputs["AccessLogTableName"])
    [entry] = [item for item in table.scan()["Items"] if item["certificate"] == certificate_id]
    assert entry["account"] == issued.id("admin")
    assert entry["role"] == "company-admin"
    assert entry["company"] == issued.company


def test_a_download_fails_without_a_link_when_the_access_log_cannot_be_written(issued: Story) -> None:
    path = f"/v1/certificates/{certificate_of(issued, 'ada')}/download"
    with denied(client_of(access_log.AccessRow), "dynamodb.PutItem"):
        status, body = issued.service.get(path, issued.claims("admin", "company-admin"))
    assert (status, body["type"]) == (500, "urn:earned:problem:fault")
    assert "url" not in body


def test_a_download_costs_two_requests_to_read_and_one_to_write(issued: Story) -> None:
    calls: list[str] = []
    client, log_client = client_of(table.Row), client_of(access_log.AccessRow)
    for one in {id(client): client, id(log_client): log_client}.values():
        one.meta.events.register("before-call", lambda model, **_: calls.append(model.name), unique_id="count")
    issued.service.get(
        f"/v1/certificates/{certificate_of(issued, 'ada')}/download", issued.claims("admin", "company-admin")
    )
    for one in (client, log_client):
        one.meta.events.unregister("before-call", unique_id="count")
    assert calls[1:] == ["Query", "BatchGetItem", "PutItem"]  # the first is the test's own look-up


def test_an_employee_sees_progress_but_no_certificate_anywhere(issued: Story) -> None:
    claims, certificate_id = issued.claims("ada"), certificate_of(issued, "ada")
    answers = [
        issued.service.get(path, claims)
        for path in (
            "/v1/enrollments",
            f"/v1/enrollments/{issued.id('enr-ada')}",
            "/v1/certificates",
            f"/v1/certificates/{certificate_id}/download",
            f"/v1/companies/{issued.company}/certificates",
            f"/v1/companies/{issued.company}/enrollments",
        )
    ]
    assert [status for status, _ in answers] == [200, 200, 404, 404, 404, 404]
    assert answers[1][1]["status"] == "completed"
    assert not any("certificate" in json.dumps(body) or certificate_id in json.dumps(body) for _, body in answers)


def test_a_company_admin_sees_the_progress_and_the_certificates_of_their_people(issued: Story) -> None:
    claims = issued.claims("admin", "company-admin")
    _, page = issued.service.get(f"/v1/companies/{issued.company}/enrollments", claims)
    seen = {item["account_id"]: item for item in page["items"]}
    assert set(seen) == {issued.id("ada"), issued.id("bea"), issued.id("admin")}
    assert seen[issued.id("ada")]["certificate"]["certificate_id"] == certificate_of(issued, "ada")
    assert [item["id"] for item in seen[issued.id("bea")]["outstanding"]] == ["watch", "quiz"]
    assert [item["holder"] for item in issued.certificates()] == ["Ada Sample"]


def test_another_companys_admin_gets_the_answer_for_what_does_not_exist(issued: Story) -> None:
    claims = issued.claims("stranger", "company-admin", issued.id("other-co"))
    for path in (
        f"/v1/enrollments/{issued.id('enr-ada')}",
        f"/v1/companies/{issued.company}/enrollments",
        f"/v1/companies/{issued.company}/certificates",
        f"/v1/certificates/{certificate_of(issued, 'ada')}/download",
    ):
        missing = path.replace(issued.tag, "nowhere1").replace(certificate_of(issued, "ada"), "a" * 26)
        assert issued.service.get(path, claims) == issued.service.get(missing, claims)
        assert issued.service.get(path, claims)[0] == 404


def test_an_admin_token_without_a_company_opens_nothing(issued: Story) -> None:
    claims = {"sub": issued.id("admin"), "role": "company-admin"}
    assert issued.service.get(f"/v1/enrollments/{issued.id('enr-ivo')}", claims)[0] == 404
    assert issued.service.get(f"/v1/certificates/{certificate_of(issued, 'ivo')}/download", claims)[0] == 404


@pytest.mark.parametrize("role", ["administrator", "support"])
def test_staff_see_progress_of_everyone_and_download_nothing(issued: Story, role: str) -> None:
    claims = {"sub": "staff-1", "role": role}
    _, seen = issued.service.get(f"/v1/enrollments/{issued.id('enr-ada')}", claims)
    assert seen["status"] == "completed"
    assert "certificate" not in seen
    assert issued.service.get(f"/v1/certificates/{certificate_of(issued, 'ada')}/download", claims)[0] == 404
    assert issued.service.get(f"/v1/companies/{issued.company}/certificates", claims)[0] == 404


@pytest.mark.parametrize("role", ["", "root", "Employee", "[company-admin]"])
def test_any_other_role_is_refused(issued: Story, role: str) -> None:
    status, body = issued.service.get("/v1/enrollments", {"sub": issued.id("ada"), "role": role})
    assert (status, body["type"]) == (403, "urn:earned:problem:unknown-role")


@pytest.mark.parametrize("claims", [{"role": "employee"}, {"sub": "acc-1", "role": "employee", "token_use": "id"}])
def test_a_token_without_a_subject_or_for_another_use_is_refused(service: Service, claims: dict[str, str]) -> None:
    status, body = service.get("/v1/enrollments", claims)
    assert (status, body["type"]) == (401, "urn:earned:problem:not-an-access-token")


def test_every_route_but_the_public_ones_has_an_operation_of_the_access_table() -> None:
    public = {(route.method, route.path) for route in ROUTES if not route.operations}
    assert {("POST", "/v1/support-requests"), ("GET", "/verify/<certificate_id>")} <= public
    assert all(method == "POST" or not path.startswith("/v1/") or path == "/v1/openapi.json" for method, path in public)


def test_a_path_that_does_not_exist_answers_problem_details(issued: Story) -> None:
    status, body = issued.service.get("/v1/nothing", issued.claims("ada"))
    assert (status, body["type"], body["status"]) == (404, "urn:earned:problem:not-found", 404)


def test_a_problem_does_not_outlive_its_request(service: Service) -> None:
    # An exception refers to its traceback, and so to the names and addresses in the frames of the request.
    assert service.get("/v1/nothing", {"sub": "sup-1", "role": "support"})[0] == 404
    assert service.get("/v1/enrollments/none", {"sub": "sup-1", "role": "support"})[0] == 404
    assert service.get("/v1/enrollments", {"sub": "sup-1", "role": "root"})[0] == 403
    gc.collect()
    assert [one for one in gc.get_objects() if issubclass(type(one), Problem)] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "0"), ("limit", "101"), ("limit", "many"), ("limit", " 50"), ("limit", "+5"), ("cursor", "x" * 500)],
)
def test_a_bad_parameter_is_named_and_not_repeated(issued: Story, name: str, value: str) -> None:
    status, body = issued.service.get("/v1/enrollments", issued.claims("ada"), **{name: value})
    assert (status, body["type"]) == (400, "urn:earned:problem:bad-request")
    assert name in body["detail"]


@pytest.mark.parametrize(
    "cursor", ["garbled!", "e30", "WzEsMl0", "W10", "IiI", "WyIiLCIiXQ", "%20", "bnVsbA", "WyJcdWQ4MDAiLCJ4Il0"]
)
def test_a_garbled_cursor_is_a_bad_request(issued: Story, cursor: str) -> None:
    status, body = issued.service.get("/v1/enrollments", issued.claims("ada"), cursor=cursor)
    assert (status, body["type"]) == (400, "urn:earned:problem:garbled-cursor")


@pytest.mark.parametrize(
    "position", [["", "a"], ["a", ","], ["a"], ["a", "b", "c"], [1, 2], "a", None, ["\ud800", "x"]]
)
def test_a_cursor_of_the_right_list_with_a_garbled_position_is_a_bad_request(issued: Story, position: Any) -> None:
    content = json.dumps([f"enrollments of account {issued.id('ada')}", position]).encode()
    cursor = urlsafe_b64encode(content).decode()
    status, body = issued.service.get("/v1/enrollments", issued.claims("ada"), cursor=cursor)
    assert (status, body["type"]) == (400, "urn:earned:problem:garbled-cursor")


def test_a_forged_cursor_opens_nothing_of_another_account(issued: Story) -> None:
    listed = account_list("enrollments", issued.id("ada"))
    for account in ("bea", "nobody", "ada"):
        cursor = listed.cursors.encode(EnrollmentPosition("-", issued.id(account)))
        _, page = issued.service.get("/v1/enrollments", issued.claims("ada"), cursor=cursor)
        assert [item["account_id"] for item in page["items"]] == [issued.id("ada")] * (account == "ada")


def test_pages_cover_everyone_once(service: Service, story: Story) -> None:
    story.directory()
    people = [f"person-{number:02}" for number in range(23)]
    for person in people:
        story.save_account(person)
        story.enroll(person)
    service.settle()
    claims, path = story.claims("admin", "company-admin"), f"/v1/companies/{story.company}/enrollments"
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        _, page = service.get(path, claims, limit="10", **cursor)
        seen += [item["account_id"] for item in page["items"]]
        cursor = {"cursor": page.get("next_cursor", "")}
    assert "next_cursor" not in page
    assert sorted(seen) == sorted(story.id(person) for person in people)


@pytest.mark.parametrize("first", ["0", "A", "a", "enr", "z"])
def test_pages_cover_everyone_whatever_their_ids_begin_with_and_however_many_accounts_there_are(
    service: Service, story: Story, first: str
) -> None:
    story.directory()
    enrollments = [story.id(f"{first}-{number}") for number in range(3)]
    for number, enrollment in enumerate(enrollments):
        story.save_account(f"person-{number}")
        story.enroll(f"person-{number}", enrollment_id=enrollment)
    service.settle()
    claims, path = story.claims("admin", "company-admin"), f"/v1/companies/{story.company}/enrollments"
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in enrollments:
        _, page = service.get(path, claims, limit="1", **cursor)
        seen += [item["enrollment_id"] for item in page["items"]]
        cursor = {"cursor": page.get("next_cursor", "")}
    assert seen == enrollments


def test_a_person_sees_enrollments_of_every_company_and_each_company_only_its_own(story: Story) -> None:
    before, elsewhere = story.id("co-before"), story.id("co-elsewhere")
    story.enroll("ada", enrollment_id=story.id("e3"), company_id=elsewhere)  # before the account is known
    story.save_account("ada", company_id=before)
    story.enroll("ada", enrollment_id=story.id("e1"))
    story.service.settle()
    story._directory("account.saved", story.account("ada"), at=NOON)
    story.enroll("ada", enrollment_id=story.id("e2"))
    story.service.settle()
    own = story.claims("ada")
    assert [seen(story, "/v1/enrollments", own, limit=str(limit)) for limit in (1, 2, 50)] == [["e1", "e2", "e3"]] * 3
    for company, expected in ((before, ["e1"]), (story.company, ["e2"]), (elsewhere, ["e3"])):
        admin = story.claims("admin", "company-admin", company)
        assert seen(story, f"/v1/companies/{company}/enrollments", admin) == expected


def seen(story: Story, path: str, claims: dict[str, str], **query: str) -> list[str]:
    """The enrollments on all pages, without the story's tag."""
    _, page = story.service.get(path, claims, **query)
    found = [item["enrollment_id"].removesuffix(f"-{story.tag}") for item in page["items"]]
    cursor = page.get("next_cursor")
    return found + (seen(story, path, claims, **query | {"cursor": cursor}) if cursor else [])


def test_an_individual_and_a_company_of_the_same_id_share_nothing(story: Story) -> None:
    story.save_account(story.tag, "individual")
    story.enroll(story.tag)
    story.service.settle()
    company = story.id(story.tag)
    admin = story.claims("admin", "company-admin", company)
    assert seen(story, f"/v1/companies/{company}/enrollments", admin) == []
    assert len(seen(story, "/v1/enrollments", story.claims(story.tag, "individual"))) == 1


def test_a_page_of_certificates_is_full_when_there_are_enough(service: Service, story: Story) -> None:
    story.directory()
    for number in range(12):
        story.save_account(f"person-{number:02}")
        story.enroll(f"person-{number:02}")
    service.settle()
    for number in range(0, 12, 3):
        service.post("Progress", *story.do(f"person-{number:02}", "read", "watch", "quiz"))
    service.settle()
    claims, path = story.claims("admin", "company-admin"), f"/v1/companies/{story.company}/certificates"
    _, first = service.get(path, claims, limit="3")
    _, second = service.get(path, claims, limit="3", cursor=first["next_cursor"])
    assert len(first["items"]) == 3
    assert len(second["items"]) == 1
    assert "next_cursor" not in second


def test_an_enrollment_names_its_holder_once_the_account_is_known(service: Service, story: Story) -> None:
    story.directory()
    story.enroll("ada", company_id=story.company)
    service.settle()
    assert "holder" not in story.enrollment("ada")
    story.save_account("ada", name="Ada Known")
    service.settle()
    assert story.enrollment("ada")["holder"] == "Ada Known"


def test_a_list_has_the_title_as_it_is_printed_also_after_the_course_is_renamed(issued: Story) -> None:
    issued.publish(2, title="Leading Better")
    issued.service.settle()
    [certificate] = issued.certificates()
    assert certificate["training"] == {"id": issued.course, "kind": "course", "title": "Leading Well"}
    assert issued.enrollment("ada")["training"]["title"] == "Leading Better"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"ada", "bea", "admin"}),
        ({"status": "completed"}, {"ada"}),
        ({"status": "in-progress"}, {"bea", "admin"}),
        ({"who": "learner"}, {"bea", "admin"}),
        ({"who": "administrator"}, set()),
        ({"account_id": "{bea}"}, {"bea"}),
        ({"training_id": "{course}", "status": "completed"}, {"ada"}),
        ({"training_id": "elsewhere"}, set()),
    ],
)
def test_a_companys_enrollments_can_be_narrowed(issued: Story, query: dict[str, str], found: set[str]) -> None:
    filled = {name: text.format(bea=issued.id("bea"), course=issued.course) for name, text in query.items()}
    path = f"/v1/companies/{issued.company}/enrollments"
    _, page = issued.service.get(path, issued.claims("admin", "company-admin"), **filled)
    assert {item["account_id"] for item in page["items"]} == {issued.id(account) for account in found}


@pytest.mark.parametrize(("name", "value"), [("status", "done"), ("who", "portal")])
def test_a_filter_takes_only_its_own_values(issued: Story, name: str, value: str) -> None:
    path = f"/v1/companies/{issued.company}/enrollments"
    status, problem = issued.service.get(path, issued.claims("admin", "company-admin"), **{name: value})
    assert (status, problem["type"]) == (400, "urn:earned:problem:bad-request")
    assert problem["detail"].startswith(f"{name}:")


def test_a_reversed_pair_of_days_is_a_bad_request_that_names_it(issued: Story) -> None:
    path, query = (
        f"/v1/companies/{issued.company}/certificates",
        {"issued_from": "2026-03-02", "issued_to": "2026-03-01"},
    )
    status, problem = issued.service.get(path, issued.claims("admin", "company-admin"), **query)
    assert (status, problem["detail"]) == (400, "issued_from: later than issued_to")


@pytest.mark.parametrize("value", ["20000", "1772452800", "2026-03-02T12:00:00", "2026-02-30", " 2026-03-02", "1e9"])
def test_a_day_that_is_neither_a_day_nor_a_time_with_its_offset_is_a_bad_request(issued: Story, value: str) -> None:
    path, claims = f"/v1/companies/{issued.company}/certificates", issued.claims("admin", "company-admin")
    status, problem = issued.service.get(path, claims, issued_from=value)
    assert (status, problem["type"]) == (400, "urn:earned:problem:bad-request")
    assert problem["detail"].startswith("issued_from")


def test_messages_are_in_the_readers_language(issued: Story) -> None:
    path, claims = f"/v1/enrollments/{issued.id('enr-bea')}", issued.claims("bea")
    for language, message in (
        ("de-DE,en;q=0.5", "Das Quiz „What you heard“ ist noch nicht bestanden."),
        ("nl", "The quiz “What you heard” is not passed yet."),
    ):
        answer = issued.service.ask("GET", path, claims, headers={"accept-language": language})
        assert message in [item["message"] for item in json.loads(answer["body"])["outstanding"]]


# The viewer: what the record of the account says limits the token.


def test_the_token_of_a_removed_account_opens_nothing_at_once(issued: Story) -> None:
    service, claims = issued.service, issued.claims("ivo", "individual")
    assert service.get("/v1/certificates", claims)[0] == 200
    service.post("Directory", cloud_event("account.removed", {"account_id": issued.id("ivo")}, NOON))
    service.deliver("record_directory")
    nothing = service.ask("GET", "/v1/nothing", claims)
    for path in ("/v1/certificates", "/v1/enrollments", f"/v1/enrollments/{issued.id('enr-ivo')}"):
        assert service.ask("GET", path, claims) == nothing


def test_the_token_of_an_account_of_which_only_the_removal_is_known_opens_nothing(issued: Story) -> None:
    claims = {"sub": issued.id("gone"), "role": "support"}
    assert issued.service.get("/v1/support-requests", claims)[0] == 200
    issued.service.post("Directory", cloud_event("account.removed", {"account_id": issued.id("gone")}, NOON))
    issued.service.deliver("record_directory")
    assert issued.service.get("/v1/support-requests", claims)[0] == 404


def test_a_demoted_admin_keeps_no_access_by_an_older_token(issued: Story) -> None:
    service, claims = issued.service, issued.claims("admin", "company-admin")
    path = f"/v1/companies/{issued.company}/certificates"
    assert service.get(path, claims)[0] == 200
    service.post("Directory", cloud_event("account.saved", issued.account("admin"), NOON))
    service.deliver("record_directory")
    assert service.get(path, claims)[0] == 404
    assert service.get(f"/v1/certificates/{certificate_of(issued, 'ada')}/download", claims)[0] == 404
    assert service.get("/v1/enrollments", claims)[0] == 200


def test_an_admin_who_moved_to_another_company_keeps_no_access_by_an_older_token(issued: Story) -> None:
    service, claims = issued.service, issued.claims("admin", "company-admin")
    path, elsewhere = f"/v1/companies/{issued.company}/certificates", issued.id("co-2")
    moved = issued.account("admin", "company-admin") | {"company_id": elsewhere}
    service.post("Directory", cloud_event("account.saved", moved, NOON))
    service.deliver("record_directory")
    assert service.get(path, claims)[0] == 404
    assert service.get(f"/v1/certificates/{certificate_of(issued, 'ada')}/download", claims)[0] == 404
    assert service.post_to(f"/v1/companies/{issued.company}/exports", None, claims)[0] == 404
    assert service.get(f"/v1/companies/{elsewhere}/certificates", claims)[0] == 404
    newer = issued.claims("admin", "company-admin", elsewhere)
    assert service.get(f"/v1/companies/{elsewhere}/certificates", newer) == (200, {"items": []})


def test_an_employee_who_becomes_an_individual_does_not_download_what_the_company_holds(issued: Story) -> None:
    service, claims = issued.service, issued.claims("ada", "individual")
    service.post("Directory", cloud_event("account.saved", issued.account("ada", "individual"), NOON))
    service.deliver("record_directory")
    assert service.get(f"/v1/certificates/{certificate_of(issued, 'ada')}/download", claims)[0] == 404
    assert service.get("/v1/certificates", claims) == (200, {"items": []})
    admin = issued.claims("admin", "company-admin")
    assert service.get(f"/v1/certificates/{certificate_of(issued, 'ada')}/download", admin)[0] == 200


REFUSED = [
    ("/v1/enrollments", {"role": "employee"}, 401, "GET /v1/enrollments"),
    ("/v1/enrollments", {"role": "root"}, 403, "GET /v1/enrollments"),
    ("/v1/certificates", {"role": "employee"}, 404, "GET /v1/certificates"),
    ("/v1/enrollments/{bea}", {"role": "employee"}, 404, "GET /v1/enrollments/<enrollment_id>"),
    ("/v1/certificates/{ada}/download", {"role": "individual"}, 404, "GET /v1/certificates/<certificate_id>/download"),
    ("/v1/companies/other/enrollments", {"role": "company-admin"}, 404, "GET /v1/companies/<company_id>/enrollments"),
]


@pytest.mark.parametrize(("path", "claims", "status", "route"), REFUSED)
def test_a_refused_request_is_logged_and_counted_without_personal_data(
    issued: Story,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    path: str,
    claims: dict[str, str],
    status: int,
    route: str,
) -> None:
    subject = {} if status == 401 else {"sub": issued.id("viewer")}
    path = path.format(bea=issued.id("enr-bea"), ada=certificate_of(issued, "ada"))
    capsys.readouterr()
    assert issued.service.get(path, claims | subject)[0] == status
    [line] = [vars(record) for record in caplog.records if record.message == "request refused"]
    assert (line["route"], line["status"]) == (route, status)
    [metric] = [json.loads(text) for text in capsys.readouterr().out.splitlines() if "RequestsRefused" in text]
    assert metric["RequestsRefused"] == [1.0]
    assert issued.tag not in str(line) + str(metric)


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/enrollments/none", f"/v1/certificates/{'a' * 26}/download"])
def test_what_does_not_exist_is_no_refusal(issued: Story, caplog: pytest.LogCaptureFixture, path: str) -> None:
    claims = issued.claims("admin", "company-admin")
    assert issued.service.get(path, claims)[0] == 404
    assert [record for record in caplog.records if record.message == "request refused"] == []


LISTS = {
    "own enrollments": ("/v1/enrollments", "admin", "company-admin", "{company}"),
    "another account's enrollments": ("/v1/enrollments", "ada", "employee", "{company}"),
    "own certificates": ("/v1/certificates", "ivo", "individual", "{company}"),
    "company enrollments": ("/v1/companies/{company}/enrollments", "admin", "company-admin", "{company}"),
    "company certificates": ("/v1/companies/{company}/certificates", "admin", "company-admin", "{company}"),
    "another company's enrollments": ("/v1/companies/other/enrollments", "stranger", "company-admin", "other"),
    "unmarked attendance": ("/v1/unmarked-attendance", "staff", "support", "{company}"),
    "support requests": ("/v1/support-requests", "staff", "support", "{company}"),
}


@pytest.mark.parametrize("name", LISTS)
def test_only_the_list_that_issued_a_cursor_takes_it(issued: Story, name: str) -> None:
    company = f"/v1/companies/{issued.company}/enrollments"
    _, page = issued.service.get(company, issued.claims("admin", "company-admin"), limit="1")
    path, account, role, of_company = (part.format(company=issued.company) for part in LISTS[name])
    claims = issued.claims(account, role, of_company)
    status, answer = issued.service.get(path, claims, cursor=page["next_cursor"])
    if name == "company enrollments":
        assert (status, len(answer["items"])) == (200, 2)
    else:
        assert (status, answer["type"]) == (400, "urn:earned:problem:garbled-cursor")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, 1),
        ({"account_id": "acc-elsewhere"}, 0),
        ({"training_id": "elsewhere"}, 0),
        ({"issued_from": "2020-01-01", "issued_to": "2999-12-31"}, 1),
        ({"issued_to": "2020-01-01"}, 0),
        ({"issued_from": "2999-01-01T00:00:00Z"}, 0),
    ],
)
def test_certificates_can_be_narrowed(issued: Story, query: dict[str, str], found: int) -> None:
    assert len(issued.certificates(**query)) == found


def test_an_enrollment_before_its_training_is_known_says_so(service: Service, story: Story) -> None:
    story.save_account("ada")
    story.enroll("ada", "not-yet-announced")
    service.settle()
    _, seen = service.get(f"/v1/enrollments/{story.id('enr-ada')}", story.claims("ada"))
    assert seen["training"] == {"id": "not-yet-announced"}
    assert [item["reason"] for item in seen["outstanding"]] == ["training-unknown"]


def test_an_enrollment_whose_account_is_not_known_says_so(service: Service, story: Story) -> None:
    story.directory()
    story.enroll("ada", company_id=story.company)
    service.settle()
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    service.settle()
    assert story.reasons("ada") == ["account-unknown"]
    story.save_account("ada")
    service.settle()
    assert len(story.certificates()) == 1


def test_an_outstanding_requirement_says_since_when(issued: Story) -> None:
    watch, quiz = issued.enrollment("bea")["outstanding"]
    assert watch["since"] == "2026-03-02T12:00:00.000Z"
    assert quiz["since"] == (NOON - timedelta(days=30)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
