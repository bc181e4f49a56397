"""A filter is a day or a time; midnight is a time. A number is written in digits."""

from datetime import UTC, date, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from earned.api.exports import ExportBody
from earned.api.parameters import DayOrTime, Positive

MIDNIGHT = datetime(2026, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-03-04", date(2026, 3, 4)),
        ("2026-03-04T00:00:00Z", MIDNIGHT),
        ("2026-03-04T02:00:00+02:00", MIDNIGHT),
    ],
)
def test_only_a_date_is_a_day(text: str, read: date | datetime) -> None:
    found = TypeAdapter(DayOrTime).validate_python(text)
    assert (type(found), found) == (type(read), read)


@pytest.mark.parametrize(
    "text",
    ["2026-03-04T00:00:00", "2026-03-04 00:00:00Z", "2026-3-4", "20260304x", "today", "", "2026-02-30", "4 March"],
)
def test_a_time_without_an_offset_and_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(DayOrTime).validate_python(text)


def test_what_is_no_text_names_the_form_of_a_day() -> None:
    with pytest.raises(
        ValidationError, match=r"error, must be a day \(2026-03-02\) or a time with its UTC offset \(RFC 3339\) "
    ):
        TypeAdapter(DayOrTime).validate_python(20260304)


def test_an_export_until_midnight_ends_at_midnight_and_until_a_day_at_its_end() -> None:
    until_midnight = ExportBody.model_validate_json('{"issued_to": "2026-03-04T00:00:00Z"}').scope()
    the_day = ExportBody.model_validate_json('{"issued_from": "2026-03-04", "issued_to": "2026-03-04"}').scope()
    assert until_midnight.issued_to == MIDNIGHT
    assert (the_day.issued_from, the_day.issued_to) == (
        MIDNIGHT,
        MIDNIGHT.replace(hour=23, minute=59, second=59, microsecond=999_999),
    )


@pytest.mark.parametrize(("written", "read"), [("1", 1), ("20", 20), ("9007199254740993", 9007199254740993), (7, 7)])
def test_a_number_from_1_on_in_digits_is_read(written: object, read: int) -> None:
    assert TypeAdapter(Positive).validate_python(written) == read


@pytest.mark.parametrize("written", ["0", "01", "+1", " 1", "1 ", "-1", "1.0", "1e3", "\u0661", "one", ""])
def test_any_other_writing_of_a_number_is_refused_and_the_form_is_named(written: str) -> None:
    with pytest.raises(ValidationError, match="error, must be a whole number from 1 on, in digits "):
        TypeAdapter(Positive).validate_python(written)


def test_an_export_without_days_has_no_bounds() -> None:
    everything = ExportBody.model_validate_json('{"issued_from": null, "issued_to": null}').scope()
    assert (everything.issued_from, everything.issued_to) == (None, None)
