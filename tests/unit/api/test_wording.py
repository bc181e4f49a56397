"""The API's texts: complete in every language, with dates as the certificates write them."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.dates import format_date
from babel.numbers import format_decimal

import earned.api.wording
from earned.api.wording import LANGUAGES, read, wording
from earned.document import deployed_designs
from earned.domain.requirements import Reason, Requirement
from earned.domain.training import DEFAULT_DESIGN
from earned.testing.cloudformation import ROOT

FOLDER = Path(earned.api.wording.__file__).with_name("wording")
MESSAGES = Path(earned.api.wording.__file__).with_name("console") / "messages.js"
AT = datetime(2026, 3, 2, 18, 5, 59, tzinfo=UTC)


def test_a_language_has_all_three_sets_of_texts() -> None:
    certificates = {path.stem for path in (deployed_designs.FOLDER / DEFAULT_DESIGN / "wording").glob("*.toml")}
    [console] = re.findall(r"(?m)^export const LANGUAGES = \{(.+)\};", MESSAGES.read_text("utf-8"))
    assert certificates == LANGUAGES == {name.split(":")[0].strip() for name in console.split(",")}
    assert {"en", "es", "fr", "de", "ar", "ja"} <= LANGUAGES


@pytest.mark.parametrize(
    ("page", "sentence"),
    [("contract", r"Messages and page are in (.+) by `Accept-Language`"), ("pages", r"\*\*Languages\*\*: (.+), by")],
)
def test_the_documentation_names_every_language(page: str, sentence: str) -> None:
    [listed] = re.findall(sentence, (ROOT / f"docs/{page}.md").read_text("utf-8"))
    assert set(re.split(", | or ", listed)) == LANGUAGES


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("month", range(1, 13))
def test_a_day_is_written_as_on_the_certificate(language: str, month: int) -> None:
    day = date(2026, month, 28)
    locale = "en_GB" if language == "en" else language
    assert wording(language).day(day) == format_date(day, "long", locale)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_number_of_hours_has_the_languages_decimal_mark(language: str) -> None:
    assert wording(language).number(7.5) == format_decimal(7.5, locale=language)
    assert wording(language).number(8.0) == "8"


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_message_that_names_its_subject_and_its_detail(language: str, reason: Reason) -> None:
    english = Requirement("video", "v", "Listening", reason, AT, "U+1FAE8")
    told = wording(language).message(english)
    assert told != english.message or language == "en"
    assert ("Listening" in told) is ("Listening" in english.message)
    assert ("U+1FAE8" in told) is ("U+1FAE8" in english.message)


def test_the_moment_of_checking_is_to_the_minute_in_utc() -> None:
    assert wording("de").moment_of(AT) == "2. März 2026, 18:05 UTC"


@pytest.mark.parametrize(
    ("old", "new"), [("marked-absent = ", "marked-late = "), ("[requirements]", "[requirements]\nmarked-late = 'x'")]
)
def test_a_language_without_exactly_the_messages_of_all_reasons_is_refused_and_named(
    tmp_path: Path, old: str, new: str
) -> None:
    text = (FOLDER / "fr.toml").read_text("utf-8")
    assert old in text
    (tmp_path / "fr.toml").write_text(text.replace(old, new), "utf-8")
    with pytest.raises(ValueError, match=r"^fr\.toml has not exactly one message for each reason$"):
        read(tmp_path / "fr.toml")
