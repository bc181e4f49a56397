"""File names of documents, and the header that carries them."""

import re
from dataclasses import replace
from datetime import date
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
    assert name.isprintable()
    assert not set(name) & set('\\/:*?"<>|')
    assert not name.removesuffix(".pdf").endswith((" ", "."))


@given(ANY_TEXT, ANY_TEXT)
def test_any_title_and_holder_give_an_ascii_header_that_decodes_to_the_file_name(title: str, holder: str) -> None:
    name = file_names.file_name(replace(PRINTED, title=title, holder=holder))
    header = file_names.attachment(name)
    parts = re.fullmatch(r"""attachment; filename="[ -~]+"; filename\*=UTF-8''([!-~]+)""", header)

    assert parts is not None
    assert header.count('"') == 2
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
