"""The command that replaces a signing key."""

import time
from typing import Annotated

import typer

from earned.aws.s3 import Documents
from tools.operations.rotate_key import SECRETS, rotate
from tools.operations.stacks import NoStack
from tools.operations.terminal import Local, StackName, console, out, stack_of

commands = typer.Typer()


@commands.command()
def rotate_key(
    stack: StackName = None,
    local: Local = False,
    use: Annotated[str, typer.Option(help="certificates or statuses")] = "certificates",
    wait: Annotated[
        float | None, typer.Option(min=0, help="seconds until the new key signs; as long as keys are cached by default")
    ] = None,
) -> None:
    """Replace the key that signs certificates, or status lists; what the former key signed stays valid."""
    where = stack_of(stack, local)
    if use not in SECRETS or SECRETS[use] not in where.outputs:
        raise NoStack(f"This stack has no key for {use!r}: use certificates or statuses, with the current template.")
    documents = Documents(where.client("s3"), where.outputs["DocumentsBucketName"])
    with console.status("Waiting until verifiers know the new key"):
        key = rotate(
            where.client("secretsmanager"),
            where.outputs[SECRETS[use]],
            documents,
            "certificates" if use == "certificates" else "statuses",
            lambda seconds: time.sleep(seconds if wait is None else wait),
        )
    out.print(f"{key.key_id} signs {use} now; functions that are running follow within 15 minutes.")
