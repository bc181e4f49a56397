"""A person gets everything that is held about them, and nothing about anybody else."""

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from typer.testing import CliRunner, Result

from tests.integration.test_erasure import NEIGHBOUR, STACK, Ada
from tests.integration.test_erasure import lived as lived  # noqa: PLC0414  # a fixture of this module too
from tests.integration.test_erasure import stack as stack  # noqa: PLC0414  # as above
from tests.integration.traces import has
from tests.integration.wire_faults import noted, receiving_at_once
from tools.operations.__main__ import app
from tools.operations.stacks import DeployedStack
from tools.story import Story

READING = {"BatchGetItem", "Query", "GetObject", "ListObjectVersions", "DescribeStacks"}
HOLDING = {"ReceiveMessage", "ChangeMessageVisibilityBatch", "GetQueueAttributes"}  # messages return to their queue


def run(account: str, folder: Path) -> Result:
    with receiving_at_once():
        return CliRunner().invoke(app, ["disclose", "--stack", STACK, "--account", account, "--out", str(folder)])


@pytest.fixture
def ada(lived: Story, stack: DeployedStack) -> Story:
    """Ada, who has left traces everywhere, and whose certificate her company's admin has fetched."""
    [issued] = [
        one for one in lived.certificates() if one["account_id"] == lived.id("ada") and one["status"] == "issued"
    ]
    admin = lived.claims("admin", "company-admin", lived.company)
    status, _ = lived.service.get(f"/v1/certificates/{issued['certificate_id']}/download", admin)
    assert status == 200
    return lived


def test_it_has_the_account_enrollments_certificates_documents_downloads_requests_and_refused_events(
    ada: Story, tmp_path: Path
) -> None:
    result = run(ada.id("ada"), tmp_path)
    assert (result.exit_code, result.exception) == (0, None)
    with ZipFile(tmp_path / f"disclosure-{ada.id('ada')}.zip") as archive:
        data: dict[str, Any] = json.loads(archive.read("data.json"))
        documents = [name for name in archive.namelist() if name.startswith("documents/")]
        assert all(archive.read(name).startswith(b"%PDF") for name in documents)
    assert (data["account"]["name"], data["account"]["email"]) == (Ada(ada).new, Ada(ada).email)
    of_the_course, *_ = [one for one in data["enrollments"] if one["training_id"] == ada.course]
    assert len(data["enrollments"]) == 3
    assert [fact["step_id"] for fact in of_the_course["facts"]] == ["read", "watch", "quiz"]
    assert of_the_course["issue"]["printed"]["holder"] == Ada(ada).new
    assert {one["role"] for one in data["downloads"]} == {"company-admin"}
    assert "account_id" not in data["downloads"][0]
    assert data["support_requests"]
    assert data["refused_events"]
    certificates = {one["certificate_id"] for one in data["enrollments"]}
    stored = [key.removeprefix("certificates/") for key in ada.own_documents()]
    own = {key.replace("/", "-") for key in stored if key.partition("/")[0] in certificates}
    assert {name.removeprefix("documents/") for name in documents} >= own
    assert len(own) > 1, "more than one document"


def test_it_has_nothing_of_another_person_and_the_command_prints_no_name(ada: Story, tmp_path: Path) -> None:
    result = run(ada.id("ada"), tmp_path)
    content = (tmp_path / f"disclosure-{ada.id('ada')}.zip").read_bytes()
    assert has(content, [Ada(ada).new])
    assert not has(content, [NEIGHBOUR, f"bea.{ada.tag}@example.com"])
    assert not has(result.output.encode(), Ada(ada).words)


def test_it_changes_nothing_and_only_its_owner_may_read_the_file(ada: Story, tmp_path: Path) -> None:
    with noted() as requests:
        run(ada.id("ada"), tmp_path)
    assert {request.operation for request in requests} <= READING | HOLDING
    assert (tmp_path / f"disclosure-{ada.id('ada')}.zip").stat().st_mode & 0o777 == 0o600


def test_an_account_that_nobody_knows_is_told(ada: Story, tmp_path: Path) -> None:
    result = run("acc-nobody", tmp_path)
    assert "There is no trace of an account" in str(result.exception)
    assert list(tmp_path.iterdir()) == []
