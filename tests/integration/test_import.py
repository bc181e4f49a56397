"""A history of events in a file: checked whole, forecast by the rules, sent, stopped and continued."""

import csv
import json
import os
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from earned.aws.publisher import NotSent, Publisher
from earned.messages.posting import Event
from earned.testing.service import Service
from tools.importing.check import Checked, Fault, check_rows
from tools.importing.forecast import Forecast, Outcome
from tools.importing.rows import NotAFile, columns
from tools.importing.sending import CHUNK, MAX_WAITING, Backlog, Checkpoint, send

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LONG_AGO = datetime(2024, 3, 1, 9, tzinfo=UTC)
TOLERANCE = timedelta(minutes=5)
STEPS = json.dumps(
    [
        {"step_id": "s1", "kind": "lesson", "title": "One"},
        {"step_id": "s2", "kind": "quiz", "title": "Two", "passing_score": 70},
    ]
)
SUPPORT = {"sub": "sup-1", "role": "support"}


def at(minute: int) -> str:
    return (LONG_AGO + timedelta(minutes=minute)).isoformat()


def history(people: int, chance: random.Random) -> list[dict[str, Any]]:
    """A company, a course in two versions, a live event, and people who do what they must, or not quite."""
    course = {"type": "portal.course.published.v1", "course_id": "course", "steps": STEPS}
    event = {"live_event_id": "event", "title": "Open Day", "timezone": "Europe/Berlin"}
    rows: list[dict[str, Any]] = [
        {"type": "portal.company.saved.v1", "time": at(0), "company_id": "co-1", "name": "Sample Lanterns"},
        course | {"time": at(0), "version": 1, "title": "Old"},
        course | {"time": at(1), "version": 2, "title": "New"},
        event | {"type": "portal.live-event.scheduled.v1", "time": at(0), "starts_at": at(540), "ends_at": at(600)},
    ]
    for number in range(people):
        key = {"enrollment_id": f"enr-{number}", "account_id": f"acc-{number}"}
        training = chance.choice(["course", "event"])
        if chance.random() < 0.95:
            rows.append(
                {"type": "portal.account.saved.v1", "time": at(2), "account_id": f"acc-{number}", "kind": "employee",
                 "name": f"Person {number}", "email": "person@example.com", "company_id": "co-1"}
            )  # fmt: skip
        rows.append(
            {"type": "portal.enrollment.created.v1", "time": at(3), "training_id": training, "company_id": "co-1"} | key
        )
        if chance.random() < 0.05:
            rows.append({"type": "portal.enrollment.removed.v1", "time": at(900)} | key)
        if training == "event":
            mark = {"live_event_id": "event", "marked_by.account_id": "adm-1"}
            mark |= {"marked_by.role": chance.choice(["administrator"] * 9 + ["employee"])}
            moment = at(chance.choice([601, 700, 590]))
            status = chance.choice(["present", "present", "absent"])
            rows.append({"type": "portal.attendance.marked.v1", "time": moment, "status": status} | mark | key)
            continue
        if chance.random() < 0.9:
            rows.append({"type": "portal.lesson.completed.v1", "time": at(10), "step_id": "s1"} | key)
        who = key | {"account_id": "acc-else"} if chance.random() < 0.05 else key
        score = chance.choice([80, 69.9, 70])
        rows.append({"type": "portal.quiz.graded.v1", "time": at(20), "step_id": "s2", "score": score} | who)
    return rows


def write_csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, dict.fromkeys(name for row in rows for name in row))
        writer.writeheader()
        writer.writerows(rows)
    return path


def checked(path: Path) -> list[Checked | Fault]:
    return list(check_rows(path, NOW, TOLERANCE, {}))


def forecast(path: Path) -> Outcome:
    found = Forecast()
    for row in checked(path):
        assert isinstance(row, Checked), row
        found.add(row.event)
    return found.outcome(NOW, TOLERANCE)


def to_send(path: Path) -> list[Event]:
    return [row.sent for row in checked(path) if isinstance(row, Checked)]


def queues(service: Service) -> dict[str, str]:
    return {queue: service.url(queue.capitalize()) for queue in ("directory", "progress", "attendance")}


def publisher(service: Service) -> Publisher:
    return Publisher(boto3.client("sqs"), queues(service), sleep=lambda _: None)


def idle(service: Service) -> Backlog:
    return Backlog(boto3.client("sqs"), queues(service))


def certified(service: Service) -> list[str]:
    admin = {"sub": "admin", "role": "company-admin", "company_id": "co-1"}
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        _, page = service.get("/v1/companies/co-1/certificates", admin, limit="100", **cursor)
        found += [item["enrollment_id"] for item in page["items"]]
        if "next_cursor" not in page:
            return sorted(found)
        cursor = {"cursor": page["next_cursor"]}


@pytest.mark.parametrize("seed", range(3))
def test_as_many_certificates_are_issued_as_the_dry_run_says(service: Service, tmp_path: Path, seed: int) -> None:
    path = write_csv(tmp_path / "history.csv", history(60, random.Random(seed)))
    outcome = forecast(path)
    for _ in send(to_send(path), Checkpoint.of(path, ""), publisher(service), idle(service), 10**6):
        service.settle()
    service.settle()
    refused = {queue: [reason for reason, _ in service.quarantined(queue)] for queue in ("Progress", "Attendance")}
    assert certified(service) == sorted(outcome.due)
    assert len(outcome.due) > 10
    assert sorted(refused["Progress"] + refused["Attendance"]) == sorted(outcome.refused.elements())
    assert outcome.outstanding["account-unknown"] + outcome.outstanding["not-passed"] > 0


def test_killed_half_way_and_continued_the_result_is_the_same(service: Service, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "history.csv", history(150, random.Random(7)))
    events = to_send(path)
    assert len(events) > 3 * CHUNK
    first = send(events, Checkpoint.of(path, ""), publisher(service), idle(service), 10**6)
    assert [next(first), next(first)] == [CHUNK, 2 * CHUNK]
    del first
    Checkpoint.of(path, "").save(
        CHUNK
    )  # as if the second chunk had been sent and the process killed before it was noted

    rest = list(send(events, Checkpoint.of(path, ""), publisher(service), idle(service), 10**6))
    service.settle()
    assert rest[-1] == len(events)
    assert certified(service) == sorted(forecast(path).due)
    assert list(send(events, Checkpoint.of(path, ""), publisher(service), idle(service), 10**6)) == []


def test_another_file_begins_anew(service: Service, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "history.csv", history(3, random.Random(1)))
    list(send(to_send(path), Checkpoint.of(path, ""), publisher(service), idle(service), 10**6))
    assert Checkpoint.of(path, "").sent > 0
    assert Checkpoint.of(path, "only valid").sent == 0
    write_csv(path, history(4, random.Random(1)))
    assert Checkpoint.of(path, "").sent == 0


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_the_pace_is_that_of_the_rate(service: Service, tmp_path: Path) -> None:
    path, clock = write_csv(tmp_path / "history.csv", history(200, random.Random(1))), Clock()
    events = to_send(path)[: 5 * CHUNK]
    times = []
    for _ in send(events, Checkpoint.of(path, ""), publisher(service), idle(service), 50, clock, clock.sleep):
        times.append(clock.now)
        service.empty()
    assert times == [0, 2, 4, 6, 8]


def test_an_import_that_continues_does_not_wait_for_what_an_earlier_run_sent(service: Service, tmp_path: Path) -> None:
    path, clock = write_csv(tmp_path / "history.csv", history(200, random.Random(1))), Clock()
    events, checkpoint = to_send(path)[: 5 * CHUNK], Checkpoint.of(path, "")
    checkpoint.save(3 * CHUNK)
    times = []
    for _ in send(events, checkpoint, publisher(service), idle(service), 50, clock, clock.sleep):
        times.append(clock.now)
        service.empty()
    assert times == [0, 2]


def test_a_queue_with_a_backlog_is_left_in_peace(service: Service, tmp_path: Path) -> None:
    path, clock = write_csv(tmp_path / "history.csv", history(3, random.Random(1))), Clock()
    depths = iter([MAX_WAITING + 1, MAX_WAITING + 1, MAX_WAITING, 0, 0, 0])

    class Queues:
        def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
            return {"Attributes": {"ApproximateNumberOfMessages": str(next(depths))}}

    backlog = Backlog(Queues(), {"progress": "url"}, clock)  # type: ignore[arg-type]  # what it needs of SQS
    list(send(to_send(path), Checkpoint.of(path, ""), publisher(service), backlog, 10**6, clock, clock.sleep))
    assert clock.now == 2


def test_what_is_not_sent_is_not_in_the_checkpoint(service: Service, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "history.csv", history(3, random.Random(1)))
    nowhere = Publisher(boto3.client("sqs"), dict.fromkeys(queues(service), service.url("Progress") + "x"), pauses=())
    with pytest.raises(NotSent):
        list(send(to_send(path), Checkpoint.of(path, ""), nowhere, idle(service), 10**6))
    assert Checkpoint.of(path, "").sent == 0


def test_every_fault_is_told_with_its_line_and_field_and_without_a_value(tmp_path: Path) -> None:
    person = {"time": at(1), "enrollment_id": "enr-1", "account_id": "acc-1"}
    lesson = person | {"type": "portal.lesson.completed.v1", "step_id": "s1"}
    rows = [
        lesson,
        lesson | {"time": "yesterday"},
        lesson | {"time": "2999-01-01T00:00:00Z"},
        lesson | {"step_id": ""},
        lesson | {"type": "portal.nonsense.v1"},
        person | {"type": "portal.quiz.graded.v1", "step_id": "s", "score": "seventy"},
        person | {"type": "portal.attendance.marked.v1", "marked_by.role": "administrator"},
    ]
    found = [row for row in checked(write_csv(tmp_path / "history.csv", rows)) if isinstance(row, Fault)]
    assert [(fault.line, fault.reason) for fault in found] == [
        (3, "invalid-data"),
        (4, "time-out-of-range"),
        (5, "invalid-data"),
        (6, "unknown-type"),
        (7, "invalid-data"),
        (8, "invalid-data"),
    ]
    details = [fault.detail for fault in found]
    assert details[0].startswith("time: ")
    assert "data.step_id" in details[2]
    assert details[4].startswith("data.score: ")
    assert "data.marked_by.account_id" in details[5]
    assert not any("seventy" in detail or "yesterday" in detail for detail in details)


def test_json_lines_are_read_as_they_are_posted(tmp_path: Path) -> None:
    event = Event(
        "portal.lesson.completed.v1", {"enrollment_id": "e", "account_id": "a", "step_id": "s"}, LONG_AGO, id="7"
    )
    path = tmp_path / "history.jsonl"
    path.write_text(f"{event.body()}\n\n{{\n{json.dumps([1])}\n")
    good, broken, other = checked(path)
    assert isinstance(good, Checked)
    assert (good.sent.id, good.sent.source, good.row.line) == ("7", "portal", 1)
    assert broken == Fault(3, "not-json", "body: must be JSON")
    assert isinstance(other, Fault)
    assert (other.line, other.reason) == (4, "not-a-cloudevent")


def test_a_row_of_several_lines_is_told_by_its_first(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text('type,time,name\n\na,b,"1\n2"\n\n\nc,d,"3\n4\n5"\n')
    assert [row.line for row in checked(path) if isinstance(row, Fault)] == [3, 7]


@pytest.mark.parametrize("cell", ["[" * 100_000, r'["\ud800"]'], ids=["deep", "half a character"])
def test_a_hostile_cell_or_line_is_a_fault_of_its_row(tmp_path: Path, cell: str) -> None:
    course = {"type": "portal.course.published.v1", "time": at(0), "course_id": "c", "version": 1, "title": "T"}
    rows = write_csv(tmp_path / "history.csv", [course | {"steps": cell}, course | {"steps": STEPS}])
    lines = tmp_path / "history.jsonl"
    lines.write_text('{"type": "portal.course.published.v1", "data": {"steps": ' + cell + "}}\n")
    for path, line in (rows, 2), (lines, 1):
        assert [(row.line, row.reason) for row in checked(path) if isinstance(row, Fault)] == [(line, "not-json")]


def test_a_row_that_would_be_refused_as_it_is_sent_is_a_fault(tmp_path: Path) -> None:
    steps = [{"step_id": f"s{number}", "kind": "lesson", "title": "x"} for number in range(2500)]
    course = {"course_id": "c", "version": 1, "title": "T", "steps": json.dumps(steps, separators=(",", ":"))}
    rows: list[dict[str, Any]] = [
        {"type": "portal.course.published.v1", "time": at(0)} | course,
    ]
    found = checked(write_csv(tmp_path / "history.csv", rows))
    assert [(row.line, row.reason) for row in found if isinstance(row, Fault)] == [
        (2, "too-large"),
    ]


@pytest.mark.parametrize("stored", ["", "{", "[]", "5", '{"file": 1}', "\xff", "[" * 100_000])
def test_a_damaged_checkpoint_begins_anew(tmp_path: Path, stored: str) -> None:
    path = write_csv(tmp_path / "history.csv", history(1, random.Random(1)))
    (tmp_path / "history.csv.sent").write_text(stored, encoding="latin-1")
    assert Checkpoint.of(path, "").sent == 0


def test_a_row_without_an_id_is_the_same_event_each_time(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "history.csv", history(2, random.Random(1)))
    again = write_csv(tmp_path / "again.csv", history(2, random.Random(1)))
    ids = [event.id for event in to_send(path)]
    assert ids == [event.id for event in to_send(again)]
    assert len(set(ids)) == len(ids)


def test_events_are_sent_in_the_message_group_of_their_company(tmp_path: Path) -> None:
    groups = {
        event.group
        for event in to_send(write_csv(tmp_path / "history.csv", history(20, random.Random(2))))
        if "portal.l" in event.type or "quiz" in event.type
    }
    assert groups <= {"co-1", "acc-else", None}
    assert "co-1" in groups


def test_a_person_of_two_companies_is_in_the_group_of_each_enrollments_company(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = []
    for company in ("co-1", "co-2"):
        key = {"enrollment_id": f"enr-{company}", "account_id": "acc-1"}
        enrolled = {"type": "portal.enrollment.created.v1", "time": at(1), "training_id": "c", "company_id": company}
        rows.append(enrolled | key)
    for company in ("co-1", "co-2"):
        key = {"enrollment_id": f"enr-{company}", "account_id": "acc-1"}
        rows.append({"type": "portal.lesson.completed.v1", "time": at(2), "step_id": "s1"} | key)
    *_, first, second = to_send(write_csv(tmp_path / "history.csv", rows))
    assert (first.group, second.group) == ("co-1", "co-2")


@pytest.mark.parametrize("times", [(at(1), at(5)), (at(5), at(1))], ids=["published later", "published earlier"])
def test_the_newest_version_of_a_course_is_forecast_whenever_it_was_published(
    tmp_path: Path, times: tuple[str, str]
) -> None:
    key = {"enrollment_id": "enr-1", "account_id": "acc-1"}
    course = {"type": "portal.course.published.v1", "course_id": "course", "title": "Leading Well"}
    lesson = json.dumps([{"step_id": "s1", "kind": "lesson", "title": "One"}])
    rows = [
        course | {"time": times[0], "version": 1, "steps": STEPS},
        course | {"time": times[1], "version": 2, "steps": lesson},
        {"type": "portal.account.saved.v1", "time": at(2), "account_id": "acc-1", "kind": "individual"}
        | {"name": "Ada Sample", "email": "ada@example.com"},
        key | {"type": "portal.enrollment.created.v1", "time": at(6), "training_id": "course"},
        key | {"type": "portal.lesson.completed.v1", "time": at(7), "step_id": "s1"},
    ]
    assert forecast(write_csv(tmp_path / "history.csv", rows)).due == ("enr-1",)


@pytest.mark.parametrize("rows_of_cancellations", [[at(1), at(5)], [at(5), at(1)]], ids=["in order", "reversed"])
def test_the_latest_cancellation_is_forecast_in_any_order(tmp_path: Path, rows_of_cancellations: list[str]) -> None:
    event = {"live_event_id": "event"}
    times = {"title": "Open Day", "timezone": "UTC", "starts_at": at(10), "ends_at": at(20)}
    key = {"enrollment_id": "enr-1", "account_id": "acc-1"}
    rows = [
        event | times | {"type": "portal.live-event.scheduled.v1", "time": at(3)},
        *(event | {"type": "portal.live-event.cancelled.v1", "time": moment} for moment in rows_of_cancellations),
        key | {"type": "portal.enrollment.created.v1", "time": at(4), "training_id": "event"},
    ]
    assert forecast(write_csv(tmp_path / "history.csv", rows)).outstanding["event-cancelled"] == 1


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("history.xlsx", b"", "must end in .csv, .jsonl or .ndjson"),
        ("history.csv", b"", "commas between; missing: time, type"),
        ("history.csv", b"type,time,nonsense\n", "no event has the columns nonsense"),
        ("history.csv", b"type,time\na,b,c\n", "line 2 has another number of cells"),
        ("history.csv", b"type,time\na\n", "line 2 has another number of cells"),
        ("history.csv", b'type,time\n"a"b,c\n', "expected after"),
        ("history.csv", b'type,time\na,b\n\n"a\n"b,c\n', "line 4: .*expected after"),
        ("history.csv", b"type,time\n" + b"a" * 200_000 + b",b\n", "line 2: field larger"),
        ("history.csv", b"type,time,name,name\n", "the columns name more than once"),
        ("history.csv", b"type,time\n\xff,b\n", "must be UTF-8"),
        ("history.jsonl", b"\xff\n", "must be UTF-8"),
    ],
)
def test_what_is_no_file_of_events_is_told(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(NotAFile, match=told):
        checked(path)


def test_a_file_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotAFile, match="No such file"):
        checked(tmp_path / "none.csv")


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(b"\xef\xbb\xbftype,time,account_id\nportal.account.removed.v1,2024-03-01T09:00:00Z,acc-1\n")
    [row] = checked(path)
    assert isinstance(row, Checked)


def command(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).resolve().parents[2]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(root / "layers/core"), "EARNED_STACK": "/nowhere/serve.json"}
    module = [sys.executable, "-m", "tools.importing", "--file", str(path), "--local", *options]
    return subprocess.run(module, cwd=root, env=env, check=False, capture_output=True, text=True)


def test_the_command_says_what_is_wrong_and_ends_with_1(tmp_path: Path) -> None:
    rows = history(5, random.Random(1))
    path = write_csv(tmp_path / "history.csv", [*rows, rows[-1] | {"time": "yesterday"}])
    ended = command(path)
    assert ended.returncode == 1
    assert "1 invalid rows" in ended.stdout
    with (tmp_path / "history.csv.errors.csv").open() as file:
        [fault] = csv.DictReader(file)
    assert (fault["line"], fault["reason"]) == (str(len(rows) + 2), "invalid-data")


def test_a_dry_run_needs_no_stack_and_counts_the_certificates(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "history.csv", history(30, random.Random(1)))
    ended = command(path, "--dry-run")
    assert ended.returncode == 0
    assert f"{len(forecast(path).due)} certificates will be issued." in ended.stdout


@pytest.mark.parametrize("content", ["type,time\n", None])
def test_without_a_stack_or_a_file_the_command_says_so_and_ends_with_1(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "history.csv"
    if content is not None:
        path.write_text(content)
    ended = command(path)
    assert ended.returncode == 1
    assert ("No local stack is running" if content else "No such file") in " ".join(ended.stderr.split())


def test_no_file_and_a_file_that_cannot_be_written_are_told_in_a_sentence(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "history.csv", history(1, random.Random(1)))
    (tmp_path / "history.csv.errors.csv").mkdir()
    for ended in command(Path(), "--dry-run"), command(path, "--dry-run"):
        assert ended.returncode == 1
        assert "Traceback" not in ended.stderr
    assert "Is a directory" in " ".join(ended.stderr.split())


def test_the_documentation_lists_every_column() -> None:
    listed = (Path(__file__).resolve().parents[2] / "docs/integrate.md").read_text()
    assert [name for name in columns() if f"`{name}`" not in listed] == []
