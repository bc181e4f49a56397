"""A history is imported twice: once in one go, once with the command killed half-way and run again."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tools.load.waiting import NoProgress, dead_letters, queues, settle
from tools.local.portal import Queues
from tools.local.stack import ROOT, LocalStack

LESSONS = [f"lesson-{number}" for number in range(1, 10)]
BEGAN = datetime(2024, 3, 1, 9, tzinfo=UTC)
POLL_SECONDS = 0.05
COMPANY = 100  # people; the emulator looks at all of a company where DynamoDB looks up one
COLUMNS = (
    *("type", "time", "company_id", "account_id", "kind", "name", "email", "enrollment_id", "training_id", "step_id"),
    *("course_id", "version", "title", "steps"),
)


@dataclass(frozen=True)
class History:
    """Companies whose people took a course years ago; every fifth one finished it. `tag` is in all ids."""

    tag: str
    people: int

    @property
    def due(self) -> set[str]:
        return {f"enr-{self.tag}-{number}" for number in range(0, self.people, 5)}

    def write(self, path: Path) -> int:
        """Write the file; returns how many rows it has, without the names of the columns."""
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            written = 0
            for minute, kind, cells in self._rows():
                at = (BEGAN + timedelta(minutes=minute)).isoformat()
                writer.writerow({"type": f"portal.{kind}.v1", "time": at} | cells)
                written += 1
        return written

    def _rows(self) -> Iterator[tuple[int, str, dict[str, Any]]]:
        course = f"course-{self.tag}"
        steps = [{"step_id": lesson, "kind": "lesson", "title": lesson.title()} for lesson in LESSONS]
        published = {"course_id": course, "version": 1, "title": "Well Led", "steps": json.dumps(steps)}
        yield 0, "course.published", published
        for number in range(self.people):
            company = {"company_id": f"co-{self.tag}-{number // COMPANY}"}
            if number % COMPANY == 0:
                yield 0, "company.saved", company | {"name": f"Sample Lanterns {number // COMPANY}"}
            person = {"account_id": f"acc-{self.tag}-{number}"}
            named = {"kind": "employee", "name": f"Ada Sample-{number:05}", "email": "ada@example.com"}
            yield 1, "account.saved", person | company | named
            enrollment = person | {"enrollment_id": f"enr-{self.tag}-{number}"}
            yield 2, "enrollment.created", enrollment | company | {"training_id": course}
            for minute, lesson in enumerate(LESSONS if number % 5 == 0 else LESSONS[:-1], 3):
                yield minute, "lesson.completed", enrollment | {"step_id": lesson}


@dataclass(frozen=True)
class Command:
    """`make import` of a file into the stack that the file `described` describes."""

    file: Path
    described: Path
    rate: int

    def forecast(self) -> int:
        """How many certificates a dry run says will be issued."""
        told = subprocess.run([*self._line(), "--dry-run"], **self._options(), check=True, stdout=subprocess.PIPE)  # noqa: S603  # our own
        return int(re.findall(r"([\d,]+) certificates will be issued", told.stdout.decode())[0].replace(",", ""))

    def run(self, kill_at: int | None = None) -> int:
        """Run it, or kill it once so many events are sent; returns its peak memory in MB."""
        process = subprocess.Popen(self._line(), **self._options(), stdout=subprocess.DEVNULL)  # noqa: S603  # our own
        if kill_at is not None:
            while self.sent() < kill_at and process.poll() is None:
                time.sleep(POLL_SECONDS)
            process.kill()
        _, status, usage = os.wait4(process.pid, 0)
        expected = -signal.SIGKILL if kill_at is not None else 0
        if (code := os.waitstatus_to_exitcode(status)) != expected:
            raise NoProgress(f"make import of {self.file} ended with {code}, and {expected} was expected")
        return usage.ru_maxrss // 1024

    def sent(self) -> int:
        try:
            return int(json.loads(self.file.with_suffix(".csv.sent").read_bytes())["sent"])
        except FileNotFoundError:
            return 0

    def _line(self) -> list[str]:
        return [sys.executable, "-m", "tools.importing", f"--file={self.file}", "--local", f"--rate={self.rate}"]

    def _options(self) -> dict[str, Any]:
        return {"cwd": ROOT, "env": os.environ | {"EARNED_STACK": str(self.described)}}


def import_twice(stack: LocalStack, directory: Path, people: int, rate: int) -> dict[str, Any]:
    """The figures of both imports, of so many people each, at most `rate` events a second."""
    described = directory / "stack.json"
    stack.write(described)
    found = {
        tag: _import(stack, History(tag, people), Command(directory / f"{tag}.csv", described, rate), tag == "killed")
        for tag in ("whole", "killed")
    }
    return {"rate": rate, **found, "dead_letters": dead_letters(stack)}


def is_whole(figures: dict[str, Any]) -> bool:
    imports = [figures["whole"], figures["killed"]]
    return not figures["dead_letters"] and all(
        one["certificates"] == one["due"] == one["forecast"] and not one["not_due"] for one in imports
    )


def _import(stack: LocalStack, history: History, command: Command, is_killed: bool) -> dict[str, Any]:
    command.file.with_suffix(".csv.sent").unlink(missing_ok=True)
    rows, began = history.write(command.file), time.monotonic()
    forecast, checked = command.forecast(), time.monotonic()
    peaks = [command.run(kill_at=rows // 2)] if is_killed else []
    killed_at = command.sent()
    peaks.append(command.run())
    sent = time.monotonic()
    settle(Queues(stack), queues(stack).values())
    issued = _issued(stack, history)
    return {
        "rows": rows,
        "due": len(history.due),
        "forecast": forecast,
        "certificates": len(issued & history.due),
        "not_due": len(issued - history.due),
        "killed_at": killed_at,
        "seconds_to_forecast": round(checked - began, 1),
        "seconds_to_send": round(sent - checked, 1),
        "seconds": round(time.monotonic() - checked, 1),
        "peak_mb": max(peaks),
    }


def _issued(stack: LocalStack, history: History) -> set[str]:
    """The enrollments of the companies that have a certificate."""
    dynamodb = stack.session().client("dynamodb", endpoint_url=stack.aws_endpoint)
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=stack.outputs["RecordsTableName"],
        FilterExpression="begins_with(h, :companies) AND attribute_exists(issue)",
        ExpressionAttributeValues={":companies": {"S": f"company#co-{history.tag}-"}},
    )
    return {item["sk"]["S"].rpartition("#")[2] for page in pages for item in page["Items"]}
