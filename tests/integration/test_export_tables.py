"""The tables in an export: every enrollment in scope, finished or not, and no cell that a spreadsheet calculates."""

import csv
import io
import zipfile
from datetime import datetime, timedelta
from typing import Any

import openpyxl
import pytest

from earned.document.tables import HEADINGS
from earned.testing.service import Service
from tests.integration.test_exports import admin, ask_for, fetch, make
from tests.integration.test_exports import clock as clock  # noqa: PLC0414  # a fixture of this module too
from tools.story import NOON, Story, cloud_event

Rows = list[dict[str, str]]
REQUIRED = "holder,email,training,kind,status,completed_on,certificate_number,file_name,message,who,since"


@pytest.fixture
def mixed(service: Service, story: Story) -> Story:
    """Ada has the certificate, Bea has not, Cem waits for his mark, Dee has no account, Eve is removed."""
    story.directory()
    for person in ("ada", "bea", "cem", "eve"):
        story.save_account(person, name=f"{person.title()} Sample")
        story.enroll(person, story.live_event if person == "cem" else story.course)
    story.enroll("dee", company_id=story.company)
    service.settle()
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"), *story.do("eve", "read", "watch", "quiz"))
    service.settle()
    service.post("Directory", cloud_event("account.removed", {"account_id": story.id("eve")}))
    service.settle()
    return story


def tables(archive: bytes) -> tuple[Rows, Rows]:
    """The rows of the CSV file and of the workbook, whose cells are texts and days."""
    with zipfile.ZipFile(io.BytesIO(archive)) as whole:
        text = whole.read("records.csv").decode("utf-8-sig")
        workbook = openpyxl.load_workbook(io.BytesIO(whole.read("records.xlsx")))
    heading, *rows = [list(row) for row in workbook.worksheets[0].iter_rows()]
    assert {cell.data_type for row in [heading, *rows] for cell in row if cell.value is not None} <= {"s", "d"}
    names = [str(cell.value) for cell in heading]
    in_workbook = [dict(zip(names, (shown(cell.value) for cell in row), strict=True)) for row in rows]
    return list(csv.DictReader(io.StringIO(text))), in_workbook


def shown(value: Any) -> str:
    return value.date().isoformat() if isinstance(value, datetime) else value or ""


def exported(story: Story, **scope: Any) -> Rows:
    """The rows of both tables, which are the same."""
    _, asked = ask_for(story, **scope)
    story.service.deliver("export_certificates")
    in_csv, in_workbook = tables(fetch(story, asked["export_id"]))
    assert in_csv == in_workbook
    return in_csv


def test_the_headings_are_those_of_the_contract() -> None:
    assert ",".join(HEADINGS) == REQUIRED


def test_the_tables_list_every_enrollment_also_the_unfinished_and_no_removed_one(mixed: Story) -> None:
    ada, bea, cem, dee = exported(mixed)
    [certificate] = mixed.certificates()
    assert ada == {
        "holder": "Ada Sample",
        "email": mixed.account("ada")["email"],
        "training": "Leading Well",
        "kind": "course",
        "status": "completed",
        "completed_on": certificate["completed_on"],
        "certificate_number": certificate["certificate_id"],
        "file_name": f"Leading Well - Ada Sample - {certificate['completed_on']}.pdf",
        "message": "",
        "who": "",
        "since": "",
    }
    assert [row["holder"] for row in (bea, cem, dee)] == ["Bea Sample", "Cem Sample", ""]
    assert [row["kind"] for row in (bea, cem, dee)] == ["course", "live-event", "course"]
    assert {(row["status"], row["completed_on"], row["file_name"]) for row in (bea, cem, dee)} == {
        ("in-progress", "", "")
    }


def test_a_row_says_what_the_list_of_enrollments_says(mixed: Story) -> None:
    path = f"/v1/companies/{mixed.company}/enrollments"
    items = mixed.service.get(path, admin(mixed))[1]["items"]
    first = [next(iter(item["outstanding"]), {"message": "", "who": "", "since": ""}) for item in items]
    assert [(row["message"], row["who"], row["since"]) for row in exported(mixed)] == [
        (one["message"], one["who"], one["since"]) for one in first
    ]
    assert [row["status"] for row in exported(mixed)] == [item["status"] for item in items]
    assert [row["holder"] for row in exported(mixed)] == [item.get("holder", "") for item in items]


def test_a_removed_account_is_in_no_table_from_the_moment_of_its_removal(mixed: Story) -> None:
    """Its enrollments are withdrawn later, by another function."""
    mixed.service.post("Directory", cloud_event("account.removed", {"account_id": mixed.id("bea")}, NOON))
    mixed.service.deliver("record_directory")
    assert [row["holder"] for row in exported(mixed)] == ["Ada Sample", "Cem Sample", ""]


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ({"training_id": "{course}"}, ["Ada Sample", "Bea Sample", ""]),
        ({"account_ids": ["{cem}", "{bea}"]}, ["Bea Sample", "Cem Sample"]),
        ({"issued_from": "2026-01-01"}, ["Ada Sample"]),
        ({"issued_to": "2020-01-01"}, []),
        ({"account_ids": []}, []),
    ],
    ids=str,
)
def test_the_tables_list_what_the_body_names(mixed: Story, scope: dict[str, Any], names: list[str]) -> None:
    ids = {"course": mixed.course, "cem": mixed.id("cem"), "bea": mixed.id("bea")}
    filled = {
        name: [one.format(**ids) for one in value] if isinstance(value, list) else value.format(**ids)
        for name, value in scope.items()
    }
    assert [row["holder"] for row in exported(mixed, **filled)] == names


HOSTILE = (
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@SUM(A1)",
    'a";"b',
    "Ada, Sample",
    "'=1",
    "\u202b=1",  # its bidi control is cleaned away
    "https://evil.example",
    "\uff1d1",
)


def test_no_cell_is_a_formula_whatever_people_and_trainings_are_called(service: Service, story: Story) -> None:
    story.directory()
    for number, name in enumerate(HOSTILE):
        story.save_account(f"person-{number}", name=name)
        story.enroll(f"person-{number}", story.id("-23"))
    service.settle()
    in_csv, in_workbook = tables(fetch(story, make(story)["export_id"]))
    names = [name.removeprefix("\u202b") for name in HOSTILE]
    assert [row["holder"] for row in in_workbook] == names
    assert [row["holder"].removeprefix("'") for row in in_csv] == [name.removeprefix("'") for name in names]
    cells = [cell for row in in_csv for cell in row.values()]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert sum(cell.startswith("'") for cell in cells) == 6 + len(HOSTILE)  # six names, and each training's id


def test_a_certificate_whose_document_is_missing_has_its_number_and_no_file_name(mixed: Story) -> None:
    [certificate] = mixed.certificates()
    documents = mixed.service.apps["export_certificates"].documents
    documents.client.delete_object(Bucket=documents.bucket, Key=f"certificates/{certificate['certificate_id']}/1.pdf")
    ada = exported(mixed)[0]
    assert (ada["certificate_number"], ada["file_name"]) == (certificate["certificate_id"], "")


def test_a_revoked_certificate_has_no_number_and_its_row_says_who_must_act(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada", story.live_event)
    service.settle()
    for status, minutes in (("present", 0), ("absent", 1)):
        service.post("Attendance", story.mark("ada", status, NOON + timedelta(minutes=minutes)))
        service.settle()
    [row] = exported(story)
    assert (row["status"], row["certificate_number"], row["file_name"]) == ("in-progress", "", "")
    assert row["who"] == "administrator"


def test_the_tables_say_the_name_as_it_is_printed(mixed: Story) -> None:
    for person in ("ada", "bea"):
        renamed = mixed.account(person, name=f"{person.title()} Renamed")
        mixed.service.post("Directory", cloud_event("account.saved", renamed, NOON))
    mixed.service.settle()
    assert [row["holder"] for row in exported(mixed)][:2] == ["Ada Sample", "Bea Renamed"]
