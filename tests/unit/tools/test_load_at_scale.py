"""The load tests of a republication, an export and an import: what they post, copy and check."""

import hashlib
import json
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from earned.aws.dynamodb.enrollment_keys import partition_of, row_key
from earned.document.archive import MANIFEST
from tools.importing.check import Checked, check_rows
from tools.importing.forecast import Forecast
from tools.load import export, history, republication
from tools.load.copies import Person, copy_of
from tools.load.crowd import name_of, person_key
from tools.load.history import History

TOLERANCE = timedelta(minutes=5)
PERSON = {"pk": {"S": "account#acc-crowd-0"}, "sk": {"S": "-"}, "name": {"S": "Ada Sample-00000"}}
ISSUE = {"printed": {"holder": "Ada Sample-00000", "title": "Well Led"}}
RECORD = {
    "pk": {"S": "enrollment#old"},
    "sk": {"S": "acc-crowd-0#enr-crowd-0"},
    "c": {"S": "old"},
    "h": {"S": "company#co-crowd"},
    "issue": {"B": zlib.compress(json.dumps(ISSUE).encode())},
}
SEVENTH = Person(person_key(7), name_of(7))


def test_a_copy_has_the_keys_the_certificate_number_and_the_name_of_another_person() -> None:
    person, record = copy_of(PERSON, RECORD, SEVENTH)
    assert (person["pk"]["S"], person["name"]["S"]) == ("account#acc-crowd-7", name_of(7))
    assert (record["pk"]["S"], record["sk"]["S"]) == row_key(person_key(7))
    assert record["c"]["S"].startswith(partition_of("enr-crowd-7"))
    assert json.loads(zlib.decompress(record["issue"]["B"]))["printed"] == {"holder": name_of(7), "title": "Well Led"}
    assert record["h"] == RECORD["h"]


def test_two_copies_have_certificates_of_their_own() -> None:
    numbers = {
        copy_of(PERSON, RECORD, Person(person_key(number), name_of(number)))[1]["c"]["S"] for number in range(50)
    }
    assert len(numbers) == 50


def test_a_history_is_valid_and_every_fifth_person_is_due(tmp_path: Path) -> None:
    told, file, forecast, now = History("told", people=20), tmp_path / "told.csv", Forecast(), datetime.now(UTC)
    written = told.write(file)
    checked = list(check_rows(file, now, TOLERANCE, {}))
    events = [one.event for one in checked if isinstance(one, Checked)]
    assert len(events) == written == 2 + 20 * 10 + 4
    for event in events:
        forecast.add(event)
    assert set(forecast.outcome(now, TOLERANCE).due) == told.due
    assert len(told.due) == 4


def archive(path: Path, files: dict[str, bytes], stored: dict[str, bytes]) -> Path:
    described = [{"file_name": name, "sha256": hashlib.sha256(body).hexdigest()} for name, body in files.items()]
    with ZipFile(path, "w") as zipped:
        for name, body in stored.items():
            zipped.writestr(name, body)
        zipped.writestr(MANIFEST, json.dumps({"files": described}))
    return path


@pytest.mark.parametrize(
    ("stored", "intact"),
    [
        ({"a.pdf": b"one", "b.pdf": b"two"}, 2),
        ({"a.pdf": b"one", "b.pdf": b"other"}, 1),
        ({"a.pdf": b"one"}, 1),
    ],
)
def test_a_file_that_is_missing_or_differs_is_not_intact(tmp_path: Path, stored: dict[str, bytes], intact: int) -> None:
    found = archive(tmp_path / "export.zip", {"a.pdf": b"one", "b.pdf": b"two"}, stored)
    assert export.check(found) == (2, intact)


REPUBLISHED = {"people": 9, "due": 2, "evaluated_before": 9, "evaluated_again": 9, "certificates": 2}
EXPORTED = {"people": 9, "count": 9, "files": 9, "intact": 9, "failures": 0}
IMPORTED = {"due": 5, "forecast": 5, "certificates": 5, "not_due": 0}
CLEAN = {"hops": 1, "dead_letters": 0}


@pytest.mark.parametrize(
    "other", [{"evaluated_again": 8}, {"certificates": 1}, {"evaluated_before": 8}, {"hops": 2}, {"dead_letters": 1}]
)
def test_a_republication_that_misses_someone_or_loops_fails(other: dict[str, Any]) -> None:
    assert republication.is_whole(REPUBLISHED | CLEAN)
    assert not republication.is_whole(REPUBLISHED | CLEAN | other)


@pytest.mark.parametrize(
    "other", [{"count": 8}, {"files": 8}, {"intact": 8}, {"failures": 1}, {"hops": 2}, {"dead_letters": 1}]
)
def test_an_export_that_misses_a_file_or_loops_fails(other: dict[str, Any]) -> None:
    assert export.is_whole(EXPORTED | CLEAN)
    assert not export.is_whole(EXPORTED | CLEAN | other)


@pytest.mark.parametrize("other", [{"certificates": 4}, {"not_due": 1}, {"forecast": 6}])
@pytest.mark.parametrize("name", ["whole", "killed"])
def test_an_import_that_issues_other_certificates_than_are_due_fails(name: str, other: dict[str, Any]) -> None:
    figures = {"whole": IMPORTED, "killed": IMPORTED, "dead_letters": 0}
    assert history.is_whole(figures)
    assert not history.is_whole(figures | {name: IMPORTED | other})
    assert not history.is_whole(figures | {"dead_letters": 1})
