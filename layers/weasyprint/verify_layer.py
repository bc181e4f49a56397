"""Check a built layer: architecture, closed set of libraries, symbol versions, size, fonts and licences.

    python verify_layer.py DIR [--arch x86_64|arm64] [--render PYTHON]

Needs pyelftools. With --render, PYTHON imports WeasyPrint as a Lambda function would and makes a PDF.
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from build_layer import font_name, read_fonts
from elftools.elf.elffile import ELFFile  # type: ignore[import-not-found]  # lives among the build's own tools

HERE = Path(__file__).resolve().parent
MACHINES = {"x86_64": "EM_X86_64", "arm64": "EM_AARCH64"}
# What the runtime, Amazon Linux 2023, brings: glibc 2.34 and the libraries of gcc 11.
OF_THE_RUNTIME = re.compile(r"lib(c|m|dl|rt|pthread|resolv|util|gcc_s|stdc\+\+)\.so\.\d+|ld-linux.*")
NEWEST = {"GLIBC": (2, 34), "GLIBCXX": (3, 4, 29), "CXXABI": (1, 3, 13), "GCC": (11,)}
SYMBOL_VERSION = re.compile(r"([A-Z]+)_([\d.]+)")
# All layers of a function may have 250 MiB together, unzipped; this one may have this share.
LARGEST = 180_000_000


@dataclass(frozen=True)
class Library:
    """One ELF file: its machine, the libraries and the symbol versions it asks for."""

    path: Path
    machine: str
    needed: list[str]
    versions: list[str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("layer", type=Path)
    parser.add_argument("--arch", required=True, choices=MACHINES)
    parser.add_argument("--render", metavar="PYTHON")
    options = parser.parse_args()
    layer: Path = options.layer.resolve()
    libraries = [read_library(path) for path in sorted(layer.rglob("*")) if is_elf(path)]
    found = list(problems(layer, libraries, options.arch))
    if options.render:
        found += render_problems(layer, options.render)
    print(f"{len(libraries)} libraries, {size(layer) / 1e6:.1f} MB unzipped, newest: {newest_symbols(libraries)}")
    print("\n".join(f"BAD {problem}" for problem in found) or "layer ok")
    return bool(found)


def is_elf(path: Path) -> bool:
    return path.is_file() and path.open("rb").read(4) == b"\x7fELF"


def read_library(path: Path) -> Library:
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        dynamic, versions = elf.get_section_by_name(".dynamic"), elf.get_section_by_name(".gnu.version_r")
        return Library(
            path=path,
            machine=elf["e_machine"],
            needed=[tag.needed for tag in dynamic.iter_tags("DT_NEEDED")] if dynamic else [],
            versions=[item.name for _, items in versions.iter_versions() for item in items] if versions else [],
        )


def problems(layer: Path, libraries: list[Library], arch: str) -> Iterator[str]:
    yield from (f"{one.path}: made for {one.machine}" for one in libraries if one.machine != MACHINES[arch])
    yield from (f"{one.path}: needs {name}" for one in libraries for name in unmet(layer, one))
    yield from (f"{one.path}: needs {version}" for one in libraries for version in one.versions if too_new(version))
    yield from (f"{path}: a symbolic link" for path in layer.rglob("*") if path.is_symlink())
    yield from missing_fonts(layer)
    yield from missing_licenses(layer)
    if size(layer) > LARGEST:
        yield f"{size(layer)} bytes unzipped: over {LARGEST}"


def unmet(layer: Path, library: Library) -> Iterator[str]:
    near = [library.path.parent, layer / "lib", *(layer / "python").glob("*.libs")]
    for name in library.needed:
        if not OF_THE_RUNTIME.fullmatch(name) and not any((directory / name).is_file() for directory in near):
            yield name


def parse_version(symbol: str) -> tuple[str, tuple[int, ...]] | None:
    match = SYMBOL_VERSION.fullmatch(symbol)
    return (match[1], tuple(map(int, match[2].split(".")))) if match and match[1] in NEWEST else None


def too_new(symbol: str) -> bool:
    parsed = parse_version(symbol)
    return parsed is not None and parsed[1] > NEWEST[parsed[0]]


def newest_symbols(libraries: list[Library]) -> str:
    parsed = [version for one in libraries for version in map(parse_version, one.versions) if version]
    newest = dict(sorted(parsed))
    return " ".join(f"{name}_{'.'.join(map(str, version))}" for name, version in newest.items())


def missing_fonts(layer: Path) -> Iterator[str]:
    for file in ["fonts.conf", *map(font_name, read_fonts())]:
        if not (layer / "fonts" / file).is_file():
            yield f"fonts/{file}: missing"


def missing_licenses(layer: Path) -> Iterator[str]:
    if not any((layer / "licenses").glob("*")):
        yield "licenses: empty"
    for package in (layer / "python").glob("*.dist-info"):
        text = (package / "METADATA").read_text()
        if not re.search(r"^(License|License-Expression|License-File|Classifier: License)\b", text, re.MULTILINE):
            yield f"{package.name}: names no licence"


def size(layer: Path) -> int:
    """Return the bytes of all files, unzipped."""
    return sum(path.stat().st_size for path in layer.rglob("*") if path.is_file())


def render_problems(layer: Path, python: str) -> Iterator[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "LD_LIBRARY_PATH": f"/lib64:/usr/lib64:{layer}/lib",  # in the runtime's order
        "FONTCONFIG_PATH": f"{layer}/fonts",
        "PYTHONPATH": f"{layer}/python",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command: list[str | Path] = [python, HERE / "render_sample.py", layer]
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
    print(done.stdout, end="")
    if done.returncode:
        yield f"render: {done.stderr.strip()}"


if __name__ == "__main__":
    sys.exit(main())
