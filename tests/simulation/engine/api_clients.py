"""API clients: each answer of the API is checked against the access table (I6)."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from earned.testing.lambda_events import http_event
from tests.simulation.engine.invocation import Invocation
from tests.simulation.engine.runtime import FUNCTIONS
from tests.simulation.invariants import access, lists
from tests.simulation.invariants.violation import require
from tests.simulation.stories.steps import Ask

if TYPE_CHECKING:
    from tests.simulation.engine.world import World


ADMINISTRATOR = {"sub": "adm-0", "role": "administrator"}


class ApiClients:
    """Send one request at a time, because the API's resolver keeps the current request in its module."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._waiting: list[Callable[[], None]] = []

    def ask(self, step: Ask) -> None:
        """Send the request of a story's step. A client knows the id of every certificate that it asks for."""
        world, event = self._world, self._event(step)
        if step.what == "reissue":
            world.observer.reissues_requested[step.enrollment_id] += 1

        def done(answer: dict[str, Any] | None, began: int) -> None:
            status = answer["statusCode"] if answer is not None else 0
            body = json.loads(answer["body"]) if answer is not None and answer["body"].startswith("{") else {}
            world.journal.note(f"the answer to {step.what} {step.enrollment_id}{step.company_id}: {status}")
            access.check_answer(world, step, status, body, began)

        self._enqueue(event, done)

    def compare_lists(self) -> None:
        """Ask for every list when all is quiet, as an administrator, and compare the answers with the oracle."""
        world = self._world
        if not lists.is_settled(world):
            return
        for company_id in ("co-1", "co-2"):
            self._compare_company(f"/v1/companies/{company_id}", company_id)
        for event_id in sorted({one.data["live_event_id"] for one in world.oracle.events("live-event.scheduled")}):
            event = world.oracle.newest("live-event.scheduled", live_event_id=event_id)
            assert event is not None
            self._get(
                f"/v1/unmarked-attendance/{event_id}",
                lambda body, event=event: lists.check_waiting(world, event, body["items"]),  # type: ignore[misc]  # the default binds it
            )

    def _compare_company(self, path: str, company_id: str) -> None:
        world = self._world

        def listed(page: dict[str, Any]) -> None:
            lists.check_enrollments(world, company_id, page["items"])
            self._get(f"{path}/summary", lambda body: lists.check_summary(company_id, body["items"], page["items"]))

        self._get(f"{path}/enrollments", listed)

    def _get(self, path: str, check: Callable[[dict[str, Any]], None]) -> None:
        def done(answer: dict[str, Any] | None, _: int) -> None:
            require(answer is not None and answer["statusCode"] == 200, "N3", f"{path} is not answered: {answer}")
            assert answer is not None
            check(json.loads(answer["body"]))

        self._enqueue(
            http_event("GET", path, ADMINISTRATOR, {"limit": "100"} if "summary" not in path else {}, None, {}), done
        )

    def _event(self, step: Ask) -> dict[str, Any]:
        query = {"revision": str(step.revision)} if step.revision else {}
        certificate_id, claims = self._world.observer.certificate_id_of(step.enrollment_id), step.claims
        match step.what:
            case "export":
                method, path = "POST", f"/v1/companies/{step.company_id}/exports"
            case "list":
                method, path = "GET", f"/v1/companies/{step.company_id}/certificates"
            case "progress":
                method, path = "GET", f"/v1/enrollments/{step.enrollment_id}"
            case "verify":
                method, path, claims = "GET", f"/verify/{certificate_id}", None
            case "reissue":
                method, path = "POST", f"/v1/certificates/{certificate_id}/reissue"
            case _:
                method, path = "GET", f"/v1/certificates/{certificate_id}/download"
        return http_event(method, path, claims, query, None, {})

    def _enqueue(self, event: dict[str, Any], done: Callable[[dict[str, Any] | None, int], None]) -> None:
        """Send a request when the others are answered; `done` gets the answer, or None, and when the request began."""
        world = self._world

        def work(invocation: Invocation) -> Any:
            return invocation.sandbox.handle(event, invocation)

        def start() -> None:
            began = world.now

            def ended(answer: Any, error: BaseException | None) -> None:
                del self._waiting[0]
                if self._waiting:
                    self._waiting[0]()
                done(None if error is not None else answer, began)

            world.processes.invoke("serve_api", FUNCTIONS["serve_api"].timeout, work, ended)

        self._waiting.append(start)
        if len(self._waiting) == 1:
            start()
