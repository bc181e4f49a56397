"""The tables of an export or a report: the same lines as CSV and as a workbook; no cell is a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time

import xlsxwriter

from earned.domain.enrollment_lines import EnrollmentLine
from earned.domain.timestamps import rfc_3339

CSV, WORKBOOK = "records.csv", "records.xlsx"
WIDTHS = {  # of each column in the workbook, in characters
    "holder": 28,
    "email": 28,
    "training": 36,
    "kind": 12,
    "status": 12,
    "completed_on": 13,
    "certificate_number": 30,
    "file_name": 48,
    "message": 60,
    "who": 14,
    "since": 25,
    "company": 36,
}
REPORT_HEADINGS = tuple(WIDTHS)
HEADINGS = REPORT_HEADINGS[:-1]  # an export is of one company
_BOM = "\ufeff"  # by which Excel knows UTF-8
_CALCULATED = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet calculates a text that begins so
Cell = str | date


def csv_of(lines: Iterable[EnrollmentLine], headings: Sequence[str] = HEADINGS) -> bytes:
    """UTF-8; an apostrophe precedes a text that a spreadsheet would calculate."""
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(headings)
    writer.writerows([_inert(cell) for cell in _cells(line, headings)] for line in lines)
    return (_BOM + table.getvalue()).encode()


def workbook_of(lines: Iterable[EnrollmentLine], created: datetime, headings: Sequence[str] = HEADINGS) -> bytes:
    """Written row by row, in bounded memory; the same lines and `created` give the same bytes."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as workbook:
        workbook.set_properties({"created": created.replace(tzinfo=None)})
        sheet = workbook.add_worksheet("records")
        bold, day = workbook.add_format({"bold": True}), workbook.add_format({"num_format": "yyyy-mm-dd"})
        sheet.freeze_panes(1, 0)
        for column, heading in enumerate(headings):
            sheet.set_column(column, column, WIDTHS[heading])
            sheet.write_string(0, column, heading, bold)
        rows = 0
        for rows, line in enumerate(lines, start=1):
            for column, cell in enumerate(_cells(line, headings)):
                if isinstance(cell, date):
                    sheet.write_datetime(rows, column, datetime.combine(cell, time()), day)
                elif cell:
                    sheet.write_string(rows, column, cell)
        sheet.autofilter(0, 0, rows, len(headings) - 1)
    return file.getvalue()


def _cells(line: EnrollmentLine, headings: Sequence[str]) -> Iterator[Cell]:
    for heading in headings:
        value: str | date | None = getattr(line, heading)
        yield rfc_3339(value) if isinstance(value, datetime) else value or ""


def _inert(cell: Cell) -> str:
    text = cell if isinstance(cell, str) else cell.isoformat()
    return f"'{text}" if text.startswith(_CALCULATED) else text
