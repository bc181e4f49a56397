"""One run of the sweep at a time over records of the store: what it finds, requests, reads, says and counts."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from earned.aws.dynamodb import enrollments, people, sweep_cursor, trainings
from earned.aws.dynamodb.enrollment_keys import row_key
from earned.aws.s3 import StoredDocument
from earned.domain.certificate import Hold, Revocation
from earned.domain.enrollment import CompletionRecord, Enrollment, EnrollmentKey
from earned.domain.fact_codec import encode
from earned.domain.facts import Fact
from earned.domain.people import Account, Role
from earned.domain.requirements import Reason
from earned.domain.stamps import Stamp
from earned.domain.sweep import SweepPass
from earned.messages.announcements import Announcement
from earned.messages.requests import OutgoingMessage
from earned.testing.immediate_executor import ImmediateExecutor
from earned.testing.service import Service
from earned.usecases.sweep import SECONDS_PER_RUN, SEGMENTS, Sweep
from tests.integration.issued_records import enrolled, issue
from tests.integration.wire_faults import count_requests, happening
from tests.unit.builders import course, done, lesson, live_event, marked, video, watched

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
COURSE, EVENT = course(lesson("one"), video("two")), live_event()


@dataclass
class Sent:
    """A queue that keeps what is sent."""

    messages: list[OutgoingMessage] = field(default_factory=list)

    def send(self, messages: Sequence[OutgoingMessage]) -> None:
        self.messages += messages

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(message.body) for message in self.messages]


@dataclass
class Shelf:
    """Documents by certificate and revision; an error is raised instead. Notes who was asked for."""

    documents: dict[tuple[str, int], StoredDocument | Exception] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)

    def stored(self, certificate_id: str, revision: int) -> StoredDocument | None:
        self.asked.append((certificate_id, revision))
        found = self.documents.get((certificate_id, revision))
        if isinstance(found, Exception):
            raise found
        return found


@dataclass
class Bus:
    """A bus that keeps what is announced."""

    announced: list[dict[str, Any]] = field(default_factory=list)

    def announce(self, announcements: Sequence[Announcement]) -> list[bool]:
        self.announced += [dict(one.event["data"]) for one in announcements]
        return [True for _ in announcements]


class Waiting(Future[Any]):
    """A call that begins when its answer is asked for."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__()
        self._call = call

    def result(self, timeout: float | None = None) -> Any:
        if not self.done():
            self.set_result(self._call())
        return super().result(timeout)


class Background(Executor):
    """Notes how many calls wait together, which are those that threads would make at the same time."""

    def __init__(self) -> None:
        self.calls: list[Waiting] = []
        self.most = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Waiting:
        self.calls.append(Waiting(lambda: fn(*args, **kwargs)))
        self.most = max(self.most, sum(not one.done() for one in self.calls))
        return self.calls[-1]


@dataclass
class Runs:
    """The sweep with collaborators that keep what they get."""

    shelf: Shelf = field(default_factory=Shelf)
    evaluation: Sent = field(default_factory=Sent)
    generation: Sent = field(default_factory=Sent)
    bus: Bus = field(default_factory=Bus)

    def __call__(
        self,
        *,
        everything: bool = False,
        now: datetime = NOW,
        clock: Callable[[], float] = lambda: 0.0,
        background: Executor | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        shelf, evaluation, generation, bus = map(_any, (self.shelf, self.evaluation, self.generation, self.bus))
        tolerance, reads = timedelta(minutes=5), background or ImmediateExecutor()
        sweep = Sweep(shelf, evaluation, generation, bus, tolerance, reads, now=lambda: now, clock=clock, **options)
        return sweep(everything=everything)

    @property
    def requests(self) -> set[tuple[str, str]]:
        """Enrollment and purpose of each generation request."""
        found = [(body["enrollment_id"], body["purpose"]) for body in self.generation.bodies]
        assert len(found) == len(set(found))
        return set(found)


def _any(collaborator: object) -> Any:
    return collaborator


@pytest.fixture
def runs(service: Service) -> Runs:
    """A course, a live event and the account of Ada."""
    for training in (COURSE, EVENT):
        trainings.save_training(training, Stamp(NOW - 99 * DAY))
    save_account("ada")
    return Runs()


def save_account(account: str) -> None:
    people.save_account(Account(account, Role.INDIVIDUAL, "Ada Sample", "ada@example.com"), Stamp(NOW - 99 * DAY))


def person(name: str, account: str = "ada", training: str = COURSE.course_id) -> CompletionRecord:
    """The record of an enrollment of this name."""
    return enrolled(name, account, None, training)


def told(record: CompletionRecord, *facts: Fact) -> CompletionRecord:
    """The record with more facts."""
    evidence = {stored for fact in facts for stored in encode(record.enrollment_id, fact)}
    found = enrollments.record_attendance(record.key, evidence)
    assert isinstance(found, CompletionRecord)
    return found


def complete(name: str, since: timedelta = 6 * MINUTE) -> CompletionRecord:
    return told(person(name), done("one", NOW - DAY), watched(at=NOW - since, step_id="two"))


def behind(name: str) -> None:
    """An enrollment whose record has no version of the course yet."""
    enrolled_at = Enrollment(EnrollmentKey(name, "ada"), COURSE.course_id, NOW - DAY)
    enrollments.enroll(enrolled_at, None, account_known=True)


def broken(name: str) -> CompletionRecord:
    """A record with a fact that cannot be read."""
    record = complete(name)
    enrollments.record_progress(record.key, {stored + b"\x05" for stored in record.evidence})
    return record


def of_a_later_release(name: str) -> None:
    """A record that this release cannot read at all."""
    pk, sk = row_key(person(name).key)
    table = boto3.resource("dynamodb").Table(people.AccountRow.Meta.table_name)
    hold = json.dumps({"reason": "unheard-of", "detail": "", "since": str(NOW)})
    table.update_item(
        Key={"pk": pk, "sk": sk},
        UpdateExpression="SET #hold = :hold",
        ExpressionAttributeNames={"#hold": "hold"},
        ExpressionAttributeValues={":hold": hold},
    )


def issued(name: str, account: str = "ada", version: str | None = None) -> CompletionRecord:
    record = issue(person(name, account))
    assert record.issue is not None
    if version is None:
        return record
    again = replace(record.issue, revision=2, document_version=version)
    enrollments.issue(record, again)
    return replace(record, issue=again)


def put(runs: Runs, record: CompletionRecord, found: StoredDocument | Exception) -> None:
    assert record.issue is not None
    runs.shelf.documents[record.certificate_id, record.issue.revision] = found


def under_way(**changes: Any) -> None:
    """A scheduled pass in one segment in which no check of an account, a document or the calendar is due."""
    began = SweepPass(NOW, before=NOW, segments=1, positions={0: None}, items=1)
    sweep_cursor.save_sweep_pass(replace(began, **changes))


def metrics(captured: pytest.CaptureFixture[str]) -> list[tuple[str, float, str | None]]:
    """Name, value and finding of each metric."""
    lines = [json.loads(line) for line in captured.readouterr().out.splitlines()]
    found = [(line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"], line) for line in lines if "_aws" in line]
    return [(name, line[name][0], line.get("finding")) for name, line in found]


def value_of(name: str, captured: pytest.CaptureFixture[str]) -> float:
    [found] = [value for one, value, _ in metrics(captured) if one == name]
    return found


def logged(caplog: pytest.LogCaptureFixture, message: str, *names: str) -> list[tuple[Any, ...]]:
    """The named members of each line with a message."""
    return [tuple(vars(one)[name] for name in names) for one in caplog.records if one.message == message]


@pytest.fixture
def every_kind(runs: Runs) -> Runs:
    """A record of every finding, and some without one."""
    complete("overdue")
    complete("just", since=4 * MINUTE)
    held = complete("held")
    enrollments.hold(held, Hold(Reason.DOES_NOT_FIT, "title", NOW))
    told(issue(person("absent", training=EVENT.live_event_id)), marked(False, NOW - DAY))
    issued("lost")
    put(runs, issued("other", version="v-1"), StoredDocument("1" * 64, "v-2"))
    put(runs, issued("differs"), StoredDocument("2" * 64, None))
    put(runs, issued("failing"), TimeoutError())
    enrollments.enroll(
        Enrollment(EnrollmentKey("behind", "ada"), COURSE.course_id, NOW - DAY), None, account_known=True
    )
    save_account("bea")
    issued("left", account="bea")
    people.remove_account("bea", NOW)
    broken("garbled")
    of_a_later_release("later")
    put(runs, issued("well"), StoredDocument("1" * 64, None))
    put(runs, issued("well too", version="v-3"), StoredDocument("1" * 64, "v-3"))
    person("in progress")
    enrollments.withdraw(issued("removed").key, NOW, "request-9")
    enrollments.revoke(issued("revoked"), Revocation(NOW - DAY, "marked-absent", "request-8"))
    return runs


def test_each_finding_is_counted_and_mended_as_it_can_be(
    every_kind: Runs, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("INFO")
    outcome = every_kind()
    assert outcome["findings"] == {
        "complete-not-issued": 1,
        "just-completed": 1,
        "held": 1,
        "absent-not-revoked": 1,
        "issued-without-document": 1,
        "other-version": 1,
        "document-differs": 1,
        "out-of-date": 1,
        "account-removed": 1,
        "unreadable": 3,
    }
    assert (outcome["records"], outcome["turn_over"]) == (17, True)
    assert outcome["items"] > 17, "those of other kinds too"
    assert every_kind.requests == {
        *((name, "sweep") for name in ("overdue", "just", "held", "absent")),
        *((name, "restore") for name in ("lost", "other")),
    }
    asked = [tuple(one) for body in every_kind.evaluation.bodies for one in body["enrollments"]]
    assert {name for name, _ in asked} == {"behind", "left"}
    assert {message.group for message in every_kind.evaluation.messages} == {"sweep"}
    counted: dict[str | None, float] = {}
    for name, value, finding in metrics(capsys):
        if name == "SweepFindings":
            counted[finding] = counted.get(finding, 0) + value
    assert counted == outcome["findings"]
    said = logged(caplog, "record could not be looked at", "enrollment_id", "error")
    assert sorted(set(said)) == [
        ("failing", "TimeoutError"),
        ("garbled", "ValueError"),
        ("later", "unknown to this release"),
    ]
    [differs] = logged(caplog, "document differs", "certificate_id", "revision", "sha256")
    [record] = enrollments.get_records([EnrollmentKey("differs", "ada")])
    assert differs == (record.certificate_id, 1, "2" * 64)
    assert logged(caplog, "swept", "records", "by_hand") == [(17, False)]


def test_a_sweep_by_hand_finds_the_same_and_says_that_it_was_by_hand(
    every_kind: Runs, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("INFO")
    scheduled = every_kind()
    metrics(capsys)
    assert Runs(every_kind.shelf)(everything=True)["findings"] == scheduled["findings"]
    assert logged(caplog, "swept", "by_hand") == [(False,), (True,)]
    assert {name for name, *_ in metrics(capsys)} == {"SweepFindings"}


def test_what_is_not_issued_or_has_another_finding_has_no_document_to_check(every_kind: Runs) -> None:
    every_kind()
    asked = {certificate_id for certificate_id, _ in every_kind.shelf.asked}
    keys = [EnrollmentKey(name, "ada") for name in ("removed", "revoked", "in progress")] + [
        EnrollmentKey("left", "bea")
    ]
    assert asked & {record.certificate_id for record in enrollments.get_records(keys)} == set()
    assert len(every_kind.shelf.asked) == len(asked) == 6


def test_what_is_out_of_date_is_sent_in_messages_of_a_few_enrollments(runs: Runs) -> None:
    for number in range(5):
        behind(f"e-{number}")
    under_way()
    runs(enrollments_per_message=2)
    assert [len(body["enrollments"]) for body in runs.evaluation.bodies] == [2, 2, 1]
    assert {name for body in runs.evaluation.bodies for name, _ in body["enrollments"]} == {
        f"e-{number}" for number in range(5)
    }


def test_a_pass_in_which_nothing_is_due_reads_no_record_twice_and_no_document(runs: Runs) -> None:
    told(person("in progress"), done("one", NOW - DAY))
    issued("well")
    to_come = live_event(live_event_id="event-2", ends_at=NOW + DAY)
    trainings.save_training(to_come, Stamp(NOW - 99 * DAY))
    person("registered", training=to_come.live_event_id)
    under_way()
    runs()
    under_way()
    with count_requests() as requests:
        assert runs()["findings"] == {}
    assert runs.shelf.asked == []
    position, trainings_read, overdue, calendar = 1, 1, 1, 1
    reads = {"Scan": 1, "BatchGetItem": position + trainings_read + overdue, "Query": calendar}
    assert requests == {**reads, "UpdateItem": position}


def test_a_record_that_was_mended_since_it_was_scanned_is_no_finding(runs: Runs) -> None:
    record = complete("overdue")
    under_way()
    with happening(lambda _: issue(record), "Scan", after=True):
        assert runs()["findings"] == {}
    assert runs.requests == set()


def test_a_broken_record_is_found_also_when_no_check_of_it_is_due(runs: Runs) -> None:
    broken("garbled")
    under_way()
    assert runs()["findings"] == {"unreadable": 1}


@pytest.mark.parametrize(("before", "due"), [(NOW, False), (NOW - 90 * DAY, True)])
def test_a_document_is_checked_once_in_90_days(runs: Runs, before: datetime, due: bool) -> None:
    record = issued("lost")
    under_way(before=before)
    assert runs()["findings"] == ({"issued-without-document": 1} if due else {})
    assert runs.shelf.asked == ([(record.certificate_id, 1)] if due else [])


def on_calendar() -> list[str]:
    return [event.live_event_id for _, event in trainings.ended_events(NOW)]


@pytest.mark.parametrize(("before", "due"), [(NOW, False), (NOW - DAY, True)])
def test_an_event_for_which_somebody_waits_is_brought_back_to_the_calendar_once_a_day(
    runs: Runs, before: datetime, due: bool
) -> None:
    person("waits", training=EVENT.live_event_id)
    trainings.remove_from_calendar(EVENT)
    under_way(before=before)
    runs()
    assert on_calendar() == ([EVENT.live_event_id] if due else [])


def test_a_sweep_by_hand_brings_an_event_back_at_once(runs: Runs) -> None:
    person("waits", training=EVENT.live_event_id)
    trainings.remove_from_calendar(EVENT)
    sweep_cursor.save_sweep_pass(SweepPass(NOW, before=NOW, positions={0: None}), sweep_cursor.BY_HAND)
    runs(everything=True)
    assert on_calendar() == [EVENT.live_event_id]


@pytest.mark.parametrize(("first", "left"), [(True, ["event-1"]), (False, ["event-1", "event-2"])])
def test_the_first_run_of_a_pass_announces_who_waits_and_takes_done_events_off_the_calendar(
    runs: Runs, first: bool, left: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    person("waits", training=EVENT.live_event_id)
    later = live_event(live_event_id="event-2", ends_at=EVENT.ends_at + DAY)
    trainings.save_training(later, Stamp(NOW - 99 * DAY))
    under_way(before=NOW - DAY, items=0 if first else 1)
    runs()
    assert [one["live_event_id"] for one in runs.bus.announced] == (["event-1"] if first else [])
    assert on_calendar() == left
    assert value_of("OldestUnmarkedAttendanceHours", capsys) == (NOW - EVENT.ends_at) / timedelta(hours=1)


def test_the_calendar_is_read_in_pages(runs: Runs) -> None:
    person("waits", training=EVENT.live_event_id)
    later = live_event(live_event_id="event-2", ends_at=EVENT.ends_at + DAY)
    trainings.save_training(later, Stamp(NOW - 99 * DAY))
    under_way(before=NOW - DAY, items=0)
    with count_requests() as requests:
        runs(events_per_page=1)
    pages, people_of_events = 2 + 1, 2
    assert requests["Query"] == 2 * (pages + people_of_events), "once to announce, once to report"


def test_a_sweep_by_hand_announces_nobody_and_leaves_the_calendar(runs: Runs) -> None:
    person("waits", training=EVENT.live_event_id)
    runs(everything=True)
    assert runs.bus.announced == []


def test_a_run_tells_how_old_its_pass_is(runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(3):
        person(f"e-{number}")
    under_way(began=NOW - timedelta(hours=30), before=NOW - timedelta(hours=30))
    runs()
    found = {name: value for name, value, _ in metrics(capsys)}
    assert found == {"SweepPassHours": 30}, "a zero is not written"


def the_end() -> None:
    """Let the next run read nothing but the last item."""
    items = boto3.client("dynamodb").scan(TableName=people.AccountRow.Meta.table_name)["Items"]
    under_way(positions={0: (items[-1]["pk"]["S"], items[-1]["sk"]["S"])})


def test_overdue_certificates_are_asked_for_until_they_are_issued_and_the_oldest_counts(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    records = [complete(name) for name in ("one", "two", "issued")]
    issue(records[2])
    ages = (10 * MINUTE, 30 * MINUTE, 50 * MINUTE)
    sweep_cursor.save_overdue({record.key: NOW - age for record, age in zip(records, ages, strict=True)})
    the_end()
    runs()
    assert runs.requests == {("one", "sweep"), ("two", "sweep")}
    assert value_of("OldestOverdueCertificateMinutes", capsys) == 30
    assert sweep_cursor.get_overdue() == {records[0].key: NOW - ages[0], records[1].key: NOW - ages[1]}


def test_a_certificate_that_is_overdue_since_now_is_kept_and_one_that_was_read_is_asked_for_once(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    known, new = complete("known"), complete("new")
    sweep_cursor.save_overdue({known.key: NOW - 30 * MINUTE})
    under_way()
    runs()
    assert runs.requests == {("known", "sweep"), ("new", "sweep")}
    assert value_of("OldestOverdueCertificateMinutes", capsys) == 30
    assert sweep_cursor.get_overdue() == {known.key: NOW - 30 * MINUTE, new.key: NOW}


def test_a_record_that_is_found_for_another_reason_is_not_overdue(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    complete("just", since=MINUTE)
    under_way()
    assert runs()["findings"] == {"just-completed": 1}
    assert "OldestOverdueCertificateMinutes" not in {name for name, *_ in metrics(capsys)}
    assert sweep_cursor.get_overdue() == {}


def up_after(*times: float) -> Callable[[], float]:
    """A clock that shows these times and stays at the last."""
    left = iter(times)
    last = times[-1]
    return lambda: next(left, last)


def test_a_page_that_takes_too_long_ends_after_a_record_and_the_next_run_continues(runs: Runs) -> None:
    records = [complete(f"e-{number}") for number in range(3)]
    under_way(items=0, before=NOW)
    first = runs(clock=up_after(0, SECONDS_PER_RUN + 1))
    assert (first["records"], first["items"], first["turn_over"]) == (1, 1, False)
    reached = sweep_cursor.get_sweep_pass()
    assert reached is not None
    assert reached.positions[0] in {row_key(record.key) for record in records}
    second = runs()
    assert (second["records"], second["turn_over"]) == (2, True)
    assert {body["enrollment_id"] for body in runs.generation.bodies} == {"e-0", "e-1", "e-2"}


def test_a_page_whose_last_record_takes_too_long_is_whole(runs: Runs) -> None:
    for number in range(3):
        person(f"e-{number}")
    under_way()
    outcome = runs(clock=up_after(0, 0, 0, SECONDS_PER_RUN + 1))
    assert (outcome["records"], outcome["turn_over"]) == (3, True)


def test_a_run_reads_on_in_the_second_in_which_its_time_ends(runs: Runs) -> None:
    for number in range(4):
        person(f"e-{number}")
    clock = up_after(0, SECONDS_PER_RUN)
    with count_requests() as requests:
        assert runs(clock=clock)["turn_over"]
    assert requests["Scan"] == SEGMENTS
    with count_requests() as requests:
        assert runs(clock=up_after(0, SECONDS_PER_RUN), items_per_page=1)["turn_over"]
    assert requests["Scan"] > 2 * SEGMENTS


def test_a_run_whose_time_is_up_reads_no_other_segment(runs: Runs) -> None:
    for number in range(8):
        person(f"e-{number}")
    sweep_cursor.save_sweep_pass(SweepPass(NOW, NOW, SEGMENTS, dict.fromkeys(range(SEGMENTS))))
    assert runs(clock=up_after(0, SECONDS_PER_RUN + 1), items_per_page=1)["items"] <= 1
    reached = sweep_cursor.get_sweep_pass()
    assert reached is not None
    assert [reached.positions.get(segment, "") for segment in (1, 2, 3)] == [None] * 3


@pytest.mark.parametrize(("everything", "items", "is_over"), [(False, 6, False), (True, 16, True)])
def test_a_scheduled_run_reads_a_part_of_the_pass_and_one_by_hand_reads_on(
    runs: Runs, everything: bool, items: int, is_over: bool
) -> None:
    """The table has fourteen items, eight of them enrollments; the pass has read two before."""
    for number in range(8):
        person(f"e-{number}")
    cursor = sweep_cursor.BY_HAND if everything else sweep_cursor.SCHEDULED
    before = SweepPass(NOW, NOW, 1, {0: None}, items=2, expected=1_000)
    sweep_cursor.save_sweep_pass(before, cursor)
    outcome = runs(everything=everything, items_per_page=2, items_per_run=4)
    assert (outcome["items"], outcome["turn_over"]) == (items, is_over)
    reached = sweep_cursor.get_sweep_pass(cursor)
    assert reached is not None
    assert (reached.began, reached.items, reached.is_over) == (NOW, outcome["items"], is_over)


def test_a_run_without_time_limits_reads_pages_of_500_items_and_ends_with_the_table(runs: Runs) -> None:
    for number in range(3):
        person(f"e-{number}")
    with count_requests() as requests:
        outcome = runs()
    assert (outcome["records"], outcome["turn_over"]) == (3, True)
    assert requests["Scan"] == SEGMENTS
    reached = sweep_cursor.get_sweep_pass()
    assert reached is not None
    assert (reached.segments, reached.began, reached.before) == (SEGMENTS, NOW, None)


def test_the_segments_of_the_table_are_read_at_the_same_time(runs: Runs) -> None:
    background = Background()
    runs(background=background, segments=4)
    assert background.most == 4


def test_the_documents_of_a_page_are_looked_at_at_the_same_time(runs: Runs) -> None:
    """One after the other, the requests would allow some 2.6 million certificates in a day."""
    for number in range(7):
        put(runs, issued(f"e-{number}"), StoredDocument("1" * 64, None))
    background = Background()
    runs(background=background, segments=1)
    assert background.most == len(runs.shelf.asked) == 7


def test_a_training_is_read_once_in_a_run(runs: Runs) -> None:
    for number in range(4):
        person(f"e-{number}")
    under_way()
    with count_requests() as requests:
        runs(items_per_page=1)
    position, training, overdue, calendar = 1, 1, 1, 1
    assert requests["BatchGetItem"] == position + training + overdue + calendar
