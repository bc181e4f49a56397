"""Debian packages, downloaded through this machine's apt (which checks the signatures) and unpacked without root.

A lock file names the version and the SHA-256 of each package, in the form that `sha256sum --check` reads.
"""

import hashlib
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


class PackageGone(Exception):
    """The mirror does not have a locked package any more; the message says what to do."""


def unpack(lock: Path, architecture: str, cache: Path, into: Path) -> dict[str, Path]:
    """Unpack the packages of a lock, each into a directory of its own: package name to directory.

    `architecture` is Debian's name for it. Raises `PackageGone`; a failing apt-get raises CalledProcessError.
    """
    require("dpkg-deb")
    archives = cache / "archives"
    locked = read_lock(lock)
    if missing := [file for file, digest in locked.items() if not is_intact(archives / file, digest)]:
        fetch(missing, architecture, cache)
    for file in missing:
        if not is_intact(archives / file, locked[file]):
            raise PackageGone(gone(file, lock, archives))
    return {name_and_version(file)[0]: extract(archives / file, into) for file in locked}


def newest(names: Iterable[str], architecture: str, cache: Path, into: Path, suite: str = SUITE) -> dict[str, Path]:
    """Unpack the mirror's newest versions of the packages and of all they depend on."""
    config = updated_config(cache, architecture, suite)
    apt(config, "-qq", "-y", "--download-only", "install", *names)
    plan = apt(config, "--simulate", "install", *names)
    archives = cache / "archives"
    found = {name: next(archives.glob(f"{name}_{escape(version)}_*.deb")) for name, version in INSTALLED.findall(plan)}
    return {name: extract(archive, into) for name, archive in found.items()}


def read_lock(lock: Path) -> dict[str, str]:
    """File name to SHA-256."""
    lines = (line.split() for line in lock.read_text().splitlines())
    return {file: digest for digest, file in lines}


def write_lock(lock: Path, archives: Iterable[Path]) -> None:
    lock.write_text("".join(f"{sha256(archive)}  {archive.name}\n" for archive in sorted(archives)))


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def is_intact(file: Path, digest: str) -> bool:
    return file.is_file() and sha256(file) == digest


def fetch(files: Iterable[str], architecture: str, cache: Path) -> None:
    """Download the packages that the mirror still has; apt keeps no file whose signature or hash is wrong."""
    config = updated_config(cache, architecture)
    for file in files:
        (cache / "archives" / file).unlink(missing_ok=True)
        name, version = name_and_version(file)
        command = ["apt-get", "-c", config, "-qq", "download", f"{name}={version}"]
        subprocess.run(command, check=False, cwd=cache / "archives", stdout=subprocess.DEVNULL)


def gone(file: str, lock: Path, archives: Path) -> str:
    name, version = name_and_version(file)
    return (
        f"The Debian mirror has no {name} {version} with the SHA-256 of {lock.name}.\n"
        f"Either put {file}, from an archive of Debian's packages, into {archives}: the build checks its SHA-256.\n"
        "Or lock the versions of today, which changes the layer: make layers-lock, then make test."
    )


def name_and_version(file: str) -> tuple[str, str]:
    name, version, _ = file.split("_")
    return name, version.replace("%3a", ":")


def escape(version: str) -> str:
    return version.replace(":", "%3a")


def require(tool: str) -> None:
    if not shutil.which(tool):
        sys.exit(f"{tool} not found: build on Debian or Ubuntu, or with make build IN_CONTAINER=1.")


def updated_config(cache: Path, architecture: str, suite: str = SUITE) -> Path:
    require("apt-get")
    if not KEYRING.is_file():
        sys.exit(f"{KEYRING} not found: install debian-archive-keyring, or use make build IN_CONTAINER=1.")
    config = write_config(cache, architecture, suite)
    apt(config, "-qq", "update")
    return config


def mirror() -> str:
    """Return the address of a Debian mirror: DEBIAN_MIRROR, else the one this machine's apt uses."""
    etc = Path("/etc/apt")
    sources = [etc / "sources.list", *etc.glob("sources.list.d/*.list"), *etc.glob("sources.list.d/*.sources")]
    found = MIRROR.search("\n".join(path.read_text() for path in sources if path.is_file()))
    address = os.environ.get("DEBIAN_MIRROR") or (found[1] if found else None)
    return address or sys.exit("No Debian mirror in /etc/apt: set DEBIAN_MIRROR to one, an address ending in /debian.")


def source_lines(architecture: str, suite: str) -> str:
    main = mirror().rstrip("/")
    archives = [(main, suite), (main, f"{suite}-updates"), (f"{main}-security", f"{suite}-security")]
    return "".join(f"deb [arch={architecture} signed-by={KEYRING}] {url} {suite} main\n" for url, suite in archives)


def write_config(cache: Path, architecture: str, suite: str) -> Path:
    """Write the configuration of a private apt: nothing is installed, and the machine's own lists are not touched."""
    for directory in ("lists/partial", "archives/partial"):
        (cache / directory).mkdir(parents=True, exist_ok=True)
    (cache / "status").touch()
    (cache / "sources.list").write_text(source_lines(architecture, suite))
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


def extract(archive: Path, into: Path) -> Path:
    directory = into / archive.stem
    directory.mkdir(parents=True)
    subprocess.run(["dpkg-deb", "-x", archive, directory], check=True)
    return directory
