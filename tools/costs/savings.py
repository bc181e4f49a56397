"""Where costs could be cut further, and the disadvantage of each cut."""

from dataclasses import dataclass

from tools.costs import bill
from tools.costs.counts import Counts

HALF = 0.5


@dataclass(frozen=True)
class Saving:
    what: str
    but: str
    dollars: float


def savings(counts: Counts) -> list[Saving]:
    price = bill.PRICES["prices"]
    units = counts.update_units + counts.enroll_units + counts.index_units + counts.issue_units
    cheaper = price["write_unit"] - price["write_unit_provisioned_hour"] / 3600 / HALF
    waiting = bill.waiting(counts, bill.FULL)["generate_certificate"]
    smaller = 10 * 1024 / bill.GIB * price["s3_gib_month"]
    each = {
        ("provisioned capacity, half of it used", "bursts are throttled"): units * cheaper,
        ("half the memory for generate_certificate", "twice the time to render and to start"): waiting * HALF,
        ("documents 10 KB smaller", "a plainer border"): smaller,
        ("no index by training", "a republication and the list of unmarked attendees scan the table"): price[
            "write_unit"
        ],
    }
    found = [Saving(what, but, bill.MILLION * dollars) for (what, but), dollars in each.items()]
    return sorted(found, key=lambda one: one.dollars, reverse=True)
