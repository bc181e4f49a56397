"""The field types of events: ids, times and names."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.messages.event_examples import EVERY_PATH, Path, dotted, posted, put, read, reason_of, with_data

# Ids and times.

ID_PATHS = [
    (name, path)
    for name, path in EVERY_PATH
    if isinstance(path[-1], str) and (path[-1].endswith("_id") or path[-1] in ("id", "granted_by"))
]


@pytest.mark.parametrize(("name", "path"), ID_PATHS, ids=dotted)
def test_an_id_has_1_to_64_of_the_characters_of_the_contract(name: str, path: Path) -> None:
    for good in ("x", "0", "Az0._:-", "x" * 64):
        read(put(posted(name), path, good))
    for bad in ("", "x" * 65, "x\n", "\nx", "x y", " x", "x\t", "x/y", "x#y", "é", "x\u0000", "١", "x\u200b", "а"):  # noqa: RUF001  # look-alikes are what is tested
        assert reason_of(put(posted(name), path, bad)) == "invalid-data", bad


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
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "1969-12-31T23:59:59.999Z",
    "1970-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
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
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_utc_to_the_millisecond(time: str, expected: datetime) -> None:
    assert read({**posted("lesson.completed"), "time": time}).time == expected
    assert read({**posted("lesson.completed"), "time": time}).time.utcoffset() == timedelta(0)


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


@pytest.mark.parametrize(
    "written", ["O", "李", "أحمد", "<b>Ilse</b>", " Ilse ", "Ilse\u200bB", "3M", "???", "\U0001f389"]
)
def test_a_name_in_any_script_is_accepted_unchanged(written: str) -> None:
    assert read(with_data("account.saved", name=written)).data.account().name == written
