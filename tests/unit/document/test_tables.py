"""Tables of enrollments as files: deterministic, and small in memory however many lines they have."""

import csv
import io
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import openpyxl
import pytest

from earned.document.tables import HEADINGS, REPORT_HEADINGS, WIDTHS, csv_of, workbook_of
from earned.domain.enrollment_lines import EnrollmentLine

CREATED = datetime(2026, 11, 30, 8, tzinfo=UTC)


def lines(count: int) -> Iterator[EnrollmentLine]:
    for number in range(count):
        yield EnrollmentLine(
            account_id=f"acc-{number}",
            holder=f"Sample {number}",
            email=f"{number}@example.com",
            training="Leading Well",
            kind="course",
            status="completed",
            completed_on=date(2026, 3, 2),
            certificate_number="a" * 26,
            since=CREATED,
        )


def test_the_same_lines_give_the_same_bytes() -> None:
    assert csv_of(lines(30)) == csv_of(lines(30))
    assert workbook_of(lines(30), CREATED) == workbook_of(lines(30), CREATED)


def test_days_are_days_of_the_workbook_and_times_are_texts_in_utc() -> None:
    [_, row] = openpyxl.load_workbook(io.BytesIO(workbook_of(lines(1), CREATED))).worksheets[0].iter_rows()
    by_type = {cell.data_type: cell.value for cell in row if cell.data_type == "d"}
    assert by_type == {"d": datetime(2026, 3, 2)}  # noqa: DTZ001  # a day of a workbook has no zone
    assert row[-1].value == "2026-11-30T08:00:00.000Z"


def test_a_table_without_lines_has_its_headings() -> None:
    [sheet] = openpyxl.load_workbook(io.BytesIO(workbook_of((), CREATED))).worksheets
    [heading] = sheet.iter_rows(values_only=True)
    assert sheet.auto_filter.ref == "A1:K1"
    assert csv_of(()).decode("utf-8-sig").strip() == ",".join(heading)


def test_a_workbook_is_made_to_be_read_filtered_and_printed() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook_of(lines(30), CREATED, REPORT_HEADINGS)))
    assert book.properties.created == CREATED.replace(tzinfo=None)
    [sheet] = book.worksheets
    assert sheet.title == "records"
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:L31"
    columns = sorted(sheet.column_dimensions.values(), key=lambda column: column.min)
    widths = [round(column.width) for column in columns for _ in range(column.min, column.max + 1)]
    assert widths == [width + 1 for width in WIDTHS.values()]
    assert {cell.font.bold for cell in sheet[1]} == {True}
    assert {cell.font.bold for cell in sheet[2]} == {False}
    assert {cell.number_format for cell in sheet[2] if cell.data_type == "d"} == {"yyyy-mm-dd"}
    assert [cell.value for cell in sheet[2] if cell.column_letter in "AKL"] == [
        "Sample 0", "2026-11-30T08:00:00.000Z", None,
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["=1+1", "+49 30 1234", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    [line] = lines(1)
    named = replace(line, holder=text)
    [_, row] = csv.reader(io.StringIO(csv_of([named]).decode("utf-8-sig"), newline=""))
    assert row[0] == f"'{text}"
    cell = openpyxl.load_workbook(io.BytesIO(workbook_of([named], CREATED))).worksheets[0]["A2"]
    assert cell.data_type == "s"
    assert str(cell.value).endswith(text.strip())


def test_every_text_of_a_csv_file_is_read_as_it_was() -> None:
    [line] = lines(1)
    texts = 'Ada, "the" first', "two\nlines", "Åsa 花子", "a=1"
    table = csv_of(replace(line, holder=text) for text in texts).decode("utf-8-sig")
    [heading, *rows] = csv.reader(io.StringIO(table, newline=""))
    assert heading == [*HEADINGS]
    assert [row[0] for row in rows] == [*texts]
    assert [row[5] for row in rows] == ["2026-03-02"] * len(texts)
    assert table.count("\r\n") == 1 + len(texts)


def test_csv_begins_with_the_mark_by_which_excel_knows_utf_8() -> None:
    assert csv_of(()).startswith(b"\xef\xbb\xbf")


def test_a_workbook_of_many_lines_takes_no_more_memory_than_its_bytes() -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        workbook_of(lines(count), CREATED)
        return tracemalloc.get_traced_memory()[1]

    few, many = peak(100), peak(2_000)
    tracemalloc.stop()
    assert many < 2 * few
