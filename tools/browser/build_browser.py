#!/usr/bin/env python3
"""Unpack a headless Chromium from Debian packages, without root, and keep what it opens.

    python3 build_browser.py --out DIR

Needs apt-get and dpkg-deb, as the WeasyPrint layer does, whose `debian.py` it uses.
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "layers" / "weasyprint"))
import debian

PACKAGES = ["chromium-headless-shell", "fonts-dejavu-core"]
BROWSER = "chromium-headless-shell"
DEBIAN_NAMES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
UNUSED = re.compile(r"libVk|libvulkan|libvk|vk_|chrome_crashpad")
BY_NAME = ["libsoftokn3.so", "libfreebl3.so", "libfreeblpriv3.so", "libnssckbi.so", "libsqlite3.so.0"]  # NSS opens them
OF_THE_MACHINE = re.compile(r"(lib(c|m|dl|rt|pthread|resolv|util)\.so\.\d+|ld-linux.*)")
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir prefix="relative">../weasyprint/fonts</dir>
  <cachedir>/tmp/fontconfig</cachedir>
  <alias><family>system-ui</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>serif</family><prefer><family>Noto Serif</family></prefer></alias>
</fontconfig>
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out.resolve()
    architecture = DEBIAN_NAMES.get(platform.machine())
    if architecture is None:
        sys.exit(f"Debian has no Chromium for {platform.machine()}: run the tests on x86_64 or arm64.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="browser.", dir=out.parent) as folder:
        work = Path(folder)
        say("Downloading a headless Chromium from Debian")
        packages = debian.newest(PACKAGES, architecture, work / "cache", work / "packages")
        shutil.rmtree(work / "cache")
        say("Keeping what it opens")
        trimmed = work / "trimmed"
        trim(packages, trimmed)
        check(trimmed)
        shutil.rmtree(out, ignore_errors=True)
        trimmed.rename(out)


def trim(packages: dict[str, Path], out: Path) -> None:
    """Copy the browser's own files, the libraries that it links or opens by name, and the fonts."""
    (out / "lib").mkdir(parents=True)
    for package in packages.values():
        home = package / "usr" / "lib" / "chromium"
        if home.is_dir():
            shutil.copytree(home, out / "bin", ignore=unused, dirs_exist_ok=True)
    found = libraries(packages.values())
    wanted = [*linked(out / "bin" / BROWSER, found), *(name for name in BY_NAME if name in found)]
    for name in wanted:  # grows as it is read
        target = out / "lib" / name
        if not target.exists():
            shutil.copy2(found[name].resolve(), target)
            wanted += linked(target, found)
    shutil.copytree(packages["fonts-dejavu-core"] / "usr" / "share" / "fonts", out / "fonts")
    (out / "fonts.conf").write_text(FONTS)


def unused(_: str, names: list[str]) -> list[str]:
    return [name for name in names if UNUSED.match(name)]


def libraries(packages: Iterable[Path]) -> dict[str, Path]:
    """The libraries by name, but for those that must be the machine's own."""
    every = (path for package in packages for path in package.glob("**/*.so*"))
    return {path.name: path for path in every if not OF_THE_MACHINE.fullmatch(path.name)}


def linked(binary: Path, found: Mapping[str, Path]) -> list[str]:
    """Of these libraries, the ones that a binary names; the loader is not asked, since it would find the machine's."""
    names = set(re.findall(rb"(?<=\0)lib[\w.+-]+?\.so(?:\.\d+)*(?=\0)", binary.read_bytes()))
    return sorted(name for name in (raw.decode() for raw in names) if name in found)


def check(browser: Path) -> None:
    page = "data:text/html,<p>It shows pages."
    command = [str(browser / "bin" / BROWSER), "--no-sandbox", "--disable-gpu", "--dump-dom", page]
    ran = subprocess.run(command, env=environment(browser), capture_output=True, text=True, check=False)
    if "It shows pages." not in ran.stdout:
        sys.exit(f"The browser does not start on this machine:\n{ran.stderr.strip()}")


def environment(browser: Path) -> dict[str, str]:
    return dict(os.environ) | {"LD_LIBRARY_PATH": str(browser / "lib"), "FONTCONFIG_FILE": str(browser / "fonts.conf")}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
