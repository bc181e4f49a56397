"""The demo: a company's week through the real queues, downloads by role, checks, and a table of certificates."""

import json
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from tools.batched import batched
from tools.local import checks, scenario
from tools.local.checks import Check, Week
from tools.local.follow_up_checks import FOLLOW_UP_CHECKS
from tools.local.portal import Listener, Queues
from tools.local.scenario import DAY, Account, Enrollment, Scenario
from tools.local.stack import ROOT, LocalStack

OUT = ROOT / "out" / "demo"
MESSAGES_AT_A_TIME = 100
TIMEOUT_SECONDS = 60
console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)


def play(stack: LocalStack, directory: Path) -> bool:
    """Play the week on a stack and fill out/demo/; `directory` holds the stack's signing key.

    Returns whether all checks passed.
    """
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    week = _play_week(stack, directory, scenario.build(datetime.now(UTC)))
    console.print("Downloading as each role and checking ...")
    results = checks.run_all(week)
    _write_documents(week)
    console.print("Correcting, withdrawing, reissuing, diagnosing and exporting ...")
    results += checks.run_in_turn(week, FOLLOW_UP_CHECKS)
    _write_report(week, results)
    _print_people(week)
    _print_checks(results)
    return all(check.ok for check in results)


def people_to_be() -> Table:
    """Whom to sign in as: the first account of each role."""
    table = Table("Account", "Role", "Company", "Name")
    first: dict[str, Account] = {}
    for account in scenario.build(datetime.now(UTC)).accounts:
        first.setdefault(account.kind, account)
    for account in first.values():
        table.add_row(account.account_id, account.kind, account.company_id or "", account.name)
    return table


def _play_week(stack: LocalStack, directory: Path, plan: Scenario) -> Week:
    """Post a few messages at a time and wait for them, so that the times measure the service and not a backlog."""
    queues, urls = Queues(stack), _working_queues(stack)
    expected = sum(not enrollment.outstanding for enrollment in plan.enrollments)
    columns = "{task.description:24}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Listener(stack) as listener, Progress(*columns, console=console) as progress:
        posting = progress.add_task("", total=len(plan.messages))
        earning = progress.add_task("certificates announced", total=expected)

        def wait_while(busy: Callable[[], bool], timeout_seconds: float) -> None:
            deadline = time.monotonic() + timeout_seconds
            while busy() and time.monotonic() < deadline:
                progress.update(earning, completed=len(listener.announcements))
                time.sleep(0.05)

        for part in batched(plan.messages, MESSAGES_AT_A_TIME):
            queues.post(part)
            progress.update(posting, advance=len(part), description=f"day {_day(plan, part[0].at)}: events posted")
            wait_while(lambda: queues.waiting(urls) > 0, TIMEOUT_SECONDS / 10)
        wait_while(lambda: len(listener.announcements) < expected or queues.waiting(urls) > 0, TIMEOUT_SECONDS)
        wait_while(lambda: True, 1)  # for certificates that must not come
    return Week(stack, directory, plan, queues, listener.announcements, listener.refusals)


def _day(plan: Scenario, at: datetime) -> int:
    return 1 + (at - plan.messages[0].at) // DAY


def _working_queues(stack: LocalStack) -> list[str]:
    ends, dead = "QueueUrl", "DeadLetterQueueUrl"
    return [url for name, url in stack.outputs.items() if name.endswith(ends) and not name.endswith(dead)]


def _write_documents(week: Week) -> None:
    for it in week.downloads:
        folder = OUT / (it.by.company_id or "individuals")
        folder.mkdir(exist_ok=True)
        (folder / Path(it.answer["file_name"]).name).write_bytes(it.document.content)


def _write_report(week: Week, results: list[Check]) -> None:
    seconds = week.seconds() or [0.0]
    cuts = statistics.quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else seconds * 99
    report = {
        "counts": _counts(week),
        "seconds_to_certificate": {"p50": round(cuts[49], 3), "p99": round(cuts[98], 3)},
        "checks": [asdict(check) for check in results],
    }
    (OUT / "report.json").write_text(json.dumps(report, indent=2) + "\n")


def _counts(week: Week) -> dict[str, int]:
    plan = week.scenario
    return {
        "companies": len(scenario.COMPANIES),
        "people": len(plan.accounts),
        "enrollments": len(plan.enrollments),
        "complete": sum(not enrollment.outstanding for enrollment in plan.enrollments),
        "messages": len(plan.messages),
        "distinct_messages": len({message.body for message in plan.messages}),
        "certificates": len(week.certificates),
        "documents": len(list(OUT.rglob("*.pdf"))),
    }


def _print_people(week: Week) -> None:
    table = Table("Company", "Person", "Kind", "Training", "Certificate", "What is missing")
    for enrollment in sorted(week.scenario.enrollments, key=lambda it: it.account.account_id):
        account, held = enrollment.account, week.certificates_of(enrollment)
        company = scenario.COMPANIES.get(account.company_id or "", "-")
        training = week.scenario.titles[enrollment.training_id]
        number = f"{held[0]['certificate_id'][:8]}…" if held else "-"
        cells = company, account.name, account.kind, training, number, _missing(week, enrollment)
        table.add_row(*(escape(cell) for cell in cells))
    console.print(table)


def _missing(week: Week, enrollment: Enrollment) -> str:
    outstanding = week.progress.get(enrollment.enrollment_id, {"outstanding": []})["outstanding"]
    more = f" (and {len(outstanding) - 1} more)" if len(outstanding) > 1 else ""
    return f"{outstanding[0]['message']}{more}" if outstanding else ""


def _print_checks(results: list[Check]) -> None:
    for check in results:
        console.print(
            f"{'ok    ' if check.ok else 'FAILED'} {check.name}: {check.detail}", markup=False, soft_wrap=True
        )
