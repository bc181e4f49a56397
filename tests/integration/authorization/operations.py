"""Every operation of the API, and the answer that the policies require for each viewer."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from earned.api.paging import EnrollmentList, account_list, company_list
from tests.integration.authorization.oracle import SERVICE, Thing, Viewer, may
from tests.integration.authorization.world import ISSUED_AT_SOME_TIME, Enrollment, World

VERIFIED = {"issued": "valid", "reissued": "valid", "revoked": "revoked"}


@dataclass(frozen=True)
class Expected:
    """An answer: its HTTP status, the enrollments and certificates that it names, and its `status` member."""

    status: int
    enrollments: frozenset[str] = frozenset()
    certificates: frozenset[str] = frozenset()
    word: str | None = None


Expectation = Callable[[World, Viewer, str], Expected | None]


@dataclass(frozen=True)
class Operation:
    """A route, the kind of id that it takes, and the expected answer; None is the answer for what does not exist."""

    method: str
    path: str
    takes: str
    expect: Expectation

    @property
    def is_list(self) -> bool:
        """Whether it is a list of enrollments or certificates."""
        return self.expect in {own_progress, company_progress, own_certificates, company_certificates}

    @property
    def is_paged(self) -> bool:
        """Whether it takes a limit and a cursor."""
        return self.is_list or self.expect in {unmarked, requests_for_support}

    def listed(self, viewer: Viewer, asked: str, filters: Mapping[str, str | None]) -> EnrollmentList | None:
        """Its list of enrollments or certificates, if it is one."""
        of = "certificates" if self.path.endswith("/certificates") else "enrollments"
        if not self.is_list:
            return None
        return company_list(of, asked, filters) if self.takes else account_list(of, viewer.account)

    def place(self, world: World, asked: str) -> tuple[str, dict[str, str]]:
        """The path and the query of a request for this id, after API Gateway has decoded them."""
        path, _, parameter = self.path.partition("?")
        company = next((company for company, _ in [world.archives.get(asked, ("", ""))] if company), world.id("Ours"))
        given = path.replace("{company_of_export}", company).replace("{revision}", "1")
        filled = given.replace(f"{{{self.takes}}}", asked)
        return filled, {parameter: asked} if parameter else {}


def own_progress(world: World, viewer: Viewer, _: str) -> Expected | None:
    if not may(viewer, "listOwnProgress", SERVICE):
        return None
    return _progress(world, viewer, [one for one in _enrolled(world) if one.account == viewer.account])


def company_progress(world: World, viewer: Viewer, company: str) -> Expected | None:
    if not may(viewer, "listProgressOf", _company(company)):
        return None
    return _progress(world, viewer, [one for one in _enrolled(world) if one.company == company])


def company_summary(_: World, viewer: Viewer, company: str) -> Expected | None:
    """The answer has numbers and trainings, and names no enrollment."""
    return Expected(200) if may(viewer, "listProgressOf", _company(company)) else None


def own_certificates(world: World, viewer: Viewer, _: str) -> Expected | None:
    if not may(viewer, "listOwnCertificates", SERVICE):
        return None
    return _certificates(world, viewer, [one for one in world.enrollments if one.account == viewer.account])


def company_certificates(world: World, viewer: Viewer, company: str) -> Expected | None:
    if not may(viewer, "listCertificatesOf", _company(company)):
        return None
    return _certificates(world, viewer, [one for one in world.enrollments if one.company == company])


def enrollment(world: World, viewer: Viewer, asked: str) -> Expected | None:
    found = world.by_id(asked)
    if found is None or not may(viewer, "seeProgress", found.thing):
        return None
    return _progress(world, viewer, [found])


def download(world: World, viewer: Viewer, asked: str) -> Expected | None:
    """The link contains the certificate's id."""
    found = world.by_certificate(asked)
    if found is None or not may(viewer, "download", found.thing):
        return None
    return Expected(200, certificates=frozenset([found.certificate]))


def credential(world: World, viewer: Viewer, asked: str) -> Expected | None:
    """To whom may download; the answer contains the certificate's id."""
    return download(world, viewer, asked)


def status(world: World, viewer: Viewer, asked: str) -> Expected | None:
    """Public, for every certificate that was issued; the answer contains its id and no text of it."""
    found = world.by_certificate(asked)
    if found is None or not may(viewer, "verify", found.thing):
        return Expected(404)
    return Expected(200, certificates=frozenset([found.certificate]))


def reissue(world: World, viewer: Viewer, asked: str) -> Expected | None:
    """An active certificate is reissued; any other is a conflict."""
    found = world.by_certificate(asked)
    if found is None or not may(viewer, "reissue", found.thing):
        return None
    queued = {"issued": "queued", "reissued": "unchanged"}  # the second has the account's present name
    return Expected(202, word=queued[found.state]) if found.state in queued else Expected(409)


def verify(world: World, viewer: Viewer, asked: str) -> Expected | None:
    """The answer has the certificate's status and texts, and no id; the number is read as people write it."""
    found = world.by_certificate(re.sub(r"[\s-]", "", asked).lower())
    if found is None or not may(viewer, "verify", found.thing):
        return Expected(404, word="unknown")
    return Expected(200, word=VERIFIED.get(found.state, "withdrawn"))


def export(_: World, viewer: Viewer, company: str) -> Expected | None:
    return Expected(202) if may(viewer, "export", _company(company)) else None


def fetch(world: World, viewer: Viewer, asked: str) -> Expected | None:
    """An archive is there only for the account that requested it."""
    found = world.archive(asked)
    return Expected(200) if found is not None and may(viewer, "fetch", found) else None


def report(_: World, viewer: Viewer, __: str) -> Expected | None:
    return Expected(202) if may(viewer, "report", SERVICE) else None


def fetch_report(world: World, viewer: Viewer, asked: str) -> Expected | None:
    """A report is there only for the account that requested it."""
    found = world.report(asked)
    return Expected(200) if found is not None and may(viewer, "fetchReport", found) else None


def unmarked(_: World, viewer: Viewer, __: str) -> Expected | None:
    """The answer names no person."""
    return Expected(200) if may(viewer, "seeUnmarkedAttendance", SERVICE) else None


def unmarked_people(world: World, viewer: Viewer, event: str) -> Expected | None:
    """Everyone at the world's event is marked."""
    return unmarked(world, viewer, "") if event == world.id("Event") else None


def requests_for_support(_: World, viewer: Viewer, __: str) -> Expected | None:
    return Expected(200) if may(viewer, "readSupportRequests", SERVICE) else None


def diagnosis(world: World, viewer: Viewer, account: str) -> Expected | None:
    """All enrollments of an account, removed ones included."""
    if not 0 < len(account) <= 64:
        return Expected(400)
    if not may(viewer, "readDiagnoses", SERVICE):
        return None
    found = world.permitted(viewer, "diagnose", [one for one in _enrolled(world) if one.account == account])
    issued = [one for one in found if one.state in ISSUED_AT_SOME_TIME]
    return Expected(200, _ids(found), frozenset(one.certificate for one in issued))


def diagnosis_by_email(world: World, viewer: Viewer, email: str) -> Expected | None:
    """As by account id; the case of the address and space around it do not matter."""
    if not 0 < len(email) <= 320:
        return Expected(400)
    accounts = {one.account for one in world.enrollments}
    return diagnosis(world, viewer, next((a for a in accounts if email.strip().casefold() == f"{a}@example.com"), "-"))


def public(_: World, __: Viewer, ___: str) -> Expected:
    return Expected(200)


def taken(_: World, __: Viewer, ___: str) -> Expected:
    """Every support request gets the same answer."""
    return Expected(202, word="received")


OPERATIONS = (
    Operation("GET", "/v1/enrollments", "", own_progress),
    Operation("GET", "/v1/enrollments/{enrollment_id}", "enrollment_id", enrollment),
    Operation("GET", "/v1/companies/{company_id}/enrollments", "company_id", company_progress),
    Operation("GET", "/v1/companies/{company_id}/summary", "company_id", company_summary),
    Operation("GET", "/v1/certificates", "", own_certificates),
    Operation("GET", "/v1/companies/{company_id}/certificates", "company_id", company_certificates),
    Operation("GET", "/v1/certificates/{certificate_id}/download", "certificate_id", download),
    Operation("GET", "/v1/certificates/{certificate_id}/credential", "certificate_id", credential),
    Operation("POST", "/v1/certificates/{certificate_id}/reissue", "certificate_id", reissue),
    Operation("GET", "/verify/{certificate_id}", "certificate_id", verify),
    Operation("POST", "/v1/companies/{company_id}/exports", "company_id", export),
    Operation("GET", "/v1/companies/{company_of_export}/exports/{export_id}", "export_id", fetch),
    Operation("POST", "/v1/exports", "", report),
    Operation("GET", "/v1/exports/{export_id}", "export_id", fetch_report),
    Operation("GET", "/v1/unmarked-attendance", "", unmarked),
    Operation("GET", "/v1/unmarked-attendance/{live_event_id}", "live_event_id", unmarked_people),
    Operation("GET", "/v1/support-requests", "", requests_for_support),
    Operation("POST", "/v1/support-requests", "", taken),
    Operation("GET", "/v1/diagnoses?account_id", "account_id", diagnosis),
    Operation("GET", "/v1/diagnoses?email", "email", diagnosis_by_email),
    Operation("GET", "/status/{certificate_id}/{revision}", "certificate_id", status),
    Operation("GET", "/status/did.json", "", public),
    Operation("GET", "/.well-known/did.json", "", public),
    Operation("GET", "/verify", "", public),
    Operation("GET", "/v1/openapi.json", "", public),
    Operation("GET", "/console", "", public),
    Operation("GET", "/console/earned.js", "", public),
)
OF_AN_ENROLLMENT = tuple(one for one in OPERATIONS if one.takes in {"enrollment_id", "certificate_id"})


def ids_of(world: World) -> dict[str, list[str]]:
    """All ids of the world, by kind."""
    accounts = sorted({one.account for one in world.enrollments})
    return {
        "": [""],
        "enrollment_id": [one.enrollment for one in world.enrollments],
        "certificate_id": [one.certificate for one in world.enrollments if one.certificate],
        "company_id": [world.id("Ours"), world.id("Theirs")],
        "export_id": list(world.archives),
        "live_event_id": [world.id("Event")],
        "account_id": accounts,
        "email": [f"{account}@example.com" for account in accounts],
    }


def _progress(world: World, viewer: Viewer, among: Iterable[Enrollment]) -> Expected:
    seen = world.permitted(viewer, "seeProgress", list(among))
    held = world.permitted(viewer, "holdCertificate", seen)
    return Expected(200, _ids(seen), frozenset(one.certificate for one in held))


def _certificates(world: World, viewer: Viewer, among: Iterable[Enrollment]) -> Expected:
    held = world.permitted(viewer, "holdCertificate", list(among))
    return Expected(200, _ids(held), frozenset(one.certificate for one in held))


def _enrolled(world: World) -> list[Enrollment]:
    return [one for one in world.enrollments if one.state != "none"]


def _company(company: str) -> Thing:
    return Thing("Company", (("company", company),))


def _ids(enrollments: Iterable[Enrollment]) -> frozenset[str]:
    return frozenset(one.enrollment for one in enrollments)
