"""What the operators' commands share: where they print, and how they name a stack and a time."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from tools.operations.stacks import DeployedStack

console = Console(stderr=True, highlight=False)
out = Console(highlight=False)

StackName = Annotated[str | None, typer.Option("--stack", help="a stack on AWS, such as earned-prod")]
Local = Annotated[bool, typer.Option("--local", help="the stack that `make serve` started")]


def moment_of(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time: write it as 2026-11-30T08:00:00Z") from None
    if moment.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no time zone: write it as 2026-11-30T08:00:00Z")
    return moment.astimezone(UTC)


def stack_of(name: str | None, local: bool) -> DeployedStack:
    if (name is None) is not local:
        raise typer.BadParameter("say which stack: either --stack NAME or --local")
    return DeployedStack.on_aws(name) if name is not None else DeployedStack.on_this_machine()
