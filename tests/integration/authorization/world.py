"""Two companies and two people, with an enrollment for each combination of person, company and certificate state."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from typing import Any

from earned.aws.dynamodb import enrollments
from earned.testing.service import Service
from tests.integration.authorization.oracle import Thing, Viewer, may
from tools.story import NOON, cloud_event

OWNERS = ("me", "someone")
COMPANIES = ("Ours", "Theirs", None)
REMOVED = ("account-removed", "account-just-removed")  # the second just now: its enrollments are not evaluated yet
STATES = ("none", "outstanding", "held", "issued", "revoked", "reissued", "withdrawn", *REMOVED)
ROLES = ("individual", "employee", "company-admin", "administrator", "support")
ISSUED_AT_SOME_TIME = ("issued", "revoked", "reissued", "withdrawn", *REMOVED)
UNPRINTABLE = "Faces \U0010fffd"


@dataclass(frozen=True)
class Enrollment:
    """One person in one training; `company` is the enrollment's, and `certificate` is internal before the issue."""

    enrollment: str
    account: str
    company: str | None
    state: str
    training: str
    certificate: str = ""

    @property
    def thing(self) -> Thing:
        """The enrollment as an entity of the policies."""
        issued = "issued" if self.state in ISSUED_AT_SOME_TIME else "none"
        stands = self.state not in {"none", "withdrawn", *REMOVED}
        certificate = "revoked" if self.state == "revoked" else issued
        attributes = {"account": self.account, "company": self.company, "stands": stands, "certificate": certificate}
        return Thing("Enrollment", tuple(attributes.items()))


@dataclass
class World:
    """All enrollments and archives, and the service that has them."""

    service: Service
    tag: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    enrollments: list[Enrollment] = field(default_factory=list)
    archives: dict[str, tuple[str, str]] = field(default_factory=dict)  # id to company (none: a report) and account
    kind: str = "employee"  # as which the accounts are recorded
    company: str | None = "Theirs"  # in which they are recorded
    changes: int = 0

    @classmethod
    def of(cls, service: Service) -> "World":
        """Post events until every certificate is in its state."""
        world = cls(service)
        world._announce_trainings()
        world._announce_people("Sample", NOON - timedelta(days=20))
        planned = [world._plan(*case) for case in product(OWNERS, COMPANIES, STATES)]
        world._learn([one for one in planned if one.state != "none"])
        world._act(planned)
        world.enrollments = [world._with_certificate(one) for one in planned]
        world._reissue()
        world._remove()
        return world

    def id(self, name: str) -> str:
        """An id that no other world uses."""
        return f"{name}-{self.tag}"

    def record_as(self, kind: str, company: str | None = "Theirs") -> None:
        """Change the kind and the company of the accounts that are not removed."""
        self.kind, self.company, self.changes = kind, company, self.changes + 1
        at = NOON + timedelta(minutes=self.changes)
        self._announce_people("Renamed", at, ("",), kind, **({"company_id": self.id(company)} if company else {}))
        self.service.deliver("record_directory")
        self.service.empty()

    def viewer(self, account: str, role: str, company: str | None) -> Viewer:
        """A token's viewer with what is recorded of the account."""
        if account in {self.id(owner) for owner in OWNERS}:
            return Viewer(account, role, company, self.kind, self.company and self.id(self.company))
        return Viewer(account, role, company, removed=account in self.removed_accounts())

    def removed_accounts(self) -> set[str]:
        return {self.id(f"{owner}-{state}") for owner, state in product(OWNERS, REMOVED)}

    def viewers(self, roles: Iterable[str] = ROLES) -> list[Viewer]:
        """Each role in every company, for a person with enrollments and for the removed accounts."""
        people = [self.id(name) for name in ("me", *(f"me-{state}" for state in REMOVED))]
        companies = [company and self.id(company) for company in COMPANIES]
        return [self.viewer(*who) for who in product(people, roles, companies)]

    def permitted(self, viewer: Viewer, action: str, among: Iterable[Enrollment]) -> list[Enrollment]:
        """The enrollments for which the policies permit the action."""
        return [one for one in among if may(viewer, action, one.thing)]

    def by_id(self, enrollment: str) -> Enrollment | None:
        """The enrollment of exactly this id."""
        return next((one for one in self.enrollments if one.enrollment == enrollment), None)

    def by_certificate(self, certificate: str) -> Enrollment | None:
        """The enrollment whose certificate has exactly this id."""
        return next((one for one in self.enrollments if certificate and one.certificate == certificate), None)

    def archive(self, archive: str) -> Thing | None:
        """The archive of exactly this id, as an entity of the policies."""
        company, account = self.archives.get(archive, (None, None))
        return Thing("Archive", (("company", company), ("account", account))) if company else None

    def report(self, report: str) -> Thing | None:
        """The report of exactly this id, as an entity of the policies."""
        company, account = self.archives.get(report, (None, None))
        return Thing("Report", (("account", account),)) if company == "" else None

    def _plan(self, owner: str, company: str | None, state: str) -> Enrollment:
        name = self.id(f"Enr-{owner}-{company}-{state}")
        account = self.id(f"{owner}-{state}" if state in REMOVED else owner)
        training = {"held": "Held", "revoked": "Event"}.get(state, "Course")
        return Enrollment(name, account, company and self.id(company), state, self.id(training))

    def _announce_trainings(self) -> None:
        steps = [{"step_id": "only", "kind": "lesson", "title": "Listening"}]
        for name, title in (("Course", "Well Led"), ("Held", UNPRINTABLE)):
            self._tell("course.published", {"course_id": self.id(name), "version": 1, "title": title, "steps": steps})
        times = {"starts_at": "2026-01-05T08:00:00Z", "ends_at": "2026-01-05T10:00:00Z", "timezone": "UTC"}
        self._tell("live-event.scheduled", {"live_event_id": self.id("Event"), "title": "Open Day"} | times)
        for company in filter(None, COMPANIES):
            self._tell("company.saved", {"company_id": self.id(company), "name": f"{company} Lanterns"})

    def _announce_people(
        self, family: str, at: Any, states: Iterable[str] = ("", *REMOVED), kind: str = "employee", **more: str
    ) -> None:
        for owner, state in product(OWNERS, states):
            account = self.id(f"{owner}-{state}" if state else owner)
            data = {"account_id": account, "kind": kind, "name": f"{owner.title()} {family}"}
            self._tell("account.saved", data | {"email": f"{account}@example.com"} | more, at)

    def _learn(self, enrolled: list[Enrollment]) -> None:
        for one in enrolled:
            company = {"company_id": one.company} if one.company else {}
            self._tell("enrollment.created", self._whose(one) | {"training_id": one.training} | company)
        self.service.settle()

    def _act(self, planned: list[Enrollment]) -> None:
        """Post what leads to each state; for state `none`, progress without an enrollment."""
        for one in planned:
            if one.state == "revoked":
                for hour, status in enumerate(("present", "absent")):
                    marked_by = {"account_id": "adm-1", "role": "administrator"}
                    data = {"live_event_id": one.training, "status": status, "marked_by": marked_by}
                    self.service.post(
                        "Attendance",
                        cloud_event("attendance.marked", self._whose(one) | data, NOON + timedelta(hours=hour)),
                    )
                    self.service.settle()
            elif one.state != "outstanding":
                data = self._whose(one) | {"step_id": "only"}
                self.service.post("Progress", cloud_event("lesson.completed", data))
        self.service.settle()

    def _with_certificate(self, one: Enrollment) -> Enrollment:
        """The enrollment with its record's certificate id."""
        record = enrollments.get_record(one.enrollment)
        certificate = record.certificate_id if record else ""
        issued = record is not None and record.issue is not None
        assert issued is (one.state in ISSUED_AT_SOME_TIME), one
        return Enrollment(one.enrollment, one.account, one.company, one.state, one.training, certificate)

    def _reissue(self) -> None:
        """Rename people and move them to another company; reissue some certificates under the new name."""
        self._announce_people("Renamed", NOON, company_id=self.id("Theirs"))
        self.service.settle()
        support = Viewer("sup-1", "support").claims
        for one in self.enrollments:
            if one.state == "reissued":
                self.service.post_to(f"/v1/certificates/{one.certificate}/reissue", None, support)
        self.service.settle()

    def _remove(self) -> None:
        for one in self.enrollments:
            if one.state == "withdrawn":
                self._tell("enrollment.removed", self._whose(one), NOON)
        for state, owner in product(REMOVED, OWNERS):
            self._tell("account.removed", {"account_id": self.id(f"{owner}-{state}")}, NOON)
            self.service.deliver("record_directory")
            if state == "account-removed":
                self.service.settle()
        self.service.empty()

    def _whose(self, one: Enrollment) -> dict[str, str]:
        return {"enrollment_id": one.enrollment, "account_id": one.account}

    def _tell(self, kind: str, data: dict[str, Any], at: Any = NOON - timedelta(days=30)) -> None:
        self.service.post("Directory", cloud_event(kind, data, at))
