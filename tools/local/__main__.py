"""The commands behind `make serve`, `make token`, `make stop`, `make demo` and `make drill`."""

import signal
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TimeElapsedColumn

from tools.local import stack
from tools.local.stack import SERVE, SERVE_FILE, SHELL_FILE, STATE, LocalStack, StackFailed, Supervisor

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
console = Console(stderr=True, highlight=False)


@app.command("serve")
def serve(
    allowed_origins: Annotated[str, typer.Option(help="origins of pages that may call the API, with commas")] = "",
) -> None:
    """Start a stack, leave it running and describe it in out/serve.json."""
    if stack.is_running(SERVE):
        console.print(f"Already running: see {SERVE_FILE}")
        return
    with stack.started(SERVE, publish=SERVE_FILE, allowed_origins=allowed_origins) as supervisor:
        running = _wait(supervisor)
        SHELL_FILE.write_text(running.shell())
        supervisor.detach()
    console.print(
        f"Ready: {running.api}\n"
        f"The console: {running.console} (sign in with any account, role and company)\n"
        f"All the rest is in {SERVE_FILE}, for a shell in {SHELL_FILE.name} beside it.",
        soft_wrap=True,
    )
    console.print("`make stop` ends it.")


@app.command("stop")
def stop_serving() -> None:
    """End the stack that `serve` started."""
    ended = stack.stop(SERVE)
    for file in (SERVE_FILE, SHELL_FILE):
        file.unlink(missing_ok=True)
    console.print("Stopped." if ended else "Nothing was running.")


@app.command()
def token(
    role: Annotated[str, typer.Option(help="individual, employee, company-admin, administrator or support")],
    sub: Annotated[str, typer.Option(help="the account_id")],
    company: Annotated[str, typer.Option(help="the company_id, if any")] = "",
    expires_in: Annotated[int, typer.Option(help="seconds; negative for a token that has expired")] = 3600,
) -> None:
    """Print an access token that the running stack accepts."""
    if not stack.is_running(SERVE) or not SERVE_FILE.exists():
        raise StackFailed("No stack is running: start one with `make serve`.")
    running = LocalStack.read(SERVE_FILE)
    print(stack.token(SERVE, running, sub=sub, role=role, company=company or None, expires_in=expires_in))


@app.command()
def demo(keep: Annotated[bool, typer.Option(help="leave the stack running, as `serve` does")] = False) -> None:
    """Play a company's week on a local stack of its own and check the outcome; exits with 1 when a check fails."""
    from tools.local.demo import people_to_be, play  # noqa: PLC0415 - slow to import; only this command needs it

    if keep and stack.is_running(SERVE):
        raise StackFailed("A stack is already running: end it with `make stop`.")
    directory, publish = (SERVE, SERVE_FILE) if keep else (STATE / "demo", None)
    with stack.started(directory, publish=publish) as supervisor:
        running = _wait(supervisor)
        succeeded = play(running, directory)
        if keep:
            SHELL_FILE.write_text(running.shell())
            supervisor.detach()
            console.print(f"The stack is still running. Its console: {running.console}\nSign in as", soft_wrap=True)
            console.print(people_to_be())
            console.print("`make stop` ends it.")
    raise typer.Exit(0 if succeeded else 1)


@app.command()
def drill(only: Annotated[str, typer.Option(help="incidents with this in their names; all by default")] = "") -> None:
    """Stop each dependency and deploy a release while events flow; exits with 1 when anything is lost."""
    from tools.local.drill import play  # noqa: PLC0415 - slow to import; only this command needs it

    directory = STATE / "drill"
    described = directory / "serve.json"
    with stack.started(directory, publish=described) as supervisor:
        succeeded = play(_wait(supervisor), directory, described, only)
    raise typer.Exit(0 if succeeded else 1)


def _wait(supervisor: Supervisor) -> LocalStack:
    columns = SpinnerColumn(finished_text="-"), "{task.description}", TimeElapsedColumn()
    with Progress(*columns, console=console) as progress:
        for step in supervisor.steps():
            for task in progress.task_ids:
                progress.update(task, total=1, completed=1)
            progress.add_task(step, total=None)
        for task in progress.task_ids:
            progress.update(task, total=1, completed=1)
    return supervisor.stack


def main() -> None:
    """Run a command; SIGTERM unwinds like Ctrl-C, so that no process is left behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    stack.isolate()
    try:
        app()
    except StackFailed as failure:
        console.print(str(failure), markup=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
