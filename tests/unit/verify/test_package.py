"""What `python -m earned.verify` needs when it is installed: few libraries, and the files that it reads."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CORE = ROOT / "layers" / "core"
NOT_NEEDED = {"aws_lambda_powertools", "boto3", "jinja2", "pydantic", "pynamodb", "regex", "weasyprint"}


def imported(statement: str) -> set[str]:
    """The top-level modules that a new process has loaded after the statement."""
    code = f"{statement}; import sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    environment = os.environ | {"PYTHONPATH": str(CORE)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_the_command_needs_the_libraries_of_its_extra_only() -> None:
    needed = set(PROJECT["project"]["optional-dependencies"]["verify"])
    modules = imported("import earned.verify.__main__")
    assert modules >= needed
    assert not modules & NOT_NEEDED
    pins = (ROOT / "requirements" / "verify.txt").read_text("utf-8")
    assert all(f"\n{name}==" in pins for name in needed)


def test_the_test_sees_such_an_import() -> None:
    assert imported("import earned.document.wording") & NOT_NEEDED


def test_the_layer_of_the_functions_does_not_contain_the_command(tmp_path: Path) -> None:
    command = ["make", "--silent", f"--directory={CORE}", "build-CoreLayer", f"ARTIFACTS_DIR={tmp_path}"]
    subprocess.run([*command, "LAYER_PYTHON=-none"], check=True, capture_output=True)
    shipped = {path.name for path in (tmp_path / "python" / "earned").iterdir()}
    assert shipped >= {"api", "document", "usecases"}
    assert "verify" not in shipped
