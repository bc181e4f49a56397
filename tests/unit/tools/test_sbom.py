"""The bills of materials name what the layers are built from, and the audit looks at every pin."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from earned.testing.cloudformation import ROOT
from tools.package.sbom import bills, python_packages


def names(bill: str, kind: str) -> set[str]:
    return {one["name"] for one in bills()[bill]["components"] if one["purl"].startswith(f"pkg:{kind}/")}


def test_a_bill_has_every_package_of_its_layers_lock_files() -> None:
    assert {"boto3", "pydantic", "pynamodb"} <= names("dependencies", "pypi")
    for arch in ("x86_64", "arm64"):
        assert {"weasyprint", "pillow", "manimgx-fonts"} <= names(f"weasyprint-{arch}", "pypi")
        lock = (ROOT / "layers" / "weasyprint" / f"debian.{arch}.lock").read_text()
        assert len(names(f"weasyprint-{arch}", "deb")) == len(lock.splitlines())


def test_a_package_for_another_interpreter_is_not_in_the_layer() -> None:
    assert "brotli" in names("weasyprint-arm64", "pypi")
    assert "brotlicffi" not in names("weasyprint-arm64", "pypi")


def test_a_debian_package_has_its_version_processor_and_hash() -> None:
    [zlib] = [one for one in bills()["weasyprint-arm64"]["components"] if one["name"] == "zlib1g"]
    assert zlib["version"].startswith("1:")
    assert "?arch=arm64&" in zlib["purl"]
    [digest] = zlib["hashes"]
    lock = (ROOT / "layers" / "weasyprint" / "debian.arm64.lock").read_text()
    assert digest == {"alg": "SHA-256", "content": re.findall(r"^(\w{64})  zlib1g_", lock, re.MULTILINE)[0]}


def test_every_reference_in_a_bill_exists_once() -> None:
    for bill in bills().values():
        refs = [one["bom-ref"] for one in bill["components"]]
        assert len(set(refs)) == len(refs)
        assert bill["dependencies"] == [{"ref": bill["metadata"]["component"]["bom-ref"], "dependsOn": sorted(refs)}]


def test_equal_locks_make_equal_bytes() -> None:
    assert json.dumps(bills()) == json.dumps(bills())
    assert not {"serialNumber", "timestamp"} & bills()["dependencies"].keys()


def test_a_version_with_markers_is_read(tmp_path: Path) -> None:
    pins = tmp_path / "pins.txt"
    pins.write_text(
        "a-b==1.0 \\\n    --hash=sha256:00\n"
        "c==2.0 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n"
        "d==3.0+x ; python_full_version >= '3.12' \\\n    --hash=sha256:00\n"
    )
    assert [(one["name"], one["version"]) for one in python_packages(pins)] == [("a-b", "1.0"), ("d", "3.0+x")]


@pytest.fixture(scope="module")
def audit() -> str:
    """The commands of `make audit`."""
    command = ["make", "--dry-run", "--assume-old=.venv/audit/ready", "audit"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_an_audit_that_could_not_look_fails(audit: str) -> None:
    """Without --strict, a package that was not found is skipped, and the audit succeeds."""
    assert "pip-audit --strict " in audit
    assert "exit 1" in audit


def test_the_audit_looks_at_every_file_of_pins(audit: str) -> None:
    [patterns] = re.findall(r"for pins in (.*); do", audit)
    audited = {path for pattern in patterns.split() for path in ROOT.glob(pattern)}
    pinned = {
        path for path in [*ROOT.glob("requirements/*"), *ROOT.glob("layers/**/*.txt")] if "--hash" in path.read_text()
    }
    assert pinned
    assert pinned <= audited
