"""The field types of events: ids, times, zones and names."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from earned.domain.errors import Rejected
from earned.messages import events
from earned.messages.directory import LiveEventScheduled
from earned.messages.posting import event as typed_event
from earned.messages.texts import clean
from earned.messages.times import places
from tests.unit.messages.event_examples import (
    EVERY_PATH,
    EXAMPLES,
    QUEUES,
    RECEIVED_AT,
    TOLERANCE,
    Path,
    dotted,
    posted,
    put,
    read,
    reason_of,
    with_data,
)

# Ids and times.

ID_PATHS = [
    (name, path)
    for name, path in EVERY_PATH
    if isinstance(path[-1], str) and (path[-1].endswith("_id") or path[-1] == "granted_by")
]


@pytest.mark.parametrize(("name", "path"), ID_PATHS, ids=dotted)
def test_an_id_has_1_to_64_of_the_characters_of_the_contract(name: str, path: Path) -> None:
    for good in ("x", "0", "Az0._:-", "x" * 64):
        read(put(posted(name), path, good))
    for bad in ("", "x" * 65, "x\n", "\nx", "x y", " x", "x\t", "x/y", "x#y", "é", "x\u0000", "١", "x\u200b", "а"):  # noqa: RUF001  # look-alikes are what is tested
        assert reason_of(put(posted(name), path, bad)) == "invalid-data", bad


@pytest.mark.parametrize("event_id", ["x", "/orders/7#2=a b", "é" * 256, "\u0661", "\U0001f600" * 256], ids=ascii)
def test_the_id_of_an_event_is_any_text_of_256_characters(event_id: str) -> None:
    assert read(posted("lesson.completed") | {"id": event_id}).id == event_id


@pytest.mark.parametrize("event_id", ["", "x" * 257, "x\n", "a\u0000b", "\u009f"], ids=ascii)
def test_an_event_id_that_is_empty_longer_or_has_control_characters_is_refused(event_id: str) -> None:
    assert reason_of(posted("lesson.completed") | {"id": event_id}) == "invalid-data"


def test_a_source_has_up_to_1024_characters() -> None:
    assert len(read(posted("lesson.completed") | {"source": "/" * 1024}).source) == 1024
    assert reason_of(posted("lesson.completed") | {"source": "/" * 1025}) == "invalid-data"


BAD_TIMES = [
    "2026-03-02T12:00:00",
    "2026-03-02",
    "2026-03-02 12:00:00Z",
    "2026-03-02T12:00Z",
    "20260302T120000Z",
    "2026-W10-1T12:00:00Z",
    "2026-03-02T12:00:00+0100",
    "2026-03-02T12:00:00+01",
    "2026-03-02T12:00:00 +01:00",
    "2026-03-02T12:00:00Z\n",
    " 2026-03-02T12:00:00Z",
    "2026-02-29T12:00:00Z",
    "2100-02-29T12:00:00Z",
    "2026-13-01T12:00:00Z",
    "2026-00-01T12:00:00Z",
    "2026-04-31T12:00:00Z",
    "2026-03-02T24:00:01Z",
    "2026-03-02T12:60:00Z",
    "2026-03-02T12:00:00+24:00",
    "2026-03-02T12:00:00+99:99",
    "2026-03-02T12:00:00+05:60",
    "2026-03-02T12:00:00.Z",
    "2026-03-02T12:00:00,5Z",
    "2026-03-02T12:00:61Z",
    "2026-03-02T24:00:00Z",
    "10000-01-01T00:00:00Z",
    "٢٠٢٦-03-02T12:00:00Z",
    "1772452800",
    "now",
    "",
]
TIME_PATHS: list[tuple[str, Path]] = [
    ("lesson.completed", ("time",)),
    ("live-event.scheduled", ("data", "starts_at")),
    ("live-event.scheduled", ("data", "ends_at")),
]


@pytest.mark.parametrize(("name", "path"), TIME_PATHS, ids=dotted)
@pytest.mark.parametrize("time", [*BAD_TIMES, 1772452800, 1772452800.5, None, True, [2026], {}])
def test_a_time_that_is_not_rfc_3339_with_an_offset_is_refused(time: object, name: str, path: Path) -> None:
    assert reason_of(put(posted(name), path, time)) == "invalid-data"


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2026-03-02T12:00:00Z", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-03-02t12:00:00z", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-03-02T12:00:00-00:00", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-03-02T00:30:00+05:45", datetime(2026, 3, 1, 18, 45, tzinfo=UTC)),
        ("2024-02-29T12:00:00Z", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("2026-03-02T12:00:00.1Z", datetime(2026, 3, 2, 12, 0, 0, 100_000, tzinfo=UTC)),
        ("2026-03-02T12:00:00.999999999Z", datetime(2026, 3, 2, 12, 0, 0, 999_000, tzinfo=UTC)),
        ("2000-01-01T00:00:00Z", datetime(2000, 1, 1, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2017-01-01T00:59:60.25+01:00", datetime(2017, 1, 1, 0, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-03-02T11:59:60Z", datetime(2026, 3, 2, 12, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_utc_to_the_millisecond(time: str, expected: datetime) -> None:
    assert read({**posted("lesson.completed"), "time": time}).time == expected
    assert read({**posted("lesson.completed"), "time": time}).time.utcoffset() == timedelta(0)


OUT_OF_RANGE = [
    "0000-02-29T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "1969-12-31T23:59:59.999Z",
    "1999-12-31T23:59:59.999Z",
    "2000-01-01T00:00:00+00:01",
    "2026-11-30T12:05:00.001Z",
    "2026-11-30T12:05:00.001+00:00",
    "2062-01-01T00:00:00Z",
    "2999-12-31T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:60Z",
    "9999-12-31T23:59:59-14:00",
]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_time_before_2000_or_after_its_reception_is_refused_for_every_type(name: str) -> None:
    for time in OUT_OF_RANGE:
        assert reason_of(posted(name) | {"time": time}) == "time-out-of-range", time
    for time in ("2000-01-01T00:00:00Z", "2026-11-30T12:05:00.000Z", "2026-11-30T12:04:60Z"):
        read(posted(name) | {"time": time})


def test_the_tolerance_of_the_time_is_the_configured_one() -> None:
    body = json.dumps(posted("lesson.completed") | {"time": "2026-11-30T12:05:00Z"})
    received = {"received_at": RECEIVED_AT, "tolerance": timedelta(seconds=299)}
    with pytest.raises(Rejected, match=r"^time-out-of-range: time"):
        events.read(body, QUEUES["progress"], **received)  # type: ignore[arg-type]  # either of two types


@pytest.mark.parametrize("field", ["starts_at", "ends_at"])
def test_a_schedule_lies_in_the_years_2000_to_2199(field: str) -> None:
    span = {"starts_at": "2000-01-01T00:00:00+14:00", "ends_at": "2199-12-31T23:59:60-12:00"}
    zones = ["Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kathmandu"]
    for zone in zones:
        event = read(with_data("live-event.scheduled", **span, timezone=zone)).training()
        assert event.starts_at < event.ends_at
    for time in ("1999-12-31T23:59:59-12:00", "2200-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"):
        assert reason_of(with_data("live-event.scheduled", **span | {field: time})) == "invalid-data"


EDGES = {
    "2000-01-01T00:00:00+14:00": True,
    "2000-01-01T00:00:00+00:00": True,
    "1999-12-31T23:59:59.999000-12:00": False,
    "1999-12-31T23:59:59.999000+00:00": False,
    "2199-12-31T23:59:59.999000-12:00": True,
    "2199-12-31T23:59:59.999000+00:00": True,
    "2200-01-01T00:00:00+14:00": False,
    "2200-01-01T00:00:00+00:00": False,
}


@pytest.mark.parametrize(("time", "is_accepted"), EDGES.items())
def test_a_typed_schedule_and_its_event_agree_at_the_edges_of_the_years(time: str, is_accepted: bool) -> None:
    data = {"live_event_id": "event-1", "title": "First aid", "timezone": "UTC", "starts_at": time, "ends_at": time}
    at = datetime.fromisoformat(time)
    if not is_accepted:
        assert reason_of(posted("live-event.scheduled") | {"data": data}) == "invalid-data"
        with pytest.raises(ValidationError, match="2000-2199"):
            LiveEventScheduled.model_validate(data | {"starts_at": at, "ends_at": at})
        return
    typed = LiveEventScheduled.model_validate(data | {"starts_at": at, "ends_at": at})
    for one in (typed_event(typed, RECEIVED_AT).cloud_event(), posted("live-event.scheduled") | {"data": data}):
        training = read(one).training()
        assert training.starts_at == training.ends_at == at
        assert training.starts_at.utcoffset() == timedelta(0)


@given(st.datetimes(timezones=st.timezones()) | st.datetimes(timezones=st.just(UTC)))
def test_every_time_that_exists_is_read_or_refused_as_out_of_range(time: datetime) -> None:
    event = posted("lesson.completed") | {"time": time.isoformat()}
    if time.utcoffset() is not None and time.utcoffset() % timedelta(minutes=1):  # type: ignore[operator]  # is aware
        return  # RFC 3339 has no seconds in offsets
    if datetime(2000, 1, 1, tzinfo=UTC) <= time.replace(microsecond=0) <= RECEIVED_AT + TOLERANCE:
        assert read(event).time == time.astimezone(UTC).replace(microsecond=time.microsecond // 1000 * 1000)
    else:
        assert reason_of(event) == "time-out-of-range"


# Zones.


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Argentina/Ushuaia", "Etc/GMT+5", "Asia/Calcutta"])
def test_a_place_of_the_iana_database_is_a_time_zone(zone: str) -> None:
    assert read(with_data("live-event.scheduled", timezone=zone)).training().timezone == zone


@pytest.mark.parametrize(
    "zone",
    ["localtime", "Factory", "right/UTC", "right/Europe/Berlin", "posix/Europe/Berlin", "posixrules", "europe/berlin"],
)
def test_a_zone_that_is_not_a_place_is_refused(zone: str) -> None:
    assert zone not in places()
    assert reason_of(with_data("live-event.scheduled", timezone=zone)) == "invalid-data"


# Names.

PRINTED = [
    ("company.saved", ("data", "name")),
    ("account.saved", ("data", "name")),
    ("course.published", ("data", "title")),
    ("live-event.scheduled", ("data", "title")),
]
STEP_TITLE = ("data", "steps", 0, "title")
A_WITH_MARKS = "a\u0323\u0302"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
FLAG = "\U0001f1e6\U0001f1f9"
HANGUL = "\u1112\u1161\u11ab"


@pytest.mark.parametrize("grapheme", ["a", A_WITH_MARKS, HANGUL, "क्षि", FAMILY, FLAG], ids=ascii)
@pytest.mark.parametrize(("name", "path"), PRINTED, ids=dotted)
def test_a_printed_text_may_have_200_graphemes(name: str, path: Path, grapheme: str) -> None:
    read(put(posted(name), path, "A" + grapheme * 199))

    assert reason_of(put(posted(name), path, "A" + grapheme * 200)) == "invalid-data"


@pytest.mark.parametrize("grapheme", ["a", "क्षि"])
def test_a_step_title_may_have_500_graphemes(grapheme: str) -> None:
    read(put(posted("course.published"), STEP_TITLE, grapheme * 500))

    assert reason_of(put(posted("course.published"), STEP_TITLE, grapheme * 501)) == "invalid-data"


def test_a_short_name_with_thousands_of_combining_marks_is_refused() -> None:
    assert reason_of(with_data("account.saved", name="Ilse" + "\u0301" * 10_000)) == "invalid-data"


@pytest.mark.parametrize(("name", "path"), [*PRINTED, ("course.published", STEP_TITLE)], ids=dotted)
@pytest.mark.parametrize(
    "blank",
    [
        "",
        " ",
        "\t\r\n",
        "\u00a0\u2003\u3000",
        "\u0000\u0007\u001b",
        "\u200b\u200c\u200d\u2060\ufeff",
        "\u202e\u2066\u2069",
        "\u00ad\u034f",
        "\u2800",
        "\u3164",
        "\u115f\u1160",
        "\uffa0",
        "\ufe0f\ufe0e",
        "\U000e0041",
    ],
    ids=ascii,
)
def test_a_blank_name_is_refused(blank: str, name: str, path: Path) -> None:
    assert reason_of(put(posted(name), path, blank)) == "invalid-data"


@pytest.mark.parametrize("written", ["O", "李", "أحمد", "<b>Ilse</b>", "3M", "???", "\U0001f389", "می\u200cخواهم"])  # noqa: RUF001  # Persian
def test_a_name_in_any_script_is_accepted_unchanged(written: str) -> None:
    assert read(with_data("account.saved", name=written)).data.account().name == written


CLEANED = [
    (" Ilse\r\n \u00a0\u2003Brandvold\t", "Ilse Brandvold"),
    ("Ilse\u2028Brandvold\u0085", "Ilse Brandvold"),
    ("Eve \u202enosredna\u202c Lee", "Eve nosredna Lee"),
    ("\u2066Eve\u2069 \u200fLee\u061c", "Eve Lee"),
    ("Il\u0000se\u0007 \u001b[31mB", "Ilse [31mB"),
    ("Il\u200bse\ufeff", "Ilse"),
    ("e\u200b\u0301", "é"),
    ("Zoe\u0308", "Zoë"),
    ("\u212bngstrom", "Ångstrom"),
    ("\ufa1b\ufa10 \U0002f804 e\u0301", "\ufa1b\ufa10 \U0002f804 é"),
    ("\u0e01\u200d\u0e02\u200c", "\u0e01\u200d\u0e02\u200c"),
]


@pytest.mark.parametrize(("written", "stored"), CLEANED, ids=ascii)
@pytest.mark.parametrize(("name", "path"), [*PRINTED, ("course.published", STEP_TITLE)], ids=dotted)
def test_a_text_is_cleaned_once_when_the_event_is_read(name: str, path: Path, written: str, stored: str) -> None:
    found = read(put(posted(name), path, written))
    for key in path:
        found = getattr(found, str(key)) if isinstance(key, str) else found[key]
    assert found == stored


@given(st.text(max_size=40))
def test_what_is_clean_stays_as_it_is(text: str) -> None:
    once = clean(text)
    assert clean(once) == once


@pytest.mark.parametrize(("name", "path"), [*PRINTED, ("course.published", STEP_TITLE)], ids=dotted)
def test_a_text_with_the_replacement_character_is_refused(name: str, path: Path) -> None:
    with pytest.raises(Rejected, match=rf"^invalid-data: {dotted(path)}: .*U\+FFFD"):
        read(put(posted(name), path, "Mar\ufffda"))


@pytest.mark.parametrize(("name", "path"), [*PRINTED, ("course.published", STEP_TITLE)], ids=dotted)
def test_a_letter_has_at_most_8_combining_marks(name: str, path: Path) -> None:
    read(put(posted(name), path, "e" + "\u0323" * 4 + "\u0302" * 4))
    with pytest.raises(Rejected, match=rf"^invalid-data: {dotted(path)}: .*8 combining marks"):
        read(put(posted(name), path, "e" + "\u0323" * 5 + "\u0302" * 4))


@pytest.mark.parametrize("between", ["\u200b", "\u202e", "\u0001", "\u200c", "\u200d"], ids=ascii)
def test_no_invisible_character_hides_how_many_marks_a_letter_has(between: str) -> None:
    assert reason_of(with_data("account.saved", name="e" + ("\u0302" * 5 + between) * 2)) == "invalid-data"
