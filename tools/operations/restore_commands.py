"""The commands that bring lost data back; docs/runbook.md#restore says when."""

from typing import Annotated

import typer
from rich.progress import track

from tools.operations.restore import TABLES, copy_documents, prepare, restore, switch_consumers, tags_of
from tools.operations.terminal import Local, StackName, console, moment_of, out, stack_of

commands = typer.Typer()


@commands.command("restore-table")
def restore_table(
    table: Annotated[str, typer.Option(help="records, access-log or support")],
    stack: StackName = None,
    local: Local = False,
    at: Annotated[str, typer.Option(help="as it was then; by default at the last moment possible")] = "",
    existing: Annotated[str, typer.Option(help="only prepare this table, which outlived its stack")] = "",
) -> None:
    """Restore a table under a new name, with what a restore loses, and say how the stack uses it."""
    where = stack_of(stack, local)
    if table not in TABLES:
        raise typer.BadParameter(f"--table is one of {', '.join(TABLES)}")
    dynamodb, outputs = where.client("dynamodb"), where.outputs
    with console.status("Restoring; AWS takes from twenty minutes to some hours"):
        lost = outputs[f"{TABLES[table]}Name"]
        name = existing or restore(dynamodb, lost, moment_of(at) if at else None, outputs["KeyArn"])
        prepare(dynamodb, name, tags_of(where.cloudformation(), stack) if stack else {}, protected=not local)
    out.print(f"{name} is ready. Deploy a new build with Existing{TABLES[table]}={name}", markup=False, soft_wrap=True)


@commands.command()
def consumers(
    enabled: Annotated[bool, typer.Option("--start/--stop", help="whether the functions read the queues")],
    stack: StackName = None,
    local: Local = False,
) -> None:
    """Stop or start the functions that read the queues; messages wait meanwhile, for up to four days."""
    where = stack_of(stack, local)
    arns = {where.queue_arn(pair.source) for pair in where.pairs.values()}
    changed = switch_consumers(where.client("lambda"), arns, enabled=enabled)
    out.print(f"{changed} of {len(arns)} queues are {'read again' if enabled else 'no longer read'}.")
    raise typer.Exit(0 if changed == len(arns) else 1)


@commands.command("restore-documents")
def restore_documents(
    source: Annotated[str, typer.Option("--from", help="the bucket that has them")],
    stack: StackName = None,
    local: Local = False,
) -> None:
    """Put the documents of another bucket into the stack's, which refuses copies; repeat it if it was interrupted."""
    where = stack_of(stack, local)
    target = where.outputs["DocumentsBucketName"]
    copying = copy_documents(where.client("s3"), source, target)
    missing = list(track(copying, "Copying", console=console, transient=True))
    out.print(f"{len(missing)} documents are in {target}; {sum(missing)} were missing.")
