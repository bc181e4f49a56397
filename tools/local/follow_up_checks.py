"""The checks that change something: corrections, a withdrawal, a reissue, an export, and what support sees of them."""

import csv
import hashlib
import io
import json
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from docs.examples.post_events import Event
from tools.local.checks import Findings, Week
from tools.local.portal import Reader, fetch
from tools.local.scenario import EVENT, Account, Enrollment, Message

TIMEOUT_SECONDS = 30
Found = TypeVar("Found")


def present_corrected_to_absent_revokes_the_certificate(week: Week) -> Findings:
    certificate = _held(week, live=True)[0]
    marked_by = {"account_id": _staff(week, "administrator").account_id, "role": "administrator"}
    data = _keys(certificate) | {"live_event_id": EVENT, "status": "absent", "marked_by": marked_by}
    _post(week, "attendance", "attendance.marked", data)
    yield _wait(lambda: _verified(week, certificate) == "revoked", "it is not revoked")
    answer = _holder(week, certificate).get(f"/v1/certificates/{certificate['certificate_id']}/download")
    yield None if answer.status_code == 404 else f"a link was handed out: {answer.status_code}"


def a_removed_enrollment_withdraws_its_certificate(week: Week) -> Findings:
    certificate = _held(week)[1]
    _post(week, "directory", "enrollment.removed", _keys(certificate))
    yield _wait(lambda: _verified(week, certificate) == "withdrawn", "it is not withdrawn")
    listed = [item["certificate_id"] for item in _holder(week, certificate).items(_list(week, certificate))]
    yield "it is still listed" if certificate["certificate_id"] in listed else None


def a_corrected_name_is_reissued_under_the_same_link(week: Week) -> Findings:
    certificate = _held(week)[2]
    account = _account(week, certificate["account_id"])
    corrected = {"account_id": account.account_id, "kind": account.kind, "name": "Ada Corrected"}
    company = {"company_id": account.company_id} if account.company_id else {}
    _post(week, "directory", "account.saved", corrected | {"email": "ada@example.com"} | company)
    enrollment = f"/v1/enrollments/{certificate['enrollment_id']}"
    holder = _holder(week, certificate)
    yield _wait(lambda: holder.get(enrollment).json().get("holder") == "Ada Corrected", "the new name is not saved")
    path = f"/v1/certificates/{certificate['certificate_id']}/reissue"
    answer = week.reader(_staff(week, "support")).post(path, {"reason": "name corrected"})
    yield None if answer.status_code == 202 else f"reissue answered {answer.status_code}"
    yield _wait(lambda: _verified(week, certificate, revision=1) == "superseded", "revision 1 is not superseded")
    yield _wait(lambda: _answer(week, certificate).get("holder") == "Ada Corrected", "the name is not corrected")


def support_sees_why_a_certificate_is_missing(week: Week) -> Findings:
    support = week.reader(_staff(week, "support"))
    for enrollment in [it for it in week.scenario.enrollments if it.outstanding][:10]:
        items = (
            support.get("/v1/diagnoses", account_id=enrollment.account.account_id).raise_for_status().json()["items"]
        )
        [blocking] = [it["blocking"] for it in items if it["enrollment"]["enrollment_id"] == enrollment.enrollment_id]
        yield None if _blocks(enrollment, blocking) else f"{enrollment.enrollment_id}: {blocking}"


def _blocks(enrollment: Enrollment, blocking: dict[str, Any]) -> bool:
    expected = enrollment.outstanding
    return expected is not None and (blocking["id"], blocking["reason"]) == (expected.id, expected.reason)


def an_export_holds_every_certificate_of_the_company(week: Week) -> Findings:
    admin = next(account for account in week.of_kind("company-admin"))
    reader, path = week.reader(admin), f"/v1/companies/{admin.company_id}/exports"
    asked = reader.post(path, None).raise_for_status().json()

    def done() -> dict[str, Any] | None:
        export: dict[str, Any] = reader.get(f"{path}/{asked['export_id']}").json()
        return export if export["status"] in {"done", "failed"} else None

    export = _poll(done)
    if export is None or export["status"] != "done":
        yield f"the export is {export and export['status']}"
        return
    archive = zipfile.ZipFile(io.BytesIO(fetch(export["url"]).content))
    files = json.loads(archive.read("manifest.json"))["files"]
    listed = {item["certificate_id"] for item in reader.items(f"/v1/companies/{admin.company_id}/certificates")}
    issued = {it for it in listed if _status(week, it) == "valid"}
    yield None if {file["certificate_id"] for file in files} == issued else "it does not hold what is listed"
    rows = csv.DictReader(io.StringIO(archive.read("records.csv").decode("utf-8-sig")))
    numbers = {row["certificate_number"] for row in rows} - {""}
    yield None if numbers == issued else "its table does not hold what is listed"
    for file in files:
        intact = hashlib.sha256(archive.read(file["file_name"])).hexdigest() == file["sha256"]
        yield None if intact else f"{file['file_name']} differs from the manifest"


def an_ended_event_with_people_unmarked_is_listed(week: Week) -> Findings:
    unmarked = [it for it in week.scenario.enrollments if it.outstanding and it.outstanding.reason == _UNMARKED]
    items = week.reader(_staff(week, "administrator")).items("/v1/unmarked-attendance")
    waiting = {item["live_event_id"]: item["waiting"] for item in items}
    yield None if waiting.get(EVENT) == len(unmarked) else f"{waiting} instead of {len(unmarked)}"


_UNMARKED = "attendance-not-marked"
FOLLOW_UP_CHECKS = [
    an_ended_event_with_people_unmarked_is_listed,
    support_sees_why_a_certificate_is_missing,
    present_corrected_to_absent_revokes_the_certificate,
    a_removed_enrollment_withdraws_its_certificate,
    a_corrected_name_is_reissued_under_the_same_link,
    an_export_holds_every_certificate_of_the_company,
]


def _held(week: Week, *, live: bool = False) -> list[dict[str, Any]]:
    """The certificates of courses, or of the live event, in the order of their enrollments."""
    chosen = [it for it in week.certificates if (it["training"]["id"] == EVENT) is live]
    return sorted(chosen, key=lambda it: it["enrollment_id"])


def _keys(certificate: dict[str, Any]) -> dict[str, Any]:
    return {name: certificate[name] for name in ("enrollment_id", "account_id")}


def _account(week: Week, account_id: str) -> Account:
    return next(account for account in week.scenario.accounts if account.account_id == account_id)


def _staff(week: Week, kind: str) -> Account:
    return week.of_kind(kind)[0]


def _holder(week: Week, certificate: dict[str, Any]) -> Reader:
    account = _account(week, certificate["account_id"])
    if account.company_id is None:
        return week.reader(account)
    return week.reader(next(it for it in week.of_kind("company-admin") if it.company_id == account.company_id))


def _list(week: Week, certificate: dict[str, Any]) -> str:
    company = _account(week, certificate["account_id"]).company_id
    return f"/v1/companies/{company}/certificates" if company else "/v1/certificates"


def _verified(week: Week, certificate: dict[str, Any], revision: int | None = None) -> str:
    status: str = _answer(week, certificate, revision)["status"]
    return status


def _status(week: Week, certificate_id: str) -> str:
    return _verified(week, {"certificate_id": certificate_id})


def _answer(week: Week, certificate: dict[str, Any], revision: int | None = None) -> dict[str, Any]:
    query: dict[str, str | int] = {"revision": revision} if revision else {}
    answer: dict[str, Any] = Reader(week.stack, None).get(f"/verify/{certificate['certificate_id']}", **query).json()
    return answer


def _post(week: Week, queue: str, kind: str, data: dict[str, Any]) -> None:
    """Post one event dated a second ahead, because a correction must be later than the mark that it corrects."""
    now = datetime.now(UTC) + timedelta(seconds=1)
    event = Event(f"portal.{kind}.v1", data, now)
    account = _account(week, data["account_id"])
    week.queues.post([Message(queue, event.body(), now, group=account.company_id or account.account_id)])


def _wait(holds: Callable[[], bool], otherwise: str) -> str | None:
    """None as soon as the condition holds, else what is wrong."""
    return None if _poll(lambda: holds() or None) else f"{otherwise} after {TIMEOUT_SECONDS} s"


def _poll(find: Callable[[], Found | None]) -> Found | None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while (found := find()) is None and time.monotonic() < deadline:
        time.sleep(0.2)
    return found
