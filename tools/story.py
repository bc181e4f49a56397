"""A portal in miniature: the events that it posts, and stories with ids of their own."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from earned.messages.posting import Event
from earned.testing.service import Service

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def cloud_event(kind: str, data: dict[str, Any], time: datetime = NOON, **envelope: str) -> dict[str, Any]:
    """An event as the portal posts it; `envelope` replaces members."""
    return Event(f"portal.{kind}.v1", data, time).cloud_event() | {"source": "portal"} | envelope


class Story:
    """A small world with ids of its own: companies, people, a course of three steps and a live event."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.tag = uuid.uuid4().hex[:8]
        self.course, self.live_event = self.id("course"), self.id("event")
        self.company = self.id("co")

    def id(self, name: str) -> str:
        """An id that no other story uses."""
        return f"{name}-{self.tag}"

    def save_company(self, name: str = "Sample Lanterns", company: str | None = None) -> None:
        self._directory("company.saved", {"company_id": company or self.company, "name": name})

    def save_account(self, account: str, kind: str = "employee", name: str = "Ada Sample", **more: Any) -> None:
        self._directory("account.saved", self.account(account, kind, name) | more)

    def account(self, account: str, kind: str = "employee", name: str = "Ada Sample") -> dict[str, Any]:
        company = {} if kind == "individual" else {"company_id": self.company}
        return {"account_id": self.id(account), "kind": kind, "name": name, "email": "ada@example.com"} | company

    def publish(self, version: int = 1, steps: list[dict[str, Any]] | None = None, **more: Any) -> None:
        data = {"course_id": self.course, "version": version, "title": "Leading Well", "steps": steps or STEPS}
        self._directory("course.published", data | more)

    def schedule(self, ends_at: datetime = NOON - timedelta(days=1), **more: Any) -> None:
        times = {"starts_at": (ends_at - timedelta(hours=2)).isoformat(), "ends_at": ends_at.isoformat()}
        data = {"live_event_id": self.live_event, "title": "Open Day", "timezone": "Europe/Berlin"} | times
        self._directory("live-event.scheduled", data | more)

    def enroll(self, account: str, training: str | None = None, **more: Any) -> None:
        self._directory(
            "enrollment.created", self.enrollment_of(account) | {"training_id": training or self.course} | more
        )

    def enrollment_of(self, account: str) -> dict[str, str]:
        return {"enrollment_id": self.id(f"enr-{account}"), "account_id": self.id(account)}

    def do(self, account: str, *steps: str, since: datetime = NOON) -> list[dict[str, Any]]:
        """The events of a person doing steps, a minute apart."""
        return [
            cloud_event(kind, self.enrollment_of(account) | {"step_id": step} | data, since + timedelta(minutes=number))
            for number, (step, kind, data) in enumerate((step, *DOING[step]) for step in steps)
        ]

    def mark(
        self, account: str, status: str = "present", at: datetime = NOON, role: str = "administrator"
    ) -> dict[str, Any]:
        marked_by = {"account_id": "adm-1", "role": role}
        data = self.enrollment_of(account) | {
            "live_event_id": self.live_event,
            "status": status,
            "marked_by": marked_by,
        }
        return cloud_event("attendance.marked", data, at)

    def directory(self) -> None:
        """Company, course and live event."""
        self.save_company()
        self.publish()
        self.schedule()

    def claims(self, account: str, role: str = "employee", company: str | None = None) -> dict[str, str]:
        claims = {"sub": self.id(account), "role": role}
        return claims if role == "individual" else claims | {"company_id": company or self.company}

    def own_documents(self) -> dict[str, bytes]:
        """The documents of this story's people, by key."""
        found: dict[str, bytes] = {}
        for certificate in self.certificates():
            found |= self.service.documents(f"certificates/{certificate['certificate_id']}/")
        return found

    def certificates(self, company: str | None = None, **query: str) -> list[dict[str, Any]]:
        """The certificates that the company's admin sees."""
        company = company or self.company
        claims = self.claims("admin", "company-admin", company)
        _, page = self.service.get(f"/v1/companies/{company}/certificates", claims, **query)
        items: list[dict[str, Any]] = page["items"]
        return items

    def enrollment(self, account: str, claims: dict[str, str] | None = None) -> dict[str, Any]:
        """An enrollment as its company's admin sees it."""
        path = f"/v1/enrollments/{self.enrollment_of(account)['enrollment_id']}"
        status, body = self.service.get(path, claims or self.claims("admin", "company-admin"))
        assert status == 200, body
        return body

    def reasons(self, account: str) -> list[str]:
        """Why there is no certificate."""
        return [item["reason"] for item in self.enrollment(account)["outstanding"]]

    def _directory(self, kind: str, data: dict[str, Any], at: datetime = NOON - timedelta(days=30)) -> None:
        self.service.post("Directory", cloud_event(kind, data, at))


STEPS: list[dict[str, Any]] = [
    {"step_id": "read", "kind": "reading", "title": "Before you start"},
    {"step_id": "watch", "kind": "video", "title": "Listening", "duration": 60},
    {"step_id": "quiz", "kind": "quiz", "title": "What you heard", "passing_score": 80, "attempts": 2},
]
DOING: dict[str, tuple[str, dict[str, Any]]] = {
    "read": ("lesson.completed", {}),
    "watch": ("video.watched", {"played": [[0, 60]]}),
    "quiz": ("quiz.graded", {"score": 90}),
}
