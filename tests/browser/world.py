"""A company's people, trainings and certificates, for the browser tests to look at."""

from datetime import UTC, datetime, timedelta
from typing import Any

from earned.testing.service import Service
from tools.story import cloud_event

HOSTILE = "<img src=x onerror=alert(1)>\"'&{name}"
MANY = 130  # people of the large company
COURSE, EVENT, PAST = "crs-lead", "evt-open", "evt-past"
STEPS = [
    {"step_id": "read", "kind": "reading", "title": "Before you begin"},
    {"step_id": "quiz", "kind": "quiz", "title": "What you heard", "passing_score": 70, "attempts": 2},
]
PEOPLE = {
    "ada": "Ada Sample",
    "asa": "Åsa Abernathy",
    "bo": "Bo Lindqvist",
    "chiara": "Chiara Mørk",
    "dagny": "Dagny Quayle",
    "hana": "佐藤 花",
    "layla": "ليلى حدّاد",
    "mallory": HOSTILE,
}


def build(service: Service) -> dict[str, Any]:
    began = datetime.now(UTC) - timedelta(days=20)
    _directory(service, began)
    _doings(service, began)
    service.settle()
    support = {"name": "Bo Lindqvist", "email": "bo@example.com", "training": "Leading Through Uncertainty"}
    service.post_to("/v1/support-requests", support | {"message": "Where is my certificate?"})
    service.post_to("/v1/support-requests", support | {"name": HOSTILE, "email": "mallory@example.com"})
    return {"hostile": HOSTILE, "many": MANY, "certificates": _certificates(service), "ended": _ended(service, began)}


def _directory(service: Service, began: datetime) -> None:
    def post(kind: str, data: dict[str, Any]) -> None:
        service.post("Directory", cloud_event(kind, data, began))

    def person(account: str, kind: str, name: str, company: str | None = None) -> None:
        data = {"account_id": account, "kind": kind, "name": name, "email": f"{account}@example.com"}
        post("account.saved", data | ({"company_id": company} if company else {}))

    def enroll(account: str, training: str, company: str | None = None) -> None:
        data = {"enrollment_id": f"{account}.{training}", "account_id": account, "training_id": training}
        post("enrollment.created", data | ({"company_id": company} if company else {}))

    for company, name in [("co-1", "Larkspur Logistics"), ("co-2", "Other Orchards"), ("co-many", "Many Meadows")]:
        post("company.saved", {"company_id": company, "name": name})
    post(
        "course.published", {"course_id": COURSE, "version": 1, "title": "Leading Through Uncertainty", "steps": STEPS}
    )
    for event, days, title in [(EVENT, 3, "Open Day"), (PAST, 12, "Safety at Work")]:
        ends = datetime.now(UTC) - timedelta(days=days)
        times = {"starts_at": (ends - timedelta(hours=2)).isoformat(), "ends_at": ends.isoformat()}
        post("live-event.scheduled", {"live_event_id": event, "title": title, "timezone": "Europe/Berlin"} | times)
    for account, name in PEOPLE.items():
        person(account, "employee", name, "co-1")
        for training in (COURSE, EVENT, PAST):
            enroll(account, training, "co-1")
    person("boss", "company-admin", "Ingrid Admin", "co-1")
    person("rival", "company-admin", "Rita Rival", "co-2")
    person("ivy", "individual", "Ivy Independent")
    enroll("ivy", COURSE)
    enroll("ivy", EVENT)
    for number in range(MANY):
        person(f"many-{number:03}", "employee", f"Person {number:03}", "co-many")
        enroll(f"many-{number:03}", COURSE, "co-many")


def _doings(service: Service, began: datetime) -> None:
    def do(account: str, minutes: int, kind: str, data: dict[str, Any], training: str = COURSE) -> dict[str, Any]:
        who = {"enrollment_id": f"{account}.{training}", "account_id": account}
        return cloud_event(kind, who | data, began + timedelta(hours=1, minutes=minutes))

    for account in ["ada", "asa", "chiara", "hana", "mallory", "ivy"]:
        read = do(account, 0, "lesson.completed", {"step_id": "read"})
        service.post("Progress", read, do(account, 1, "quiz.graded", {"step_id": "quiz", "score": 90}))
    service.post("Progress", do("bo", 0, "lesson.completed", {"step_id": "read"}))
    service.post("Progress", *[do("bo", n, "quiz.graded", {"step_id": "quiz", "score": 10}) for n in (1, 2)])
    admin = {"marked_by": {"account_id": "adm", "role": "administrator"}}
    for account in ["ada", "asa"]:
        mark = do(account, 0, "attendance.marked", {"live_event_id": EVENT, "status": "present"} | admin, EVENT)
        service.post("Attendance", mark | {"time": (datetime.now(UTC) - timedelta(days=1)).isoformat()})


def _certificates(service: Service) -> dict[str, str]:
    """The certificate ids by enrollment."""
    admin = {"sub": "boss", "role": "company-admin", "company_id": "co-1"}
    _, company = service.get("/v1/companies/co-1/certificates", admin, limit="100")
    _, own = service.get("/v1/certificates", {"sub": "ivy", "role": "individual"})
    return {item["enrollment_id"]: item["certificate_id"] for item in company["items"] + own["items"]}


def _ended(service: Service, began: datetime) -> dict[str, str]:
    """The ids of certificates by what became of each; the people are individuals."""
    later = began + timedelta(days=1)
    people = {"revoked": "Rosa Sample", "superseded": "Simon Sampel", "withdrawn": "Wanda Sample"}
    who = {status: {"enrollment_id": f"{status}.{EVENT}", "account_id": status} for status in people}
    admin = {"live_event_id": EVENT, "marked_by": {"account_id": "adm", "role": "administrator"}}

    def save(account: str, name: str, time: datetime) -> None:
        data = {"account_id": account, "kind": "individual", "name": name, "email": f"{account}@example.com"}
        service.post("Directory", cloud_event("account.saved", data, time))

    def mark(account: str, status: str, hours: int) -> None:
        time = datetime.now(UTC) - timedelta(hours=hours)
        service.post("Attendance", cloud_event("attendance.marked", who[account] | admin | {"status": status}, time))

    for account, name in people.items():
        save(account, name, began)
        service.post("Directory", cloud_event("enrollment.created", who[account] | {"training_id": EVENT}, began))
        mark(account, "present", hours=20)
    service.settle()
    found = {account: service.get("/v1/certificates", {"sub": account, "role": "individual"})[1] for account in people}
    numbers = {account: str(answer["items"][0]["certificate_id"]) for account, answer in found.items()}
    mark("revoked", "absent", hours=10)
    save("superseded", "Simon Sample", later)
    service.post("Directory", cloud_event("enrollment.removed", who["withdrawn"], later))
    service.settle()
    support = {"sub": "sue", "role": "support"}
    service.post_to(f"/v1/certificates/{numbers['superseded']}/reissue", {"reason": "Spelling"}, support)
    service.settle()
    return numbers
