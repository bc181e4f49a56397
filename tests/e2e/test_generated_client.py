"""The API through a client that openapi-python-client generates from its OpenAPI document."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.test_access_table import World, token_of
from tests.e2e.test_access_table import world as world  # noqa: PLC0414  # a fixture of this module too
from tools.contracts import OPENAPI, ROOT

pytestmark = pytest.mark.stack
GENERATOR = ROOT / ".venv" / "client" / "bin" / "openapi-python-client"
PACKAGE = "earned_client"


class Generated:
    """The generated package, with a client for each role of a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._client = importlib.import_module(f"{PACKAGE}.client")

    def call(self, operation: str, role: str | None, *arguments: str, **named: Any) -> Any:
        """The parsed answer of an operation, named as its module, such as `progress.get_enrollment`."""
        module = importlib.import_module(f"{PACKAGE}.api.{operation}")
        options = {"base_url": self._world.portal.stack.api, "httpx_args": {"trust_env": False}, "timeout": 60}
        client = (
            self._client.AuthenticatedClient(token=token_of(self._world, role), **options)
            if role is not None
            else self._client.Client(**options)
        )
        with client:
            return module.sync(*arguments, client=client, **named)


@pytest.fixture(scope="module")
def generated(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generated]:
    folder = tmp_path_factory.mktemp("client")
    generate(folder / PACKAGE)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield Generated(world)
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def generate(package: Path) -> None:
    """Fails on any warning: the generator leaves out what it does not understand."""
    environment = {"PATH": str(GENERATOR.parent), "LC_ALL": "C.UTF-8"}
    paths: list[str | Path] = ["--path", ROOT / OPENAPI, "--output-path", package]
    config = package.with_name("generator.json")
    config.write_text(json.dumps({"content_type_overrides": {"application/vc": "application/json"}}))
    command = [GENERATOR, "generate", *paths, "--config", config, "--meta", "none", "--fail-on-warning"]
    subprocess.run(command, env=environment, check=True, capture_output=True)


def test_an_individual_lists_and_downloads_a_certificate(generated: Generated, world: World) -> None:
    [certificate] = generated.call("certificates.list_own_certificates", "individual").items
    assert certificate.training.title == "Well Led"
    link = generated.call("certificates.download_certificate", "individual", certificate.certificate_id)
    assert link.file_name.startswith("Well Led - Ind Sample")
    assert httpx.get(link.url, timeout=60, trust_env=False).content.startswith(b"%PDF")


def test_a_company_admin_lists_people_by_what_they_wait_for(generated: Generated, world: World) -> None:
    filters = importlib.import_module(f"{PACKAGE}.models")
    waiting = generated.call(
        "progress.list_company_enrollments",
        "company-admin",
        world.company,
        who=filters.ListCompanyEnrollmentsWho.ADMINISTRATOR,
    )
    assert [item.enrollment_id for item in waiting.items] == [world.portal.id("enr-waiting")]
    assert [item.holder for item in waiting.items] == ["Emp Sample"]


def test_a_company_admin_reads_the_summary(generated: Generated, world: World) -> None:
    summary = generated.call("summary.get_company_summary", "company-admin", world.company)
    course, event = sorted(summary.items, key=lambda item: item.training.kind)
    assert (course.enrolled, course.completed, course.certificates) == (1, 1, 1)
    assert (event.enrolled, event.waiting.administrator) == (1, 1)


def test_an_administrator_sees_who_waits_at_an_event(generated: Generated, world: World) -> None:
    page = generated.call("attendance.list_unmarked_people", "administrator", world.portal.id("event"))
    assert [(one.account_id, one.holder) for one in page.items] == [(world.portal.id("emp"), "Emp Sample")]


def test_support_sees_who_may_download(generated: Generated, world: World) -> None:
    page = generated.call("support.list_diagnoses", "support", account_id=world.portal.id("ind"))
    [diagnosis] = page.items
    assert diagnosis.certificate.document_intact is True
    assert diagnosis.who_may_download == "The person, as an individual: the enrollment belongs to no company."


def test_anyone_verifies_a_number_and_gets_json(generated: Generated, world: World) -> None:
    found = generated.call("verification.verify_certificate", None, world.individual_certificate.upper())
    assert (found.status, found.holder, found.revision) == ("valid", "Ind Sample", 1)
    assert len(found.document_sha256) == 64
    unknown = generated.call("verification.verify_certificate", None, world.individual_certificate, revision=2)
    assert unknown.status == "unknown"


def test_failures_are_read_by_their_schemas(generated: Generated, world: World) -> None:
    hidden = generated.call("certificates.download_certificate", "employee", world.employee_certificate)
    assert (hidden.status, hidden.type_) == (404, "urn:earned:problem:not-found")
    refused = generated.call("progress.list_own_enrollments", None)
    assert refused.message == "Unauthorized"
