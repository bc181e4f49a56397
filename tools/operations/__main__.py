"""The commands that operate a stack; docs/operate.md lists them."""

import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError
from rich.progress import Progress, track
from rich.table import Table
from rich.text import Text

from tools.operations.changes import NoPreview, preview, stays_behind
from tools.operations.pages import NotTheSame
from tools.operations.pages import commands as pages_commands
from tools.operations.preflight import Account, preflight, read_brands
from tools.operations.protection import protect
from tools.operations.quarantine import Listing, Refused, held, look
from tools.operations.redrive import Step, Wanted, select, send_back
from tools.operations.replay import NotArchived
from tools.operations.replay import replay as replay_archive
from tools.operations.restore import NotRestored
from tools.operations.restore_commands import commands as restore_commands
from tools.operations.rotate_key_command import commands as rotate_key_commands
from tools.operations.samconfig import NotConfigured, read_deployment
from tools.operations.stacks import DeployedStack, NoStack, adopt_region
from tools.operations.sweep import PATIENT, RunFailed, Swept
from tools.operations.sweep import sweep as sweep_everything
from tools.operations.terminal import Local, StackName, console, moment_of, out, stack_of

if TYPE_CHECKING:
    from tools.operations.erase import Erasure

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(pages_commands)
app.add_typer(restore_commands)
app.add_typer(rotate_key_commands)


@app.command()
def quarantine(
    stack: StackName = None,
    local: Local = False,
    queue: Annotated[str | None, typer.Option(help="one queue, such as progress; all by default")] = None,
    show: Annotated[int, typer.Option(min=0, help="show ids, types and times of the N oldest of each reason")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout")] = False,
) -> None:
    """Show the messages in the dead-letter queues by queue and reason; they stay there."""
    where = stack_of(stack, local)
    pairs = where.named(queue)
    listings = [look(where.sqs, pair) for pair in track(pairs, "Receiving", console=console, transient=True)]
    if as_json:
        typer.echo(json.dumps({"queues": [_plain(listing, show) for listing in listings]}, indent=2))
        return
    _print_counts(listings)
    if show:
        _print_oldest(listings, show)
    for listing in listings:
        _print_caveats(listing)


@app.command()
def redrive(
    queue: Annotated[str, typer.Option(help="the queue to send back to, such as progress")],
    stack: StackName = None,
    local: Local = False,
    reason: Annotated[str | None, typer.Option(help="only messages with this reason; `fault` stands for none")] = None,
    event: Annotated[list[str] | None, typer.Option(help="only this event id or message id; may be repeated")] = None,
    limit: Annotated[int, typer.Option(min=1, help="at most so many messages")] = 10_000,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only count the messages")] = False,
) -> None:
    """Send quarantined messages back to their queue: all, by reason or by id; a repetition is harmless."""
    where = stack_of(stack, local)
    [pair] = where.named(queue)
    steps: list[Step] = []
    with (
        where.as_redriver() as sqs,
        held(sqs, pair.dead_letters) as hold,
        Progress(console=console, transient=True) as progress,
    ):
        looking = progress.add_task("Receiving", total=None)
        chosen = select(hold, Wanted(reason, frozenset(event or [])), limit)
        progress.remove_task(looking)
        if not dry_run:
            sending = progress.add_task("Sending", total=len(chosen))
            for step in send_back(hold, pair.source, chosen):
                steps.append(step)
                progress.advance(sending, step.sent + len(step.refusals))
    more = "" if hold.complete else " There may be more: run it again."
    if dry_run:
        out.print(f"{len(chosen)} would be sent back to {queue}; nothing was.{more}")
    else:
        _print_outcome(queue, len(chosen), steps, more)
    raise typer.Exit(0 if dry_run or sum(step.sent for step in steps) == len(chosen) else 1)


@app.command()
def erase(
    account: Annotated[str, typer.Option(help="the account_id of the person")],
    stack: StackName = None,
    local: Local = False,
    wait: Annotated[
        float | None,
        typer.Option(min=0, help="seconds between the two passes; the longest visibility timeout by default"),
    ] = None,
    also: Annotated[
        list[str] | None, typer.Option(help="a former name or address to search for; repeat for several")
    ] = None,
    mfa: Annotated[str, typer.Option(help="ARN of your MFA device; the command asks for its code")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only count what would be erased")] = False,
) -> None:
    """Erase a person's name, address and documents for good; repeat the command if it was interrupted."""
    from pynamodb.exceptions import PynamoDBException  # noqa: PLC0415 - only this command needs it and our package

    from tools.operations.erase import MAX_LIVE, Erasure, NothingKnown, QueuesBusy, places  # noqa: PLC0415 - as above
    from tools.operations.versions import NotDeleted  # noqa: PLC0415 - as above

    where = stack_of(stack, local)
    code = typer.prompt("Code of the MFA device") if mfa else ""
    with where.as_eraser(mfa, code), console.status("Searching") as status:
        former = frozenset(filter(None, also or ()))
        erasure = Erasure(account, places(where), dry_run, former, begun_on=status.update)
        others = erasure.same_address()
        try:
            erasure.run(lambda seconds: time.sleep(seconds if wait is None else wait))
        except NothingKnown:
            raise NoStack(f"There is no trace of an account {account!r}: nothing was changed. Check the id.") from None
        except QueuesBusy as queues:
            raise NoStack(
                f"Nothing was changed: more than {MAX_LIVE:,} messages wait in {queues}. A search would hide them from"
                " the functions. Run it again when they are processed."
            ) from None
        except (NotDeleted, PynamoDBException) as failure:
            code = getattr(failure, "cause_response_code", None)  # DynamoDB's own message may quote an item
            raise NoStack(f"Not everything is erased: {code or failure}. Run it again.") from None
    _print_erasure(erasure, others)
    raise typer.Exit(1 if erasure.unseen else 0)


@app.command()
def disclose(
    account: Annotated[str, typer.Option(help="the account_id of the person")],
    stack: StackName = None,
    local: Local = False,
    folder: Annotated[Path, typer.Option("--out", help="the folder of the archive")] = Path("out"),
) -> None:
    """Write what is held about a person to an archive for that person; prints counts only."""
    from tools.operations.disclose import disclose as collect  # noqa: PLC0415 - only this command needs our package
    from tools.operations.erase import NothingKnown, places  # noqa: PLC0415 - as above

    where = stack_of(stack, local)
    with where.as_operator(), console.status("Searching"):
        try:
            disclosure = collect(account, places(where))
        except NothingKnown:
            raise NoStack(f"There is no trace of an account {account!r}. Check the id.") from None
    path = folder / f"disclosure-{account}.zip"
    disclosure.write(path)
    for what, count in disclosure.counts().items():
        out.print(f"{count} {what}")
    out.print(f"Written: {path}. It holds personal data: hand it over and delete it.", markup=False, soft_wrap=True)
    if disclosure.incomplete:
        console.print(f"Not every message was read in {', '.join(disclosure.incomplete)}: run it again.")
    raise typer.Exit(1 if disclosure.incomplete else 0)


@app.command()
def replay(
    since: Annotated[str, typer.Option(help="announcements since this time, such as 2026-11-30T08:00:00Z")],
    stack: StackName = None,
    local: Local = False,
    until: Annotated[str | None, typer.Option(help="announcements until this time; now by default")] = None,
) -> None:
    """Put archived announcements on the bus again; every receiver gets them once more."""
    where = stack_of(stack, local)
    if "ArchiveName" not in where.outputs:
        raise NoStack("This stack has no archive (output ArchiveName): an emulator lacks it.")
    start, end = moment_of(since), moment_of(until) if until else datetime.now(UTC)
    if start >= end:
        raise typer.BadParameter("--since must be earlier than --until and than now")
    try:
        with console.status("Replaying") as status:
            for progress in replay_archive(where.events(), where.outputs["ArchiveName"], start, end):
                status.update(f"{progress.state}: {_when(progress.last_event) or 'no event yet'}")
    except NotArchived as refusal:
        raise typer.BadParameter(f"--since: {refusal}") from None
    if not progress.has_succeeded:
        raise NoStack(f"The replay ended as {progress.state}: {progress.reason}. Run it again.")
    out.print(f"Announced again: everything from {_when(start)} to {_when(end)}.")


@app.command()
def sweep(stack: StackName = None, local: Local = False) -> None:
    """Check every record and document now; exits with 1 unless the pass reaches its end."""
    where = stack_of(stack, local)
    if "SweepFunctionName" not in where.outputs:
        raise NoStack("This stack does not name its sweep (SweepFunctionName): deploy the current template first.")
    done = Swept()
    try:
        with console.status("Sweeping") as status:
            for done in sweep_everything(where.lambdas(PATIENT), where.outputs["SweepFunctionName"]):
                status.update(f"Run {done.runs}: {done.records:,} records checked, {done.items:,} items read")
    except RunFailed as failure:
        raise NoStack(f"The sweep failed with {failure}. Run it again: it continues where it stopped.") from None
    out.print(f"Checked to the end: {done.records:,} records and their documents, in {done.runs} runs.")
    for finding, number in sorted(done.findings.items()):
        out.print(f"{number:>9,} {finding}")
    if not done.findings:
        out.print("Nothing was found.")


@app.command("preflight")
def check_account(
    stack: Annotated[str, typer.Option(help="a stack of samconfig.toml, such as earned-prod")],
    parameters: Annotated[str, typer.Option(help="parameters that samconfig.toml lacks: Name=value Name=value")] = "",
) -> None:
    """Check the account, the issuer, the domain and the brand before a deployment; exits with 1 when a check fails."""
    adopt_region()
    deployment = read_deployment(stack, parameters)
    checks = list(preflight(deployment.parameters, Account.on_aws(), read_brands))
    for check in checks:
        out.print(f"{'ok  ' if check.passed else 'FAIL'} {check.name}: {check.told}", markup=False, soft_wrap=True)
    raise typer.Exit(0 if all(check.passed for check in checks) else 1)


@app.command("changes")
def preview_changes(
    stack: Annotated[str, typer.Option(help="a stack on AWS and in samconfig.toml, such as earned-prod")],
    template: Annotated[Path, typer.Option(help="the built template")],
) -> None:
    """Show the changes of an update, nested stacks included; exits with 1 when one would replace or remove data."""
    where = DeployedStack.on_aws(stack)
    with console.status("Creating a change set"):
        found = preview(where.cloudformation(), read_deployment(stack), template)
    for change in found:
        out.print(str(change), markup=False, soft_wrap=True)
    endangered = [change for change in found if change.endangers_data]
    out.print(f"{len(found)} changes; {len(endangered)} would replace or remove what keeps data.")
    behind = stays_behind(found)
    if behind:
        out.print(
            f"{', '.join(behind)} would keep running its version before: run `make build` again, which makes a new one."
        )
    raise typer.Exit(1 if endangered or behind else 0)


@app.command("protect")
def protect_stack(stack: Annotated[str, typer.Option(help="a stack on AWS, such as earned-prod")]) -> None:
    """Protect a stack from termination, and what keeps data in it from replacement and deletion by an update."""
    where = DeployedStack.on_aws(stack)
    protected = list(protect(where.cloudformation(), stack))
    out.print(f"Protected: {stack} and {len(protected) - 1} nested stacks.")


def _plain(listing: Listing, show: int) -> dict[str, Any]:
    reasons = [
        {
            "reason": reason,
            "count": len(refused),
            "oldest": refused[0].since.isoformat(),
            "details": dict(_details(refused)),
        }
        | ({"messages": [_plain_message(one) for one in refused[:show]]} if show else {})
        for reason, refused in listing.by_reason().items()
    ]
    return {
        "queue": listing.queue,
        "reasons": reasons,
        "complete": listing.complete,
        "held_elsewhere": listing.elsewhere,
    }


def _plain_message(one: Refused) -> dict[str, str | None]:
    return {
        "message_id": one.message_id,
        "detail": one.detail,
        "since": one.since.isoformat(),
        "event_id": one.event_id,
        "event_type": one.event_type,
        "event_time": one.event_time.isoformat() if one.event_time else None,
    }


def _print_counts(listings: Sequence[Listing]) -> None:
    if not any(listing.refused for listing in listings):
        out.print("Nothing is quarantined.")
        return
    table = Table("queue", "reason", "messages", "oldest", "detail")
    for listing in listings:
        for reason, refused in listing.by_reason().items():
            table.add_row(listing.queue, reason, str(len(refused)), _age(refused[0].since), _commonest(refused))
    out.print(table)


def _details(refused: Sequence[Refused]) -> list[tuple[str, int]]:
    """The details and how many messages have each, the most common first."""
    return Counter(one.detail for one in refused if one.detail is not None).most_common()


def _commonest(refused: Sequence[Refused]) -> Text:
    details = _details(refused)
    if not details:
        return Text("-")
    more = f" (and {len(details) - 1} others)" if len(details) > 1 else ""
    return Text(details[0][0] + more)


def _print_oldest(listings: Sequence[Listing], show: int) -> None:
    """Print one line a message, at any width, so that ids can be copied."""
    for listing in listings:
        for reason, refused in listing.by_reason().items():
            out.print(f"\n{listing.queue}, {reason}: since, type, time, event id, message id, detail")
            for one in refused[:show]:
                told = (one.event_type, _when(one.event_time), one.event_id, one.message_id, one.detail)
                out.print("  ", _when(one.since), *(part or "-" for part in told), soft_wrap=True, markup=False)


def _print_caveats(listing: Listing) -> None:
    if not listing.complete:
        console.print(f"{listing.queue}: listing took too long; there are at least as many messages.")
    if listing.elsewhere:
        console.print(
            f"{listing.queue}: about {listing.elsewhere} more are held by another listing or redrive;"
            " list again in ten minutes."
        )


def _print_outcome(queue: str, chosen: int, steps: Sequence[Step], more: str) -> None:
    sent = sum(step.sent for step in steps)
    out.print(f"{sent} of {chosen} sent back to {queue}.{more}")
    codes = Counter(code for step in steps for code in step.refusals)
    if sent < chosen:
        told = ", ".join(f"{code} {count}x" for code, count in codes.items()) or "time was up"
        console.print(f"{chosen - sent} stay quarantined ({told}): run it again.")
    if any(step.not_deleted for step in steps):
        console.print("Some were sent back and stay quarantined as well: run it again, a repetition is harmless.")


def _print_erasure(erasure: "Erasure", others: Sequence[str]) -> None:
    """Print counts and ids, never names or addresses."""
    table = Table("what", "would go" if erasure.rehearsal else "gone")
    for what, count in erasure.found.items():
        table.add_row(what, str(count))
    out.print(table)
    if others:
        out.print(
            f"The same address is on {', '.join(others)}: erase that too if it is the same person's.", markup=False
        )
    if erasure.unseen:
        console.print(f"Not every message was read in {', '.join(sorted(erasure.unseen))}: run it again.")
    elif not erasure.rehearsal:
        out.print(f"{erasure.account_id} is erased. Backups and receivers of events: docs/runbook.md#erasure")


def _age(since: datetime) -> str:
    age = datetime.now(UTC) - since
    return str(timedelta(days=age.days, seconds=age.seconds))


def _when(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None


def main() -> None:
    """Run a command; SIGTERM unwinds like Ctrl-C, so that held messages are released."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        app()
    except (NoStack, NotConfigured, NoPreview, NotRestored, NotTheSame) as failure:
        console.print(str(failure), markup=False, soft_wrap=True)
        sys.exit(1)
    except (NoRegionError, NoCredentialsError) as failure:
        told = "Nothing was done: set AWS_REGION and the credentials of the account, and run it again."
        console.print(f"{failure}\n{told}", markup=False, soft_wrap=True)
        sys.exit(1)
    except (BotoCoreError, ClientError) as failure:
        console.print(
            f"{failure}\nNothing is lost: run it again to do the rest.",
            markup=False,
            soft_wrap=True,
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
