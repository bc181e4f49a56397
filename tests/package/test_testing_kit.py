"""The wheel in an environment of its own, as a portal installs it, and the fixture `earned` of its extra `testing`."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.verifiers.issuers import Issuer, certificate

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv/testing/bin/python"
PORTAL_TESTS = (ROOT / "docs/examples/test_portal.py", ROOT / "tests/package/portal/kit_tests.py")
WITHOUT_PANGO = """
import _cffi_backend

class WithoutPango(_cffi_backend.FFI):
    def dlopen(self, name, *flags):
        if "pango" in str(name):
            raise OSError("this machine has no Pango")
        return super().dlopen(name, *flags)

_cffi_backend.FFI = WithoutPango
"""
NATIVE = ("LD_LIBRARY_PATH", "FONTCONFIG_PATH")


def run(*command: object, cwd: Path, **env: str) -> str:
    ended = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, check=False, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-6000:]
    return ended.stdout


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `pip install` makes of the checkout; the libraries are in the environment `.venv/testing`."""
    assert PYTHON.exists(), "run `make .venv/testing/ready` first; `make test` does"
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "checkout", ignore=lambda at, names: _unneeded(Path(at), names), symlinks=True)
    pip = PYTHON, "-m", "pip", "--quiet", "--disable-pip-version-check"
    build = "wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, folder / "checkout"
    run(*pip, *build, cwd=folder, PATH=os.environ["PATH"], HOME=str(folder))
    [wheel] = folder.glob("*.whl")
    target = folder / "site"
    install = "install", "--no-index", "--no-deps", "--target", target, wheel
    run(*pip, *install, cwd=folder, PATH=os.environ["PATH"], HOME=str(folder))
    return target


def _unneeded(folder: Path, names: list[str]) -> set[str]:
    wanted = {"functions", "infra", "layers", "template.yaml", "pyproject.toml", "README.md", "LICENSE", "NOTICE"}
    return set(names) - wanted if folder == ROOT else {name for name in names if name == "__pycache__"}


def run_portal_tests(folder: Path, *site: Path, **env: str) -> str:
    for test in PORTAL_TESTS:
        shutil.copy(test, folder)
    names = [test.name for test in PORTAL_TESTS]
    return run(
        PYTHON, "-W", "error", "-m", "pytest", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", folder, *names,
        cwd=folder, PYTHONPATH=os.pathsep.join(map(str, site)), HOME=str(folder),
        AWS_ACCESS_KEY_ID="of-a-real-account", **env,
    )  # fmt: skip


def test_a_portals_tests_pass_with_nothing_but_the_wheel(site: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_PANGO)
    passed = run_portal_tests(tmp_path, site, tmp_path, PATH=os.environ["PATH"])
    assert "22 passed" in passed


def test_with_the_native_libraries_a_document_is_the_certificate(site: Path, tmp_path: Path) -> None:
    native = {name: os.environ[name] for name in NATIVE if name in os.environ}
    passed = run_portal_tests(tmp_path, site, PATH=os.environ["PATH"], KIT_HAS_PANGO="yes", **native)
    assert "22 passed" in passed


def test_a_type_checker_finds_the_types_and_nothing_stays_in_the_checkout(site: Path) -> None:
    assert (site / "earned/py.typed").exists()
    assert list((site.parent / "checkout").rglob("*.egg-info")) == []


def test_the_extra_asks_for_the_libraries_of_the_functions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = {*project["project"]["optional-dependencies"]["testing"], *project["project"]["dependencies"]}
    groups = project["dependency-groups"]
    moto = next(one for one in groups["dev"] if isinstance(one, str) and one.startswith("moto"))
    assert asked == {*groups["runtime"], *groups["document"], moto, "aws-sam-translator", "pytest"}


def test_the_installed_command_verifies_a_certificate(site: Path, tmp_path: Path) -> None:
    issuer = Issuer()
    (tmp_path / "certificate.pdf").write_bytes(certificate(issuer.content(), issuer.signed()))
    (tmp_path / "keys.json").write_text(json.dumps(issuer.keys()))
    command = [sys.executable, "-m", "earned.verify", "certificate.pdf", "--offline=keys.json"]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(site)}, check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (5, ""), done.stdout
    assert re.search(r"Signature +ok", done.stdout)
