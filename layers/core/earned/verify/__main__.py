"""The command. Exit codes: 0 genuine and current, 1 not genuine, 2 wrong command line, 3 no credential to check,
4 genuine and no longer valid, 5 genuine as far as it was checked, and something could not be checked."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path

from earned.verify.checks import EXIT_CODES, UNREADABLE, Fetch, Outcome, Report, check
from earned.verify.fetching import Unreachable, fetch
from earned.verify.keys import parsed
from earned.verify.pdf import MAX_SECONDS, Unreadable, read_document
from earned.verify.signed_documents import SignedDocument
from earned.verify.visible_text import certificate_number, day

MAX_SHOWN = 200
VERDICTS = {
    Outcome.RIGHT: "The certificate is genuine and current, if the issuer is the one that you expect.",
    Outcome.WRONG: "The certificate is NOT genuine.",
    Outcome.ENDED: "The certificate was issued, and it is NO LONGER valid.",
    Outcome.UNCHECKED: "Not everything could be checked.",
}


def main(
    arguments: Sequence[str] | None = None,
    fetch: Fetch = fetch,
    now: datetime | None = None,
    seconds: float = MAX_SECONDS,
) -> int:
    """Returns the exit code; `seconds` bound the reading of the file."""
    parser = argparse.ArgumentParser(prog="python -m earned.verify", description=__doc__)
    parser.add_argument("file", type=Path, help="the certificate, a PDF")
    parser.add_argument(
        "--offline",
        type=Path,
        metavar="KEYS.json",
        help="check the signature without a network, by the issuer's DID document in this file",
    )
    given = parser.parse_args(arguments)
    print(_shown(str(given.file)))
    try:
        keys = parsed(given.offline.read_bytes(), str(given.offline)) if given.offline else None
    except (OSError, Unreachable) as error:
        parser.error(f"--offline: {error}")
    try:
        document = read_document(given.file, seconds)
    except Unreadable as error:
        print(f"\nNothing was checked: {error}.")
        return UNREADABLE
    report = check(document, None if given.offline else fetch, keys, now or datetime.now(UTC))
    print("\n".join(_lines(report)))
    return EXIT_CODES[report.outcome]


def _lines(report: Report) -> Iterator[str]:
    if report.credential is not None:
        yield ""
        yield from (f"  {name:14}{_shown(text)}" for name, text in _statement(report.credential))
    yield ""
    for one in report.checks:
        yield f"  {one.name:14}{one.outcome:12} {_shown(one.detail)}"
    yield ""
    yield VERDICTS[report.outcome]


def _statement(credential: SignedDocument) -> Iterator[tuple[str, str]]:
    values = credential.values
    yield "Holder", values["holder"]
    yield "Training", values["title"]
    if "first_day" in values:
        yield "From", day(values["first_day"])
    yield "Completed on", day(values["completed_on"])
    yield "Number", certificate_number(credential)
    yield "Issuer", values["did"]


def _shown(text: str) -> str:
    """On one line, without what controls a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)[:MAX_SHOWN]


if __name__ == "__main__":
    if isinstance(sys.stdout, TextIOWrapper):  # a terminal or file may not have the letters of every name
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(main())
