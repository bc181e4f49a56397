"""The table of docs/operate.md: what a large portal pays, which limit it reaches first, and what to raise."""

from collections.abc import Iterator
from typing import NamedTuple

from earned.api.paging import QUERIES_PER_PAGE
from earned.domain import exports, summary
from tools.costs import bill
from tools.costs.counts import Counts, Download, Republication, Sweeping
from tools.load.assumptions import value

RECORDS, PEOPLE, COMPANY = 10**8, 10**7, 10**6
ENROLLMENTS = RECORDS // PEOPLE  # of a person
INDEX_WRITES = 1_000  # a second of one partition key, until DynamoDB splits it: .../bp-partition-key-design.html
PAGE = 100  # enrollments, the most that a client may ask for
MARK_AND_ISSUE = 2 * int(value("write units of a mark, and of an issue"))


class Row(NamedTuple):
    operation: str
    cost: str
    limit: str
    raised: str

    def __str__(self) -> str:
        return f"| {' | '.join(self)} |"


def rows(counts: Counts, download: Download, sweeping: Sweeping, again: Republication, page: Download) -> Iterator[Row]:
    millions = RECORDS // bill.MILLION
    kept = bill.keeping_a_month(counts, sweeping)
    sweep, all_kept = bill.sweep_a_month(kept) * millions, bill.total(kept) * millions
    hours, available = bill.sweep_hours(sweeping, RECORDS), bill.RUN_HOURS_A_DAY
    held = COMPANY * ENROLLMENTS
    yield Row(
        "issue 100 million certificates of five steps",
        f"${bill.total(bill.certificate_bill(counts, bill.FULL)) * millions:,.0f} in full batches",
        f"{value('writes of a new table') / MARK_AND_ISSUE:,.0f} marks and issues a second of a new table",
        "`WarmThroughput=large-event`, before a hall of more than 10,000",
    )
    yield Row(
        "keep 100 million records and documents",
        f"${all_kept:,.0f} a month",
        f"the sweep: {hours:.1f} of {available:.1f} hours, "
        f"all of them at {RECORDS * available / hours / 1e6:,.0f} million records",
        f"`SEGMENTS` in `usecases/sweep.py`, at the alarm `SweepPassOld`; the sweep is ${sweep:,.0f} of it",
    )
    yield Row(
        "mark a million people at once",
        f"at most ${bill.total(bill.certificate_bill(counts, bill.FULL)):,.2f}, with the enrollment",
        f"{COMPANY * MARK_AND_ISSUE / value('writes of a new table') / 60:.0f} minutes at the table's writes, "
        f"{COMPANY / value('announcements of an account') / 60:.0f} at the bus, "
        f"{COMPANY / value('documents of a bucket that is new or was idle') / 60:.0f} at the bucket",
        "the table as above, then the quota of PutEvents; `make preflight` shows both",
    )
    yield Row(
        "publish a course of a million learners again",
        f"${bill.total(bill.republication_bill(again)):,.2f}, without the certificates that it completes",
        f"{COMPANY * again.writes / value('writes of a new table') / 60:.0f} minutes at the table's writes; "
        f"one reader takes {bill.learners_of_one_reader() / 1e6:.1f} million learners within its timeout",
        "`WarmThroughput=large-event` beforehand; above the reader's number nothing: the sweep evaluates the rest "
        "within a day",
    )
    yield Row(
        "enroll a company of a million, ten times each",
        f"${held / bill.MILLION * _enrolling(counts):,.0f}",
        f"{INDEX_WRITES:,} a second, for the company is one key of the index `by-holder`: "
        f"{held / INDEX_WRITES / 3600:.1f} hours",
        "nothing: begin the import a day earlier, or mix companies",
    )
    yield Row(
        "list a company of a million",
        f"${bill.total(bill.list_bill(page)):,.2f} a million pages of {PAGE}",
        f"a request looks at {QUERIES_PER_PAGE * PAGE:,} enrollments: a filter that matches nobody takes "
        f"{held // (QUERIES_PER_PAGE * PAGE):,} requests, all with short or empty pages",
        "nothing: ask for an export by training, people or days",
    )
    yield Row(
        "a company's summary",
        "none",
        f"{summary.MAX_ENROLLMENTS:,} enrollments; above, 409 `too-many`",
        "nothing: ask for an export",
    )
    yield Row(
        "export a company of a million",
        "not counted",
        f"{exports.MAX_ENROLLMENTS:,} enrollments an export and {exports.MAX_PER_HOUR} in an hour: "
        f"{held // exports.MAX_ENROLLMENTS} exports by training, people or days in "
        f"{held / exports.MAX_ENROLLMENTS / exports.MAX_PER_HOUR:.0f} hours",
        "`MAX_PER_HOUR` in `domain/exports.py`",
    )
    yield Row(
        "100 million downloads",
        f"${bill.total(bill.download_bill(download)) * millions:,.0f}",
        "the account's concurrent executions of Lambda",
        "that quota, at the alarm on throttles of `ServeApi`",
    )


def _enrolling(counts: Counts) -> float:
    """Dollars for a million enrollments: their writes, those of the indexes included."""
    lines = bill.certificate_bill(counts, bill.FULL)
    return sum(line.dollars for line in lines if line.buys.startswith(("enrollments, written", "lists and")))
