"""The drill: stop each dependency, let it hang, and deploy releases, while a portal keeps posting.

Nothing may be lost: in the end every due certificate exists once, with one document and one announcement.
"""

import json
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from tools.local import outages, releases, restoring, sam
from tools.local import stack as stacks
from tools.local.cohort import Cohort, Learner
from tools.local.oncall import SECONDS_FOR_A_HANGING_CALL, OnCall, PortalBackend
from tools.local.portal import Announcement, Listener, Reader
from tools.local.stack import ROOT, LocalStack, StackFailed

OUT = ROOT / "out" / "drill.json"
SECONDS_DOWN = 14
SECONDS_HANGING = 30  # longer than a call takes that nothing answers: a unit test compares
SECONDS_PER_LEARNER = 0.75
EARLY_LEARNERS = 4  # their events are being processed when the incident begins
TIMEOUT_SECONDS = 180
ISSUED = "earned.certificate.issued.v1"
# The services to stop for each dependency.
DEPENDENCIES = {
    "token issuer": (outages.ISSUER,),
    "SQS": ("sqs",),
    "DynamoDB": ("dynamodb",),
    "S3": ("s3",),
    "EventBridge": ("events",),
    "Lambda": ("lambda",),
    # The key encrypts queues, tables and the functions' variables; the emulator does not use KMS, so these are stopped.
    "KMS": ("kms", "sqs", "dynamodb", "lambda"),
    "every answer": (outages.ANSWERS,),
}
HANGING = {
    "DynamoDB": ("dynamodb",),
    "SQS": ("sqs",),
    "S3": ("s3",),
    "EventBridge": ("events",),
    # DynamoDB answers, so that a function makes two calls, one after the other, that nothing answers.
    "everything but DynamoDB": ("sqs", "s3", "events"),
}
Incident = Callable[[], None]
Step = Callable[..., None]  # takes the step as `description`
console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)


@dataclass(frozen=True)
class IncidentResult:
    """The outcome of an incident.

    `events_kept`: events that SQS did not take at first. `api`: the statuses of the API meanwhile (0: no answer).
    `quarantined`: messages. `documents`: versions of the issued documents. `drafts`: documents that were not issued,
    because something that they print changed meanwhile. `announced_early`: announcements that came before their
    document. `given_up`: the times that a function left messages for a retry because a call failed. `timed_out`:
    invocations that ended by the function's timeout. `seconds_after`: from the end of the incident until every
    certificate existed.
    """

    incident: str
    seconds: float
    events_posted: int
    events_kept: int
    api: list[int]
    quarantined: int
    redriven: int
    certificates_due: int
    certificates_made: int
    certificates_not_due: int
    documents: int
    drafts: int
    announced: int
    announced_early: int
    given_up: int
    timed_out: int
    seconds_after: float

    @property
    def ok(self) -> bool:
        """Whether nothing was lost, nothing exists twice, and nothing exists that was not due."""
        made = {self.certificates_made, self.documents, self.announced}
        wrong = self.certificates_not_due + self.announced_early
        return made == {self.certificates_due} and not wrong and self.redriven == self.quarantined


@dataclass
class IncidentRun:
    """A company that learns during an incident, as its portal posts it and its admin sees it."""

    portal: PortalBackend
    admin: Reader
    cohort: Cohort
    learners: list[Learner] = field(default_factory=list)
    api: set[int] = field(default_factory=set)
    posted: int = 0
    kept: int = 0

    @property
    def due(self) -> set[str]:
        return {learner.enrollment_id for learner in self.learners if learner.finishes}

    def learn(self) -> None:
        learner = self.cohort.learner(len(self.learners))
        events = list(self.cohort.story(learner))
        self.learners.append(learner)
        self.posted += len(events)
        self.kept = max(self.kept, self.portal.post(events))

    def learn_while(self, incident: Incident) -> None:
        """Let people learn, one after the other, until the incident is over."""
        with ThreadPoolExecutor(2) as pool:
            running, asking = pool.submit(incident), pool.submit(self._answer)
            while not running.done():
                self.learn()
                if asking.done():  # an answer can take half a minute
                    self.api.add(asking.result())
                    asking = pool.submit(self._answer)
                time.sleep(SECONDS_PER_LEARNER)
            running.result()
            self.api.add(asking.result())

    def certificates(self) -> list[dict[str, Any]]:
        """The certificates that the company's admin sees; none while the API does not answer."""
        try:
            return list(self.admin.items(f"/v1/companies/{self.cohort.company_id}/certificates"))
        except httpx.HTTPError:
            return []

    def _answer(self) -> int:
        try:
            return self.admin.get(f"/v1/companies/{self.cohort.company_id}/certificates").status_code
        except httpx.HTTPError:
            return 0


@dataclass
class Drill:
    stack: LocalStack
    directory: Path
    portal: PortalBackend
    oncall: OnCall
    listener: Listener

    def incidents(self) -> Mapping[str, Incident]:
        """All incidents by name; each callable returns when its incident is over."""
        down = {f"{name} down": partial(self.stop, services) for name, services in DEPENDENCIES.items()}
        before = releases.version_of(self.stack)
        built, version = releases.next_release(self.directory)
        new, back = partial(self.deploy, built, version), partial(self.deploy, sam.BUILD, before)
        down |= {f"{name} hangs": partial(self.hang, services) for name, services in HANGING.items()}
        again = partial(restoring.deploy_again, self.directory, self.stack)
        return down | {"new release": new, "release before": back, "restore": again}

    def stop(self, services: Iterable[str]) -> None:
        """Stop services for a while; stopping Lambda kills the running functions."""
        with outages.outage(self.directory, *services):
            if "lambda" in services:
                outages.kill_functions(self.directory)
            time.sleep(SECONDS_DOWN)

    def hang(self, services: Sequence[str]) -> None:
        """Let services take requests and answer none; a message stays hidden for as long as its function runs."""
        with (
            self.oncall.fast_retries(SECONDS_FOR_A_HANGING_CALL),
            outages.outage(self.directory, *map(outages.hanging, services)),
        ):
            time.sleep(seconds_hanging(services))

    def deploy(self, built: Path, version: str) -> None:
        """Deploy a release. Raises StackFailed, also when the API then reports another version."""
        releases.deploy(self.directory, self.stack, built)
        if (answered := releases.version_of(self.stack)) != version:
            raise StackFailed(f"{version} was deployed, and the API says that it is {answered}.")

    def run_incident(self, name: str, incident: Incident, step: Step) -> IncidentResult:
        """Run an incident while a company learns, and wait until everything has recovered."""
        run, since = self.begin(), datetime.now(UTC)
        step(description=f"{name}: people learn")
        begun, posted = time.monotonic(), run.posted
        run.learn_while(incident)
        over, posted = time.monotonic(), run.posted - posted
        step(description=f"{name}: over, waiting for certificates")
        redriven, there = self._recover(run)
        left = sum(self.oncall.quarantined().values())
        held = run.certificates()
        made = [one for one in held if one["enrollment_id"] in run.due]
        versions = self.oncall.documents()
        issued = [f"certificates/{one['certificate_id']}/{one['revision']}.pdf" for one in made]
        ours = {key.rpartition("/")[0] for key in issued}
        return IncidentResult(
            incident=name,
            seconds=round(over - begun, 1),
            events_posted=posted,
            events_kept=run.kept,
            api=sorted(run.api),
            quarantined=redriven + left,
            redriven=redriven,
            certificates_due=len(run.due),
            certificates_made=len(made),
            certificates_not_due=len(held) - len(made),
            documents=sum(versions[key] for key in issued),
            drafts=sum(key.rpartition("/")[0] in ours and key not in issued for key in versions),
            announced=len(self._announced(run)),
            announced_early=self._announced_early(run),
            given_up=self.oncall.log_lines(since, "left for a retry"),
            timed_out=self.oncall.log_lines(since, "Task timed out"),
            seconds_after=round(there - over, 1),
        )

    def begin(self) -> IncidentRun:
        cohort = Cohort(uuid.uuid4().hex[:6])
        sub, company = f"acc-admin-{cohort.tag}", cohort.company_id
        token = stacks.token(self.directory, self.stack, sub=sub, role="company-admin", company=company)
        run = IncidentRun(self.portal, Reader(self.stack, token), cohort)
        self.portal.post(cohort.trainings())
        for _ in range(EARLY_LEARNERS):
            run.learn()
        return run

    def _recover(self, run: IncidentRun) -> tuple[int, float]:
        """Post kept events again and redrive quarantined messages until nothing is left to do.

        Returns the number of redriven messages, and when every certificate existed (monotonic).
        """
        deadline, redriven, there = time.monotonic() + TIMEOUT_SECONDS, 0, None
        while time.monotonic() < deadline:
            kept = self.portal.post([])
            redriven += sum(self.oncall.redrive(queue) for queue in self.oncall.quarantined())
            if there is None and run.due <= {one["enrollment_id"] for one in run.certificates()}:
                there = time.monotonic()
            nothing_left = not kept and not self.oncall.waiting() and not self.oncall.quarantined()
            # Announcements can be late: if the listener's own answer was lost, SQS hides the message for half a minute.
            if there is not None and nothing_left and len(self._announced(run)) >= len(run.due):
                break
            time.sleep(0.25)
        return redriven, there or time.monotonic()

    def _announced(self, run: IncidentRun) -> set[str]:
        """The ids of the announcements of this company's certificates; a repeated announcement has the same id."""
        return {announcement.event["id"] for announcement in self._issued(run)}

    def _announced_early(self, run: IncidentRun) -> int:
        """The number of announcements that the listener had before S3 had the document."""
        stored, now = self.oncall.stored_at(), (datetime.now(UTC), time.monotonic())
        return sum(is_early(announcement, stored, *now) for announcement in self._issued(run))

    def _issued(self, run: IncidentRun) -> list[Announcement]:
        issued = [announcement for announcement in self.listener.announcements if announcement.type == ISSUED]
        return [one for one in issued if one.event["data"].get("company_id") == run.cohort.company_id]


def seconds_hanging(services: Sequence[str]) -> float:
    """Longer than the calls that a function makes one after the other, with the repetitions of the SDK."""
    return SECONDS_HANGING * min(2, len(services))


def is_early(announcement: Announcement, stored: Mapping[str, datetime], now: datetime, monotonic: float) -> bool:
    """Whether an announcement was received before its document was stored; `monotonic` is the clock's time at `now`."""
    data = announcement.event["data"]
    at = stored.get(f"certificates/{data['certificate_id']}/{data['revision']}.pdf")
    return at is None or now - timedelta(seconds=monotonic - announcement.received) < at


def play(stack: LocalStack, directory: Path, described: Path, only: str = "") -> bool:
    """Run the incidents that have `only` in their names; `described` is the file that describes the stack.

    Fills out/drill.json and returns whether all went well.
    """
    outcomes = []
    columns = SpinnerColumn(finished_text="-"), TextColumn("{task.description}"), TimeElapsedColumn()
    with Listener(stack) as listener, Progress(*columns, console=console) as progress:
        drill = Drill(stack, directory, PortalBackend(stack), OnCall(stack, described), listener)
        chosen = {name: incident for name, incident in drill.incidents().items() if only in name}
        with drill.oncall.fast_retries():
            for name, incident in chosen.items():
                task = progress.add_task(name, total=None)
                outcomes.append(drill.run_incident(name, incident, partial(progress.update, task)))
                progress.update(task, total=1, completed=1, description=name)
                _write(outcomes)
    _print(outcomes)
    return all(outcome.ok for outcome in outcomes)


def _write(outcomes: list[IncidentResult]) -> None:
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([asdict(outcome) | {"ok": outcome.ok} for outcome in outcomes], indent=2) + "\n")


def _print(outcomes: list[IncidentResult]) -> None:
    table = Table("", "Incident", "Seconds", "Events posted", "Refused first", "API meanwhile", "Quarantined, redriven")
    for heading in "Certificates due", "Made", "Announced", "Documents", "Given up, timed out", "Seconds after":
        table.add_column(heading, justify="right")
    for it in outcomes:
        row = it.incident, it.seconds, it.events_posted, it.events_kept, " ".join(str(code or "-") for code in it.api)
        counts = it.certificates_due, it.certificates_made, it.announced, it.documents
        cells = *row, f"{it.quarantined}, {it.redriven}", *counts, f"{it.given_up}, {it.timed_out}", it.seconds_after
        table.add_row("equal" if it.ok else "FAILED", *(str(cell) for cell in cells))
    console.print(table)
