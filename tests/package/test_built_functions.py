"""The build works where it will run: under AWS's runtime client, with its layers and nothing else."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path

import pytest

from earned.testing.service import FUNCTIONS, Service
from tests.integration.pdf_text import pages
from tests.package.conftest import REGION, Built
from tools.package.built import BARE_PYTHON, LIMIT, environment
from tools.package.runtime import RIC_PACKAGES
from tools.story import Story

EVENTS = {"earned.messages.events", "regex"}
DOCUMENTS = {"earned.document.render", "weasyprint", "jinja2", "fontTools", "babel", "segno"}
LOGOS = {"earned.document.logo", "PIL", "defusedxml"}
ROUTES = {"earned.api", "aws_lambda_powertools.event_handler"}
# The modules that are slow to import, by the functions that use them.
USES = {
    "record_directory": EVENTS,
    "record_progress": EVENTS,
    "record_attendance": EVENTS,
    "fan_out_changes": set(),
    "evaluate_enrollments": set(),
    "generate_certificate": DOCUMENTS | LOGOS,
    "export_certificates": set(),
    "sweep": set(),
    "serve_api": ROUTES,
}
COSTLY = (
    EVENTS | DOCUMENTS | LOGOS | ROUTES | {"aws_xray_sdk", "boto3", "cryptography", "fontTools.subset", "pycparser"}
)
NATIVE = re.compile(r"\.(so|ttf|otf|ttc|woff2?|pf[ab])\b")
# What the runtime provides and the layer's libraries may need: layers/weasyprint/verify_layer.py checks that.
GLIBC_AND_GCC = re.compile(r"lib(c|m|dl|rt|pthread|resolv|util|gcc_s|stdc\+\+)\.so\.|ld-linux")
# Imports every extension module of the standard library, then prints the files that the process has mapped.
INTERPRETER = """
import contextlib, importlib, pathlib, sysconfig
for path in pathlib.Path(sysconfig.get_path("platstdlib"), "lib-dynload").glob("*.so"):
    with contextlib.suppress(ImportError):
        importlib.import_module(path.name.partition(".")[0])
print(pathlib.Path("/proc/self/maps").read_text())
"""
CONSUMERS = [name for name, queue in FUNCTIONS.items() if queue]


def complete_a_course(service: Service, story: Story) -> None:
    """Enroll one learner and complete every step."""
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    service.settle()


def test_a_completed_course_becomes_a_certificate_with_the_holders_name(service: Service, story: Story):
    complete_a_course(service, story)

    [certificate] = story.certificates()
    [document] = story.own_documents().values()
    assert certificate["holder"] == "Ada Sample"
    assert document.startswith(b"%PDF-")
    assert "Ada Sample" in pages(document)[0]
    assert certificate["certificate_id"] in [event["data"]["certificate_id"] for event in service.announcements()]


def test_rendering_uses_the_libraries_and_fonts_of_the_layer(service: Service, story: Story, packages: Built):
    complete_a_course(service, story)

    generate = packages.functions["generate_certificate"]
    drawn_with = {path for path in service.apps["generate_certificate"].worker.mapped() if NATIVE.search(path.name)}
    from_layers = {path for path in drawn_with if path.is_relative_to(packages.opt(generate))}
    elsewhere = {path for path in drawn_with - from_layers if not path.is_relative_to(RIC_PACKAGES)}
    assert {path.name for path in from_layers} >= {"libpango-1.0.so.0", "EBGaramond12-Regular.ttf"}
    unexplained = elsewhere - mapped_by_the_interpreter()
    assert {path for path in unexplained if not GLIBC_AND_GCC.match(path.name)} == set()


def mapped_by_the_interpreter() -> set[Path]:
    """The libraries that Python itself needs on this machine; the layer's build checks what the layer needs."""
    done = subprocess.run([*BARE_PYTHON, "-c", INTERPRETER], check=True, capture_output=True, text=True, env={})
    lines = (line.split(maxsplit=5) for line in done.stdout.splitlines())
    return {Path(words[5]) for words in lines if len(words) == 6}


def test_attendance_of_a_live_event_becomes_a_certificate_in_an_archive(service: Service, story: Story):
    story.directory()
    story.save_account("bea", name="Bea Sample")
    story.enroll("bea", story.live_event)
    service.settle()
    service.post("Attendance", story.mark("bea"))
    service.settle()
    admin = story.claims("admin", "company-admin")
    status, export = service.post_to(f"/v1/companies/{story.company}/exports", None, admin)
    assert status == 202
    service.settle()

    [certificate] = story.certificates()
    status, export = service.get(f"/v1/companies/{story.company}/exports/{export['export_id']}", admin)
    assert certificate["holder"] == "Bea Sample"
    assert (status, export["status"], export["count"], export["failures"]) == (200, "done", 1, [])


def test_the_sweep_reads_every_record(service: Service, story: Story):
    story.directory()
    story.save_account("cid")
    story.enroll("cid")
    service.settle()

    assert service.sweep()["records"] >= 1
    assert service.sweep()["turn_over"]


def test_verifying_a_certificate_needs_no_token(service: Service):
    answer = service.ask("GET", f"/verify/{'a' * 26}", None, headers={"accept": "application/json"})

    assert (answer["statusCode"], json.loads(answer["body"])) == (404, {"status": "unknown"})


@pytest.mark.parametrize("name", CONSUMERS)
def test_an_unreadable_message_is_quarantined_with_its_reason(service: Service, name: str):
    service.post(FUNCTIONS[name], "{not json")

    assert service.deliver(name) == [{"batchItemFailures": []}]
    [(reason, body)] = service.quarantined(FUNCTIONS[name])
    assert reason
    assert body == "{not json"


def test_every_function_of_the_template_is_tested_here(packages: Built):
    assert packages.functions.keys() == FUNCTIONS.keys() == USES.keys()


@pytest.mark.parametrize("name", USES)
def test_a_function_imports_only_the_slow_modules_that_it_uses(packages: Built, name: str):
    imported = packages.imported(packages.functions[name])

    assert imported.of(COSTLY) == USES[name]


@pytest.mark.parametrize("name", USES)
def test_a_function_imports_nothing_but_itself_its_layers_and_the_standard_library(packages: Built, name: str):
    function = packages.functions[name]

    assert packages.imported(function).from_elsewhere(function.task_root, packages.opt(function)) == {}


def test_each_layer_with_libraries_says_for_which_processor_it_is_built(packages: Built):
    markers = packages.opt(packages.functions["generate_certificate"]) / "architecture"

    assert {one.name: one.read_text().strip() for one in markers.iterdir()} == {
        "dependencies": os.uname().machine,
        "weasyprint": os.uname().machine,
    }


@pytest.mark.parametrize("name", USES)
def test_a_function_does_not_start_on_another_processor_than_its_layers(packages: Built, name: str, tmp_path: Path):
    function = packages.functions[name]
    opt = packages.opt(function)
    for part in opt.iterdir():
        (tmp_path / part.name).symlink_to(part)
    (tmp_path / "architecture").unlink()
    (tmp_path / "architecture").mkdir()
    (tmp_path / "architecture" / "dependencies").write_text("s390x\n")
    variables = environment(function, tmp_path, REGION, packages.values)

    start = [*BARE_PYTHON, "-c", "import app"]
    done = subprocess.run(start, env=variables, capture_output=True, text=True, check=False)

    assert "the layer dependencies is built for s390x, and this function runs on" in done.stderr


@pytest.mark.parametrize("name", USES)
def test_the_layers_are_compiled_and_no_source_is_looked_at(packages: Built, name: str):
    python = packages.opt(packages.functions[name]) / "python"

    assert [path for path in python.rglob("*.py") if not is_compiled(path)] == []


def is_compiled(source: Path) -> bool:
    """Whether bytecode is beside a source that Python takes without a look at the source (PEP 552, unchecked)."""
    bytecode = Path(cache_from_source(str(source)))
    unchecked = MAGIC_NUMBER + (1).to_bytes(4, "little")
    return bytecode.exists() and bytecode.read_bytes()[:8] == unchecked


@pytest.mark.parametrize("name", USES)
def test_a_function_is_deployed_without_the_testing_kit(packages: Built, name: str):
    earned = packages.opt(packages.functions[name]) / "python/earned"

    assert (earned / "domain").is_dir()
    assert not (earned / "testing").exists()


@pytest.mark.parametrize("name", USES)
def test_a_function_fits_into_lambda(packages: Built, name: str, record_property: Callable[[str, object], None]):
    function = packages.functions[name]
    cpu = packages.imported(function).cpu
    record_property(
        "package", f"{name:22}{function.size / 10**6:4.0f} MB unzipped{cpu:7.2f} s of CPU until its first event"
    )

    assert function.size < LIMIT
