"""The bill of materials of each layer, as CycloneDX 1.6, from the lock files that it is built from."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from packaging.markers import Marker

from earned.testing.cloudformation import ROOT

LAYERS = ROOT / "layers"
DEBIAN_NAMES = {"x86_64": "amd64", "arm64": "arm64"}
FONTS = "manimgx-fonts"  # the one package that the WeasyPrint layer takes from its build tools
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)\s*(?:;\s*([^\\\n]+))?", re.MULTILINE)
LAMBDA = {
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.13.0",
    "python_version": "3.13",
    "sys_platform": "linux",
}
Component = dict[str, Any]


def main(out: Annotated[Path, typer.Option(help="the folder for the files")]) -> None:
    """Write a file for each layer and, where they differ, each processor."""
    out.mkdir(parents=True, exist_ok=True)
    for name, bill in bills().items():
        path = out / f"{name}.cdx.json"
        path.write_text(json.dumps(bill, indent=2) + "\n", "utf-8")
        typer.echo(f"{path}: {len(bill['components'])} components")


def bills() -> dict[str, dict[str, Any]]:
    dependencies = list(python_packages(LAYERS / "dependencies" / "requirements.txt"))
    document = list(python_packages(LAYERS / "weasyprint" / "requirements.txt"))
    fonts = [one for one in python_packages(LAYERS / "weasyprint" / "tools.txt") if one["name"] == FONTS]
    return {"dependencies": _bill("dependencies", dependencies)} | {
        f"weasyprint-{arch}": _bill(f"weasyprint-{arch}", [*document, *fonts, *debian_packages(arch)])
        for arch in DEBIAN_NAMES
    }


def python_packages(pins: Path) -> Iterator[Component]:
    """The packages that pip installs for Lambda from a file of pins."""
    for name, version, marker in PIN.findall(pins.read_text("utf-8")):
        if not marker or Marker(marker.strip()).evaluate(LAMBDA):
            yield _component(f"pkg:pypi/{name}@{quote(version)}", name, version)


def debian_packages(arch: str) -> Iterator[Component]:
    for line in (LAYERS / "weasyprint" / f"debian.{arch}.lock").read_text("utf-8").splitlines():
        digest, file = line.split()
        name, version, built_for = file.removesuffix(".deb").split("_")
        version = version.replace("%3a", ":")
        url = f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={built_for}&distro=debian-12"
        yield _component(url, name, version) | {"hashes": [{"alg": "SHA-256", "content": digest}]}


def _component(url: str, name: str, version: str) -> Component:
    return {"type": "library", "bom-ref": url, "name": name, "version": version, "purl": url}


def _bill(name: str, components: list[Component]) -> dict[str, Any]:
    """Without a time or a serial number: equal lock files give equal bytes."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    layer = {"type": "library", "bom-ref": name, "name": f"earned-{name}", "version": project["version"]}
    refs = sorted(one["bom-ref"] for one in components)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": layer},
        "components": sorted(components, key=lambda one: str(one["bom-ref"])),
        "dependencies": [{"ref": name, "dependsOn": refs}],
    }


if __name__ == "__main__":
    typer.run(main)
