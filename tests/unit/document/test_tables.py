"""Tables of enrollments as files: deterministic, and small in memory however many lines they have."""

import io
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime

import openpyxl

from earned.document.tables import csv_of, workbook_of
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
    [heading] = openpyxl.load_workbook(io.BytesIO(workbook_of((), CREATED))).worksheets[0].iter_rows(values_only=True)
    assert csv_of(()).decode("utf-8-sig").strip() == ",".join(heading)


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
