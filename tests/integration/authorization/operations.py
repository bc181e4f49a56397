"""Every operation of the API, and what the policies say has to be answered to whom."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.integration.authorization.oracle import SERVICE, Thing, Viewer, may
from tests.integration.authorization.world import ISSUED_AT_SOME_TIME, Enrollment, World

VERIFIED = {"issued": "valid", "reissued": "valid", "revoked": "revoked"}


@dataclass(frozen=True)
class Expected:
    """An answer: its status, the enrollments and certificates that it names, and what it says of their status."""

    status: int
    enrollments: frozenset[str] = frozenset()
    certificates: frozenset[str] = frozenset()
    word: str | None = None


Expectation = Callable[[World, Viewer, str], Expected | None]


@dataclass(frozen=True)
class Operation:
    """A route, what kind of id it takes in its path or query, and what to expect; None: as of what does not exist."""

    method: str
    path: str
    takes: str
    expect: Expectation

    @property
    def is_list(self) -> bool:
        """Whether it answers in pages."""
        return self.expect in {own_progress, company_progress, own_certificates, company_certificates}

    @property
    def is_paged(self) -> bool:
        """Whether it takes a limit and a cursor."""
        return self.is_list or self.expect in {unmarked, requests_for_support}

    def place(self, world: World, asked: str) -> tuple[str, dict[str, str]]:
        """The path and the query of a request for this id, as they are once API Gateway has decoded them."""
        path, _, parameter = self.path.partition("?")
        company = next((company for company, _ in [world.archives.get(asked, ("", ""))] if company), world.id("Ours"))
        filled = path.replace("{company_of_export}", company).replace(f"{{{self.takes}}}", asked)
        return filled, {parameter: asked} if parameter else {}


def own_progress(world: World, viewer: Viewer, _: str) -> Expected | None:
    """One's own enrollments."""
    if not may(viewer, "listOwnProgress", SERVICE):
        return None
    return _progress(world, viewer, [one for one in _enrolled(world) if one.account == viewer.account])


def company_progress(world: World, viewer: Viewer, company: str) -> Expected | None:
    """The enrollments of a company's people."""
    if not may(viewer, "listProgressOf", _company(company)):
        return None
    return _progress(world, viewer, [one for one in _enrolled(world) if one.company == company])


def own_certificates(world: World, viewer: Viewer, _: str) -> Expected | None:
    """One's own certificates."""
    if not may(viewer, "listOwnCertificates", SERVICE):
        return None
    return _certificates(world, viewer, [one for one in world.enrollments if one.account == viewer.account])


def company_certificates(world: World, viewer: Viewer, company: str) -> Expected | None:
    """The certificates of a company's people."""
    if not may(viewer, "listCertificatesOf", _company(company)):
        return None
    return _certificates(world, viewer, [one for one in world.enrollments if one.company == company])


def enrollment(world: World, viewer: Viewer, asked: str) -> Expected | None:
    """One enrollment."""
    found = world.by_id(asked)
    if found is None or not may(viewer, "seeProgress", found.thing):
        return None
    return _progress(world, viewer, [found])


def download(world: World, viewer: Viewer, asked: str) -> Expected | None:
    """A link, which carries the certificate's id."""
    found = world.by_certificate(asked)
    if found is None or not may(viewer, "download", found.thing):
        return None
    return Expected(200, certificates=frozenset([found.certificate]))


def reissue(world: World, viewer: Viewer, asked: str) -> Expected | None:
    """A certificate that stands is reissued, one that does not is told to support as such."""
    found = world.by_certificate(asked)
    if found is None or not may(viewer, "reissue", found.thing):
        return None
    return Expected(202, word="queued") if found.state in {"issued", "reissued"} else Expected(409)


def verify(world: World, viewer: Viewer, asked: str) -> Expected | None:
    """What anybody is told; who and what for stands in it, but no id."""
    found = world.by_certificate(asked)
    if found is None or not may(viewer, "verify", found.thing):
        return Expected(404, word="unknown")
    return Expected(200, word=VERIFIED.get(found.state, "withdrawn"))


def export(_: World, viewer: Viewer, company: str) -> Expected | None:
    """An archive is asked for."""
    return Expected(202) if may(viewer, "export", _company(company)) else None


def fetch(world: World, viewer: Viewer, asked: str) -> Expected | None:
    """An archive, for who asked for it."""
    found = world.archive(asked)
    return Expected(200) if found is not None and may(viewer, "fetch", found) else None


def unmarked(_: World, viewer: Viewer, __: str) -> Expected | None:
    """Ended events with people unmarked; names nobody."""
    return Expected(200) if may(viewer, "seeUnmarkedAttendance", SERVICE) else None


def requests_for_support(_: World, viewer: Viewer, __: str) -> Expected | None:
    """What was asked."""
    return Expected(200) if may(viewer, "readSupportRequests", SERVICE) else None


def diagnosis(world: World, viewer: Viewer, account: str) -> Expected | None:
    """All about an account, what was removed included."""
    if not 0 < len(account) <= 64:
        return Expected(400)
    if not may(viewer, "readDiagnoses", SERVICE):
        return None
    found = world.permitted(viewer, "diagnose", [one for one in _enrolled(world) if one.account == account])
    issued = [one for one in found if one.state in ISSUED_AT_SOME_TIME]
    return Expected(200, _ids(found), frozenset(one.certificate for one in issued))


def diagnosis_by_email(world: World, viewer: Viewer, email: str) -> Expected | None:
    """The same, by an address, of which case and surrounding space do not count."""
    if not 0 < len(email) <= 320:
        return Expected(400)
    accounts = {one.account for one in world.enrollments}
    return diagnosis(world, viewer, next((a for a in accounts if email.strip().casefold() == f"{a}@example.com"), "-"))


def public(_: World, __: Viewer, ___: str) -> Expected:
    """The same for everybody."""
    return Expected(200)


def taken(_: World, __: Viewer, ___: str) -> Expected:
    """A support request is always received."""
    return Expected(202, word="received")


OPERATIONS = (
    Operation("GET", "/v1/enrollments", "", own_progress),
    Operation("GET", "/v1/enrollments/{enrollment_id}", "enrollment_id", enrollment),
    Operation("GET", "/v1/companies/{company_id}/enrollments", "company_id", company_progress),
    Operation("GET", "/v1/certificates", "", own_certificates),
    Operation("GET", "/v1/companies/{company_id}/certificates", "company_id", company_certificates),
    Operation("GET", "/v1/certificates/{certificate_id}/download", "certificate_id", download),
    Operation("POST", "/v1/certificates/{certificate_id}/reissue", "certificate_id", reissue),
    Operation("GET", "/verify/{certificate_id}", "certificate_id", verify),
    Operation("POST", "/v1/companies/{company_id}/exports", "company_id", export),
    Operation("GET", "/v1/companies/{company_of_export}/exports/{export_id}", "export_id", fetch),
    Operation("GET", "/v1/unmarked-attendance", "", unmarked),
    Operation("GET", "/v1/support-requests", "", requests_for_support),
    Operation("POST", "/v1/support-requests", "", taken),
    Operation("GET", "/v1/diagnoses?account_id", "account_id", diagnosis),
    Operation("GET", "/v1/diagnoses?email", "email", diagnosis_by_email),
    Operation("GET", "/v1/openapi.json", "", public),
)
OF_AN_ENROLLMENT = tuple(one for one in OPERATIONS if one.takes in {"enrollment_id", "certificate_id"})


def ids_of(world: World) -> dict[str, list[str]]:
    """Every id that there is, by what takes it."""
    accounts = sorted({one.account for one in world.enrollments})
    return {
        "": [""],
        "enrollment_id": [one.enrollment for one in world.enrollments],
        "certificate_id": [one.certificate for one in world.enrollments if one.certificate],
        "company_id": [world.id("Ours"), world.id("Theirs")],
        "export_id": list(world.archives),
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
