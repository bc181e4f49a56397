"""Debian packages, downloaded through this machine's apt (which checks the signatures) and unpacked without root."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

# Debian 12: its libraries ask for at most GLIBC_2.34, all but libexpat.
SUITE = "bookworm"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR = re.compile(r"^(?:deb|URIs:)\s(?:.*\s)?(\S+/debian)/?(?:\s|$)", re.MULTILINE)
INSTALLED = re.compile(r"^Inst (\S+) \((\S+)", re.MULTILINE)


def unpack(names: Iterable[str], architecture: str, cache: Path, into: Path) -> dict[str, Path]:
    """Unpack the packages and all they depend on, each into a directory of its own: package name to directory.

    `architecture` is Debian's name for it. Exits when this machine lacks what it takes; a failing apt-get raises
    CalledProcessError.
    """
    require_debian_tools()
    config = write_config(cache, architecture)
    apt(config, "-qq", "update")
    apt(config, "-qq", "-y", "--download-only", "install", *names)
    plan = apt(config, "--simulate", "install", *names)
    return {name: extract(cache, name, version, into) for name, version in INSTALLED.findall(plan)}


def require_debian_tools() -> None:
    missing = [tool for tool in ("apt-get", "dpkg-deb") if not shutil.which(tool)]
    if missing:
        sys.exit(f"{' and '.join(missing)} not found: build this layer on Debian or Ubuntu, or in a container of one.")
    if not KEYRING.is_file():
        sys.exit(f"{KEYRING} not found: install the package debian-archive-keyring.")


def mirror() -> str:
    """Return the address of a Debian mirror: DEBIAN_MIRROR, else the one this machine's apt uses."""
    etc = Path("/etc/apt")
    sources = [etc / "sources.list", *etc.glob("sources.list.d/*.list"), *etc.glob("sources.list.d/*.sources")]
    found = MIRROR.search("\n".join(path.read_text() for path in sources if path.is_file()))
    address = os.environ.get("DEBIAN_MIRROR") or (found[1] if found else None)
    return address or sys.exit("No Debian mirror in /etc/apt: set DEBIAN_MIRROR to one, an address ending in /debian.")


def source_lines(architecture: str) -> str:
    main = mirror().rstrip("/")
    archives = [(main, SUITE), (main, f"{SUITE}-updates"), (f"{main}-security", f"{SUITE}-security")]
    return "".join(f"deb [arch={architecture} signed-by={KEYRING}] {url} {suite} main\n" for url, suite in archives)


def write_config(cache: Path, architecture: str) -> Path:
    """Write the configuration of a private apt: nothing is installed, and the machine's own lists are not touched."""
    for directory in ("lists/partial", "archives/partial"):
        (cache / directory).mkdir(parents=True, exist_ok=True)
    (cache / "status").touch()
    (cache / "sources.list").write_text(source_lines(architecture))
    config = cache / "apt.conf"
    config.write_text(f'''
        APT::Architecture "{architecture}";
        APT::Architectures {{ "{architecture}"; }};
        APT::Install-Recommends "false";
        Acquire::Retries "3";
        Debug::NoLocking "true";
        Dir::Etc::SourceList "{cache}/sources.list";
        Dir::Etc::SourceParts "/dev/null";
        Dir::Etc::PreferencesParts "/dev/null";
        Dir::State::Lists "{cache}/lists";
        Dir::State::Status "{cache}/status";
        Dir::Cache "{cache}";
        {'APT::Sandbox::User "root";' if os.geteuid() == 0 else ""}
        #clear APT::Update::Post-Invoke;
        #clear APT::Update::Post-Invoke-Success;
    ''')
    return config


def apt(config: Path, *arguments: str) -> str:
    """Run apt-get and return what it printed."""
    return subprocess.run(["apt-get", "-c", config, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def extract(cache: Path, name: str, version: str, into: Path) -> Path:
    (archive,) = (cache / "archives").glob(f"{name}_{version.replace(':', '%3a')}_*.deb")
    directory = into / archive.stem
    directory.mkdir(parents=True)
    subprocess.run(["dpkg-deb", "-x", archive, directory], check=True)
    return directory
