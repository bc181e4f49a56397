#!/usr/bin/env python3
"""Build the WeasyPrint layer without Docker: native libraries and fonts from Debian packages, Python from wheels.

    python3 build_layer.py --out DIR [--arch x86_64|arm64] [--python 3.13]
    python3 build_layer.py --lock [--arch x86_64|arm64]

Any machine's architecture builds either. Needs apt-get, dpkg-deb and python3 with venv; root is not needed.
--lock writes debian.<architecture>.lock for the mirror's newest packages, and builds nothing.
"""

import argparse
import fcntl
import glob
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import debian

HERE = Path(__file__).resolve().parent
MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
DEBIAN_NAMES = {"x86_64": "amd64", "arm64": "arm64"}
# libexpat1-dev brings the static libexpat that is linked anew.
LIBRARY_PACKAGES = [
    "libpango-1.0-0",
    "libpangoft2-1.0-0",
    "libharfbuzz0b",
    "libharfbuzz-subset0",
    "libfontconfig1",
    "libglib2.0-0",
    "libexpat1",
    "libexpat1-dev",
]
WHEEL = "manimgx-fonts"  # fonts that Debian 12 does not have, as Noto publishes them
# WeasyPrint asks for the names on the left first. Each becomes an empty library that needs the one on the right, so
# that an older copy in the runtime's /lib64 is never taken; `sam package` would make a second copy of a symbolic link.
ALIASES = {
    "libgobject-2.0-0": "libgobject-2.0.so.0",
    "libpango-1.0-0": "libpango-1.0.so.0",
    "libharfbuzz-0": "libharfbuzz.so.0",
    "libharfbuzz-subset-0": "libharfbuzz-subset.so.0",
    "libfontconfig-1": "libfontconfig.so.1",
    "libpangoft2-1.0-0": "libpangoft2-1.0.so.0",
}
ROOTS = [*ALIASES.values()]
OF_THE_RUNTIME = re.compile(r"lib(c|m|dl|rt|pthread|resolv|util)\.so\.\d+|ld-linux.*")
GLIBCS = ("2_34", "2_28", "2_17")
# Debian's libexpat takes arc4random_buf from a glibc newer than the runtime's 2.34.
ARC4RANDOM = r"""
#include <stddef.h>
#include <sys/random.h>
__attribute__((visibility("hidden"))) void arc4random_buf(void *buffer, size_t size) {
    unsigned char *next = buffer;
    while (size) { ssize_t got = getrandom(next, size, 0); if (got > 0) { next += got; size -= (size_t)got; } }
}
"""


def main() -> None:
    options = arguments()
    with locked_cache() as cache, tempfile.TemporaryDirectory() as scratch:
        tools = install_tools(cache)
        if options.lock:
            lock(options.arch, tools, cache, Path(scratch))
        else:
            build(options, tools, cache, Path(scratch))


def build(options: argparse.Namespace, tools: Path, cache: Path, scratch: Path) -> None:
    layer: Path = options.out.resolve()
    say(f"Debian packages for {options.arch}")
    packages = locked_packages(options, debs(cache, options.arch), scratch / "packages")
    shutil.rmtree(layer, ignore_errors=True)
    packages |= {WHEEL: installed_fonts(tools)}
    fonts = read_fonts()
    used = {*add_libraries(layer, packages, options.arch, tools, scratch), *add_fonts(layer, packages, fonts, tools)}
    add_licenses(layer, {name: packages[name] for name in used})
    add_wheels(layer, options.arch, options.python, tools)
    keep_languages(layer)
    compile_wheels(layer, options.python)
    mark(layer, options.arch)
    verify(layer, options.arch, options.python, tools)


def locked_packages(options: argparse.Namespace, cache: Path, into: Path) -> dict[str, Path]:
    architecture = DEBIAN_NAMES[options.arch]
    try:
        return debian.unpack(lock_file(options.arch), architecture, cache, into)
    except debian.PackageGone as gone:
        if not options.or_newest:
            sys.exit(str(gone))
        say(f"{gone}\nThis layer stays on this machine, so it takes the mirror's newest packages")
        return debian.newest(debian_packages(), architecture, cache, into)


def debian_packages() -> set[str]:
    return {*LIBRARY_PACKAGES, *(source for source in read_fonts().values() if source != WHEEL)}


def lock(arch: str, tools: Path, cache: Path, scratch: Path) -> None:
    """Lock the packages that the layer takes something from: others may leave the mirror."""
    say(f"the newest Debian packages for {arch}")
    fonts = {source for source in read_fonts().values() if source != WHEEL}
    packages = debian.newest(debian_packages(), DEBIAN_NAMES[arch], debs(cache, arch), scratch / "packages")
    used = {"libexpat1-dev", *fonts, *add_libraries(scratch / "layer", packages, arch, tools, scratch)}
    archives = [debs(cache, arch) / "archives" / f"{packages[name].name}.deb" for name in used]
    debian.write_lock(lock_file(arch), archives)
    say(f"{lock_file(arch).name} locks {len(archives)} packages")


def lock_file(arch: str) -> Path:
    return HERE / f"debian.{arch}.lock"


def debs(cache: Path, arch: str) -> Path:
    return cache / "debs" / DEBIAN_NAMES[arch]


def arguments() -> argparse.Namespace:
    here = {machine: arch for arch, machine in MACHINES.items()}.get(platform.machine(), platform.machine())
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--out", type=Path, help="the layer; what is there is replaced")
    what.add_argument("--lock", action="store_true", help="lock the newest packages of the mirror")
    parser.add_argument("--arch", default=here, choices=MACHINES)
    parser.add_argument("--python", default="3.13", help="version of the runtime")
    parser.add_argument("--or-newest", action="store_true", help="take the newest packages if a locked one is gone")
    return parser.parse_args()


def say(step: str) -> None:
    print(f"weasyprint layer: {step}", flush=True)


def run(*command: str | Path, **environment: str) -> None:
    subprocess.run(command, check=True, env={**os.environ, **environment})


def output(*command: str | Path) -> str:
    return subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True).stdout


@contextmanager
def locked_cache() -> Iterator[Path]:
    """Yield the directory that makes the next build short, to one build at a time."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "earned"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield cache


def install_tools(cache: Path) -> Path:
    """Install what tools.txt lists into a virtual environment and return the directory of its programs."""
    say("tools")
    home = cache / f"tools-{platform.python_version()}"
    if not (home / "bin/pip").exists():
        run(sys.executable, "-m", "venv", "--clear", home)
    pip_install(home / "bin", "-r", HERE / "tools.txt")
    return home / "bin"


def pip_install(tools: Path, *options: str | Path) -> None:
    run(tools / "python", "-m", "pip", "--quiet", "--disable-pip-version-check", "install", *options)


def read_fonts() -> dict[str, str]:
    """Read fonts.txt: file name to the package it comes from, a Debian package or `WHEEL`."""
    lines = [line.split("#")[0].split() for line in (HERE / "fonts.txt").read_text().splitlines()]
    return {file: package for package, file in filter(None, lines)}


def add_fonts(layer: Path, packages: dict[str, Path], fonts: dict[str, str], tools: Path) -> set[str]:
    """Copy the fonts and fonts.conf, and return the packages they came from."""
    (layer / "fonts").mkdir(parents=True)
    shutil.copyfile(HERE / "fonts.conf", layer / "fonts/fonts.conf")
    for file, package in fonts.items():
        found = next(packages[package].glob(f"**/{glob.escape(file)}"), None)
        if not found:
            sys.exit(f"fonts.txt: the package {package} has no file {file}.")
        target = layer / "fonts" / font_name(file)
        if target.name == file:
            shutil.copyfile(found, target)
        else:
            run(tools / "fonttools", "varLib.instancer", "-q", "--no-recalc-timestamp", "-o", target, found, "wght=400")
    return set(fonts.values())


def font_name(file: str) -> str:
    """A font's name in the layer, which has only the regular weight of a variable font."""
    return file.replace("[wght]", "-Regular")


def installed_fonts(tools: Path) -> Path:
    """The folder of the wheel with fonts that Debian 12 does not have, among the build's own tools."""
    (metadata,) = tools.parent.glob(f"lib/python*/site-packages/{WHEEL.replace('-', '_')}-*.dist-info")
    return metadata.with_name(WHEEL.replace("-", "_"))


def add_libraries(layer: Path, packages: dict[str, Path], arch: str, tools: Path, scratch: Path) -> set[str]:
    """Copy the native libraries with all they need, add the aliases, and return the packages they came from."""
    say("native libraries")
    (layer / "lib").mkdir(parents=True)
    index = {path.name: (package, path) for package, top in packages.items() for path in top.rglob("lib*.so.*")}
    index["libexpat.so.1"] = "libexpat1", link_expat(packages["libexpat1-dev"], arch, tools, scratch)
    missing, used = [*ROOTS], set[str]()
    while missing:
        package, path = index[missing.pop()]
        copy = copy_library(path, layer / "lib", tools)
        missing += [name for name in needed_by(copy, tools) if not (layer / "lib" / name).exists()]
        used.add(package)
    add_aliases(layer / "lib", arch, tools, scratch)
    return used


def copy_library(path: Path, into: Path, tools: Path) -> Path:
    copy = into / path.name
    shutil.copyfile(path, copy)
    # RPATH, not RUNPATH: it comes before LD_LIBRARY_PATH, where the runtime lists its own /lib64 first.
    run(tools / "patchelf", "--force-rpath", "--set-rpath", "$ORIGIN", copy)
    return copy


def needed_by(library: Path, tools: Path) -> list[str]:
    names = output(tools / "patchelf", "--print-needed", library).split()
    return [name for name in names if not OF_THE_RUNTIME.fullmatch(name)]


def link_expat(package: Path, arch: str, tools: Path, scratch: Path) -> Path:
    (archive,) = package.glob("usr/lib/*/libexpat.a")
    whole = ("-Wl,--whole-archive", archive, "-Wl,--no-whole-archive", "-Wl,-Bsymbolic")
    return link("libexpat.so.1", ARC4RANDOM, arch, tools, scratch, *whole)


def add_aliases(into: Path, arch: str, tools: Path, scratch: Path) -> None:
    for alias, library in ALIASES.items():
        shutil.copyfile(link(alias, "", arch, tools, scratch, "-nostdlib"), into / alias)
        run(tools / "patchelf", "--add-needed", library, "--force-rpath", "--set-rpath", "$ORIGIN", into / alias)


def link(name: str, source: str, arch: str, tools: Path, scratch: Path, *options: str | Path) -> Path:
    """Compile a shared library that runs on glibc 2.28 and newer."""
    code, library = scratch / f"{name}.c", scratch / name
    code.write_text(source)
    run(
        tools / "python",
        "-m",
        "ziglang",
        "cc",
        "-target",
        f"{MACHINES[arch]}-linux-gnu.2.28",
        "-O2",
        "-s",
        "-fPIC",
        "-shared",
        f"-Wl,-soname,{name}",
        "-o",
        library,
        code,
        *options,
        ZIG_GLOBAL_CACHE_DIR=str(tools.parent / "zig"),
        ZIG_LOCAL_CACHE_DIR=str(scratch / "zig"),
    )
    return library


def add_licenses(layer: Path, packages: dict[str, Path]) -> None:
    """Copy each package's licence under its name and version, by which its source can be found."""
    (layer / "licenses").mkdir()
    for name, top in packages.items():
        if name == WHEEL:
            (text,) = top.parent.glob(f"{top.name}-*.dist-info/licenses/LICENSE")
            shutil.copyfile(text, layer / "licenses" / text.parents[1].name.removesuffix(".dist-info"))
        else:
            shutil.copyfile(top / "usr/share/doc" / name / "copyright", layer / "licenses" / top.name)


def add_wheels(layer: Path, arch: str, version: str, tools: Path) -> None:
    """Install requirements.txt for the runtime, whatever this machine is, from wheels only."""
    say(f"wheels for python {version}")
    tags = [("--abi", f"cp{version.replace('.', '')}"), ("--abi", "abi3"), ("--abi", "none")]
    tags += [("--platform", f"manylinux_{glibc}_{MACHINES[arch]}") for glibc in GLIBCS]
    tags += [("--platform", f"manylinux2014_{MACHINES[arch]}")]
    pip_install(
        tools,
        "--no-compile",
        "--only-binary=:all:",
        "--implementation",
        "cp",
        "--python-version",
        version,
        *(word for tag in tags for word in tag),
        "--target",
        layer / "python",
        "-r",
        HERE / "requirements.txt",
    )
    for unused in ("bin", "share"):
        shutil.rmtree(layer / "python" / unused, ignore_errors=True)


def keep_languages(layer: Path) -> None:
    """Drop the dates and numbers of languages that no certificate is worded in: they weigh 30 MB."""
    kept = {"root", *(HERE / "languages.txt").read_text().split()}
    for path in (layer / "python/babel/locale-data").glob("*.dat"):
        if path.stem.partition("_")[0] not in kept:
            path.unlink()


def compile_wheels(layer: Path, version: str) -> None:
    """Compile ahead: a layer is read-only, and its files carry no dates to check a .pyc against."""
    python = interpreter(version)
    if not python:
        say(f"no python{version} on this machine, so nothing is compiled ahead: cold starts will be slower")
        return
    say("compiling")
    run(
        python,
        "-m",
        "compileall",
        "-q",
        "-j",
        "0",
        "--invalidation-mode",
        "unchecked-hash",
        "-s",
        layer,
        "-p",
        "/opt",
        layer / "python",
        PYTHONHASHSEED="0",
    )


def interpreter(version: str) -> str | None:
    """Find a python of that version that runs here; pyenv's stand-ins run only where a .python-version says so."""
    name = f"python{version}"
    found = [shutil.which(name)]
    if shutil.which("pyenv"):
        found += output("pyenv", "whence", "--path", name).split()
    return next((path for path in found if path and runs(path)), None)


def runs(python: str) -> bool:
    return subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode == 0


def mark(layer: Path, arch: str) -> None:
    """Say for which processor the layer is, which `earned.cold_start` compares with the function's."""
    (layer / "architecture").mkdir()
    (layer / "architecture" / "weasyprint").write_text(f"{MACHINES[arch]}\n")


def verify(layer: Path, arch: str, version: str, tools: Path) -> None:
    python = interpreter(version) if platform.machine() == MACHINES[arch] else None
    render = ["--render", python] if python else []
    run(tools / "python", HERE / "verify_layer.py", layer, "--arch", arch, *render)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"weasyprint layer: failed: {' '.join(map(str, error.cmd))}")
