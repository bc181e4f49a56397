"""Every operator command starts, and says in a sentence that there is no such stack."""

import pytest
import typer
from moto import mock_aws
from typer.testing import CliRunner

from tools.operations.__main__ import app

COMMANDS = {
    "changes": ["--template", "template.yaml"],
    "consumers": ["--stop"],
    "disclose": ["--account", "acc-1"],
    "erase": ["--account", "acc-1"],
    "pages": ["--edge", "earned-edge"],
    "preflight": [],
    "protect": [],
    "quarantine": [],
    "redrive": ["--queue", "progress"],
    "replay": ["--since", "2026-11-30T08:00:00Z"],
    "restore-documents": ["--from", "copy"],
    "restore-table": ["--table", "records"],
    "rotate-key": [],
    "sweep": [],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_for_an_unknown_stack_names_it_and_says_what_to_check(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    with mock_aws():
        ended = CliRunner().invoke(app, [command, "--stack", "earned-nowhere", *COMMANDS[command]])
    assert "no stack 'earned-nowhere'" in str(ended.exception), ended.output


def test_no_command_is_missing_here() -> None:
    assert set(typer.main.get_command(app).commands) == set(COMMANDS)  # type: ignore[attr-defined]  # a group has commands
