"""File names of documents, and the header that carries them."""
# ruff: noqa: RUF001  # letters of many scripts

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earned.domain import file_names
from tests.unit.builders import issue

PRINTED = replace(issue().printed, title="Safe lifting", holder="Ilse Brandvold", completed_on=date(2026, 3, 2))


@pytest.mark.parametrize(
    ("title", "holder", "expected"),
    [
        ("Safe lifting", "Ilse Brandvold", "Safe lifting - Ilse Brandvold - 2026-03-02.pdf"),
        ("Fire/Safety: \\part* ?2", 'Ilse "Il" <B>|', "Fire Safety part 2 - Ilse Il B - 2026-03-02.pdf"),
        ("Line\r\nSet-Cookie: x", "Il\u202ese\u200b\u0000", "Line Set-Cookie x - Il se - 2026-03-02.pdf"),
        ("安全培训", "Ægir Þórsson", "安全培训 - Ægir Þórsson - 2026-03-02.pdf"),
    ],
)
def test_a_file_name_is_readable_and_has_no_character_that_file_systems_refuse(
    title: str, holder: str, expected: str
) -> None:
    assert file_names.file_name(replace(PRINTED, title=title, holder=holder)) == expected


ANY_TEXT = st.text(st.characters(), max_size=150)


@given(ANY_TEXT, ANY_TEXT)
def test_any_title_and_holder_give_a_short_file_name_without_control_characters(title: str, holder: str) -> None:
    name = file_names.file_name(replace(PRINTED, title=title, holder=holder))

    assert name.endswith(".pdf")
    assert len(name.encode()) <= 255  # what file systems take
    assert name.translate({0x200C: None, 0x200D: None}).isprintable()
    assert not set(name) & set('\\/:*?"<>|')
    assert not name.removesuffix(".pdf").endswith((" ", "."))


@given(ANY_TEXT, ANY_TEXT)
def test_any_title_and_holder_give_an_ascii_header_that_decodes_to_the_file_name(title: str, holder: str) -> None:
    name = file_names.file_name(replace(PRINTED, title=title, holder=holder))
    header = file_names.attachment(name)
    parts = re.fullmatch(r"""attachment; filename="[ -~]+"; filename\*=UTF-8''([!-~]+)""", header)

    assert parts is not None
    assert header.count('"') == 2
    assert not re.search(r"[\\/:*?<>|]", header.split('"')[1])
    assert unquote(parts[1], errors="strict") == name


def test_the_longest_title_and_holder_give_a_file_name_that_file_systems_accept() -> None:
    name = file_names.file_name(replace(PRINTED, title="安" * 500, holder="\U0001d49c" * 200))

    assert len(name.encode()) <= 255
    assert name.endswith("\U0001d49c - 2026-03-02.pdf")


def test_a_title_of_refused_characters_only_is_left_out_of_the_file_name() -> None:
    assert file_names.file_name(replace(PRINTED, title="???")) == "Ilse Brandvold - 2026-03-02.pdf"


def test_a_long_title_leaves_room_for_the_holder_and_the_day() -> None:
    name = file_names.file_name(replace(PRINTED, title="Advanced lifting of very heavy things " * 5))

    assert "Ilse Brandvold" in name
    assert name.endswith("2026-03-02.pdf")


@pytest.mark.parametrize("device", ["AUX", "con", "NUL", "PRN", "COM1", "lpt9", "COM²", "CONIN$", "AUX ", "NUL..x"])
def test_no_file_is_named_like_a_device_of_windows(device: str) -> None:
    for printed in (replace(PRINTED, title=f"{device}.1"), replace(PRINTED, title="?", holder=f"{device}.x")):
        stem = file_names.file_name(printed).partition(".")[0].strip()

        assert stem.upper() not in {"AUX", "CON", "NUL", "PRN", "COM1", "LPT9", "COM²", "CONIN$"}


def test_a_title_like_a_device_of_windows_loses_its_dot() -> None:
    assert file_names.file_name(replace(PRINTED, title="AUX.1")) == "AUX 1 - Ilse Brandvold - 2026-03-02.pdf"
    assert file_names.file_name(replace(PRINTED, title="Auxiliary.1")).startswith("Auxiliary.1 - ")


def test_a_long_title_is_cut_between_words() -> None:
    name = file_names.file_name(replace(PRINTED, title="Advanced lifting of very heavy things " * 5))

    assert name.startswith("Advanced lifting of very heavy things " * 2)
    assert set(name.partition(" - ")[0].split()) == {"Advanced", "lifting", "of", "very", "heavy", "things"}


def test_a_long_word_is_cut_between_letters() -> None:
    title = file_names.file_name(replace(PRINTED, title="ẹ\u0301" * 50)).partition(" - ")[0]

    assert len(title.encode()) > 100
    assert set(title[::2]) == {"ẹ"}
    assert set(title[1::2]) == {"\u0301"}


@pytest.mark.parametrize("before", range(6))
def test_a_cut_leaves_no_letter_without_its_marks_and_joiners(before: int) -> None:
    for cluster in ("ẹ\u0301", "क्\u200dष", "e\u0301\u0323"):
        title = file_names.file_name(replace(PRINTED, title="x" * before + cluster * 50)).partition(" - ")[0]
        rest = title.removeprefix("x" * before)
        whole = len(rest) // len(cluster)
        assert rest[: whole * len(cluster)] == cluster * whole
        assert rest[whole * len(cluster) :] in {"", "क्"}
        assert not title.endswith("\u200d")
        assert len(title.encode()) > 100


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("x" * 110, "x" * 110),
        ("x" * 111, "x" * 110),
        (f"{'x' * 54} {'y' * 99}", f"{'x' * 54} {'y' * 55}"),
        (f"{'x' * 55} {'y' * 99}", "x" * 55),
        (f"{'x' * 110} y", "x" * 110),
        (f"{'x' * 108} y z", f"{'x' * 108} y"),
        (f"{'x' * 109} y z", "x" * 109),
        (" . X-ray.  lifting X . ", "X-ray. lifting X"),
        (f". {'x' * 110}", "x" * 110),
        (f"{'x' * 109}.{'y' * 50}", "x" * 109),
        ("X" * 150, "X" * 110),
    ],
)
def test_a_title_has_at_most_110_bytes_of_whole_words_unless_half_of_them_would_go(title: str, kept: str) -> None:
    assert file_names.file_name(replace(PRINTED, title=title)) == f"{kept} - Ilse Brandvold - 2026-03-02.pdf"


@pytest.mark.parametrize(("length", "kept"), [(90, 90), (91, 90)])
def test_a_holder_has_at_most_90_bytes(length: int, kept: int) -> None:
    name = file_names.file_name(replace(PRINTED, holder="x" * length))
    assert name == f"Safe lifting - {'x' * kept} - 2026-03-02.pdf"


def test_an_archive_is_named_after_its_company_and_day_and_a_report_after_its_day() -> None:
    at = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)
    assert file_names.archive_name("Lux / Depot", at) == "Certificates - Lux Depot - 2026-03-02.zip"
    assert file_names.archive_name("x" * 201, at) == f"Certificates - {'x' * 200} - 2026-03-02.zip"
    assert file_names.report_name(at) == "Records - 2026-03-02.zip"


def test_every_character_of_a_name_but_letters_and_digits_is_escaped_in_the_header() -> None:
    assert file_names.attachment("a/b c'd%.pdf").endswith("filename*=UTF-8''a%2Fb%20c%27d%25.pdf")


def test_the_joiners_of_persian_and_indic_words_stay() -> None:
    assert file_names.file_name(replace(PRINTED, title="ශ්\u200dරී")).startswith("ශ්\u200dරී - ")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Käse.pdf", "Kase.pdf"),
        ("Straße - Łukasz Þórsson.pdf", "Strasse - Lukasz Thorsson.pdf"),
        ("Ọlọ́runfẹ́mi – Ɛ́fɔ́.pdf", "Olorunfemi - Efo.pdf"),
        ("林花子 - 2026.pdf", "_ - 2026.pdf"),
        ("Anna’s.pdf", "Anna's.pdf"),
    ],
)
def test_old_programs_get_the_nearest_latin_letters(name: str, plain: str) -> None:
    assert f'filename="{plain}"' in file_names.attachment(name)


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("安全\uff0f衛生", "_ - Ilse Brandvold"),
        ("A\uff0fB", "A_B - "),
        ("A\uff1aB", "A_B - "),
        ("AUX\uff0e1", "AUX 1 - "),
    ],
)
def test_a_full_width_character_becomes_none_that_file_systems_refuse(title: str, plain: str) -> None:
    assert f'filename="{plain}' in file_names.attachment(file_names.file_name(replace(PRINTED, title=title)))
