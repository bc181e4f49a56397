"""The texts of a certificate in each language, and the checks of a design folder."""
# ruff: noqa: RUF001  # letters of many scripts

import dataclasses
import shutil
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from earned.document.deployed_designs import FOLDER as DESIGN_FOLDERS
from earned.document.wording import Brand, Colours, InvalidDesign, Wording, printable
from earned.domain.training import TrainingKind
from tests.unit.builders import issue

FOLDER = DESIGN_FOLDERS / "default"
LANGUAGES = ["ar", "de", "en", "es", "fr", "ja"]
NORTHLIGHT = Wording(FOLDER)
PRINTED = dataclasses.replace(issue().printed, completed_on=date(2026, 11, 4))


def texts(**changes: Any) -> dict[str, Any]:
    return NORTHLIGHT.texts(dataclasses.replace(PRINTED, **changes))


def changed(tmp_path: Path, file: str, old: str, new: str) -> Path:
    """A copy of the design folder with one file changed."""
    folder = shutil.copytree(FOLDER, tmp_path / "design")
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("en", "4 November 2026"),
        ("en-US", "November 4, 2026"),
        ("en-us", "November 4, 2026"),
        ("en-GB", "4 November 2026"),
        ("es", "4 de noviembre de 2026"),
        ("es-MX", "4 de noviembre de 2026"),
        ("fr", "4 novembre 2026"),
        ("fr-CA", "4 novembre 2026"),
        ("de", "4. November 2026"),
        ("de-AT", "4. November 2026"),
        ("ar", "4 نوفمبر 2026"),
        ("ar-MA", "4 نونبر 2026"),
        ("ja", "2026年11月4日"),
        ("ja-JP", "2026年11月4日"),
    ],
)
def test_a_date_has_the_format_of_its_language_and_region(tag: str, expected: str):
    assert texts(language=tag)["date"] == expected


@pytest.mark.parametrize(
    ("tag", "days", "across_months", "across_years"),
    [
        ("en", "2–4 March 2026", "30 March – 2 April 2026", "30 December 2026 – 2 January 2027"),
        ("en-US", "March 2 – 4, 2026", "March 30 – April 2, 2026", "December 30, 2026 – January 2, 2027"),
        (
            "es",
            "2–4 de marzo de 2026",
            "30 de marzo – 2 de abril de 2026",
            "30 de diciembre de 2026 – 2 de enero de 2027",
        ),
        ("fr", "2–4 mars 2026", "30 mars – 2 avril 2026", "30 décembre 2026 – 2 janvier 2027"),
        ("de", "2.–4. März 2026", "30. März – 2. April 2026", "30. Dezember 2026 – 2. Januar 2027"),
        ("ar", "2–4 مارس 2026", "30 مارس – 2 أبريل 2026", "30 ديسمبر 2026 – 2 يناير 2027"),
        ("ja", "2026年3月2日～4日", "2026年3月30日～4月2日", "2026年12月30日～2027年1月2日"),
    ],
)
def test_the_days_of_a_live_event_are_a_range_of_the_language(
    tag: str, days: str, across_months: str, across_years: str
):
    ranges = [
        (date(2026, 3, 2), date(2026, 3, 4)),
        (date(2026, 3, 30), date(2026, 4, 2)),
        (date(2026, 12, 30), date(2027, 1, 2)),
    ]
    printed = [texts(language=tag, first_day=first, completed_on=last)["date"] for first, last in ranges]
    assert [text.replace("\u2009", " ") for text in printed] == [days, across_months, across_years]


def test_with_an_unknown_region_a_date_has_the_format_of_the_language():
    for tag in ["es-XX", "es-", "es-Latn-XX-1996", "ES"]:
        assert texts(language=tag)["date"] == "4 de noviembre de 2026"


@pytest.mark.parametrize(
    ("tag", "one", "two", "some", "many"),
    [
        ("en", "1 hour", "2 hours", "7.5 hours", "24 hours"),
        ("es", "1 hora", "2 horas", "7,5 horas", "24 horas"),
        ("es-MX", "1 hora", "2 horas", "7.5 horas", "24 horas"),
        ("es-MX-1996", "1 hora", "2 horas", "7.5 horas", "24 horas"),
        ("fr", "1 heure", "2 heures", "7,5 heures", "24 heures"),
        ("de", "1 Stunde", "2 Stunden", "7,5 Stunden", "24 Stunden"),
        ("ar", "ساعة", "ساعتان", "7.5 ساعة", "24 ساعة"),
        ("ja", "1 時間", "2 時間", "7.5 時間", "24 時間"),
    ],
)
def test_hours_have_the_plural_and_the_decimal_sign_of_the_language(tag: str, one: str, two: str, some: str, many: str):
    hours = [texts(language=tag, hours=hours)["hours"] for hours in (1.0, 2.0, 7.5, 24.0)]
    assert [text.replace("\xa0", " ") for text in hours] == [one, two, some, many]


def test_without_hours_there_is_no_text_for_them():
    assert texts(hours=None)["hours"] is None


def test_every_language_has_every_text_and_its_own_words():
    assert NORTHLIGHT.languages == LANGUAGES
    for kind in TrainingKind:
        words = [NORTHLIGHT.words(dataclasses.replace(PRINTED, language=tag, kind=kind)) for tag in LANGUAGES]
        assert len({frozenset(each) for each in words}) == 1
        assert all(text for each in words for text in each.values())
        for key in ("heading", "statement", "lead", "role", "scan", "verify"):
            assert len({each[key] for each in words}) == len(LANGUAGES)


def test_the_texts_of_a_certificate_are_all_that_a_template_may_print():
    everything = texts(company="Sample Lanterns", hours=7.5, logo="0" * 64)
    assert everything == {
        "words": {
            "language": "en",
            "direction": "ltr",
            "provider": "Northlight Leadership Academy",
            "signatory": "Ingrid Solvang",
            "role": "Director of Learning",
            "heading": "Certificate of Completion",
            "statement": "has successfully completed the course",
            "lead": "This is to certify that",
            "number": "Certificate No.",
            "verify": "Verify at",
            "scan": "Scan to verify",
            "code": "QR code of the verification link",
        },
        "holder": "Ilse Brandvold",
        "title": "Safe lifting",
        "company": "of Sample Lanterns",
        "direction": {"provider": "ltr", "holder": "ltr", "title": "ltr"},
        "scripts": {"holder": "latin", "title": "latin", "company": "latin"},
        "language": "en",
        "date": "4 November 2026",
        "hours": "7.5 hours",
        "logo": {"of": "Sample Lanterns"},
        "number": "k3f7 m2qz t5vx 4hbr n6wd yc2j pa",
        "verify_url": "https://learn.example/verify/k3f7m2qzt5vx4hbrn6wdyc2jpa",
    }
    plain = texts()
    assert plain.keys() == everything.keys()
    assert [plain[name] for name in ("company", "hours", "logo")] == [None, None, None]


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_live_event_has_another_wording_than_a_course(tag: str):
    course, event = (NORTHLIGHT.words(dataclasses.replace(PRINTED, language=tag, kind=kind)) for kind in TrainingKind)
    assert course["heading"] != event["heading"]
    assert course["statement"] != event["statement"]


def test_arabic_runs_from_right_to_left_and_every_text_in_its_own_direction():
    arabic = texts(language="ar", holder="ליה לורביץ", title="Leading")
    assert arabic["words"]["direction"] == "rtl"
    assert arabic["direction"] == {"provider": "ltr", "holder": "rtl", "title": "ltr"}
    assert {texts(language=tag)["words"]["direction"] for tag in LANGUAGES if tag != "ar"} == {"ltr"}


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("ليلى", "rtl"),
        ("ליה", "rtl"),
        ("(ליה)", "rtl"),
        ("7 ليلى Sample", "rtl"),
        ("Ada ليلى", "ltr"),
        ("(Ada) ליה", "ltr"),
        ("7", "ltr"),
    ],
)
def test_the_first_letter_with_a_direction_decides_that_of_a_text(name: str, direction: str):
    assert texts(holder=name, title=name)["direction"] == {"provider": "ltr", "holder": direction, "title": direction}


@pytest.mark.parametrize("tag", ["tlh", "pt-BR", "zh-Hant-TW", "", "<b>", "x" * 300])
def test_an_unknown_language_has_the_english_wording_and_is_marked_as_english(tag: str):
    assert texts(language=tag)["words"]["language"] == "en"
    assert texts(language=tag)["words"]["heading"] == "Certificate of Completion"
    assert texts(language=tag)["date"] == "4 November 2026"


def test_name_and_title_are_marked_with_the_language_of_the_training_if_its_tag_is_valid():
    assert texts(language="pt-BR")["language"] == "pt-BR"
    assert texts(language='"><b>')["language"] == "en"


def test_the_scripts_of_a_name_are_classes_for_the_style_sheet():
    assert texts(holder="Anna Олена 7")["scripts"]["holder"] == "cyrillic latin"
    assert texts(holder="\ue000")["scripts"]["holder"] == ""


def test_a_company_name_is_printed_literally():
    assert texts(company='"A" {company} }')["company"] == 'of "A" {company} }'
    assert texts(company="Larkspur", language="fr")["company"] == "de la société Larkspur"
    assert texts(company=None)["company"] is None


def test_a_company_name_of_the_other_direction_is_isolated():
    arabic = "شركة ١٢٣ ش.م.م."
    assert texts(company=arabic)["company"] == f"of \u2068{arabic}\u2069"
    assert texts(company=arabic, language="ar")["company"] == f"من {arabic}"
    assert texts(company="ליה בע״מ")["company"] == "of \u2068ליה בע״מ\u2069"
    assert texts(company="Larkspur Inc.", language="ar")["company"] == "من \u2068Larkspur Inc.\u2069"


@pytest.mark.parametrize(
    ("name", "scripts"),
    [
        ("Ọlọ́runfẹ́mi", "latin extended"),
        ("Қарлығаш", "cyrillic extended"),
        ("Zoë Nguyễn", "latin"),
        ("Олена", "cyrillic"),
    ],
)
def test_a_name_that_needs_a_font_with_more_marks_or_letters_has_a_class_for_it(name: str, scripts: str):
    assert texts(holder=name)["scripts"]["holder"] == scripts
    assert texts(title=name)["scripts"]["title"] == scripts
    assert texts(company=name)["scripts"]["company"] == scripts


def test_a_brand_names_provider_and_signatory_in_one_language_or_several(tmp_path: Path):
    folder = changed(
        tmp_path,
        "brand.toml",
        'signatory = "Ingrid Solvang"',
        'signatory = {en = "Odile Harrow", de = "Odile Harrow-Kern"}',
    )
    text = (folder / "brand.toml").read_text("utf-8")
    (folder / "brand.toml").write_text(
        text.replace('"Northlight Leadership Academy"', '{en = "Fernhill", fr = "Fougère"}')
    )
    other = Wording(folder)
    worded = {tag: other.words(dataclasses.replace(PRINTED, language=tag)) for tag in ("en", "fr", "de")}
    assert [words["provider"] for words in worded.values()] == ["Fernhill", "Fougère", "Fernhill"]
    assert [words["signatory"] for words in worded.values()] == ["Odile Harrow", "Odile Harrow", "Odile Harrow-Kern"]


def test_the_colours_of_the_brand_are_variables_of_the_style_sheets():
    styles = NORTHLIGHT.brand.colour("p { color: var(--ink) }")
    assert "--ink: #10283f" in styles
    assert styles.endswith("p { color: var(--ink) }")


def test_the_variables_are_declared_before_the_style_sheets_and_the_template_sets_the_scale():
    brand = Brand(provider="A", signatory="B", role="C", colours=Colours(ink="#10283f", gold="#aa8833"))
    styles = "p { color: var( --gold); zoom: var(--scale) }"
    assert brand.colour(styles) == f":root {{ --ink: #10283f; --gold: #aa8833 }}\n{styles}"


def test_a_style_sheet_with_colours_that_the_brand_lacks_is_refused():
    message = r"^brand\.toml has no colour mauve, plum, which a style sheet asks for$"
    with pytest.raises(InvalidDesign, match=message):
        NORTHLIGHT.brand.colour("p { color: var(--plum); background: var(--mauve) }")


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("brand.toml", "provider =", "supplier =", r"brand\.toml: provider: Field required"),
        ("brand.toml", '"#10283f"', '"red; } * {"', r"brand\.toml: colours\.ink"),
        ("brand.toml", "ink =", "blot =", r"brand\.toml: colours\.ink: Field required"),
        ("brand.toml", 'en = "Director', 'it = "Director', r"brand\.toml: role"),
        ("wording/fr.toml", "lead =", "laed =", r"wording/fr\.toml: lead: Field required; laed: Extra inputs"),
        ("wording/ja.toml", "{company}", "", r"wording/ja\.toml: company"),
        ("wording/de.toml", "[course]", "[curse]", r"wording/de\.toml: course: Field required"),
        ("wording/es.toml", "lead = ", "lead = =", r"wording/es\.toml: Invalid value"),
    ],
)
def test_the_error_for_an_incomplete_file_names_the_file_and_the_key(
    tmp_path: Path, file: str, old: str, new: str, message: str
):
    with pytest.raises(InvalidDesign, match=f"^{message}"):
        Wording(changed(tmp_path, file, old, new))


def test_a_design_without_brand_or_english_is_refused(tmp_path: Path):
    folder = shutil.copytree(FOLDER, tmp_path / "design")
    (folder / "wording/en.toml").unlink()
    with pytest.raises(InvalidDesign, match=r"wording/en\.toml is not there"):
        Wording(folder)
    (folder / "brand.toml").unlink()
    with pytest.raises(InvalidDesign, match=r"brand\.toml: .*No such file"):
        Wording(folder)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Zoe\u0308", "Zoë"),
        ("\u202eevil\u202c Name", "evil Name"),
        ("A\u2066\u200f\ufeffB\u00ad", "AB"),
        ("  One\t\nTwo\u2028\u00a0Three ", "One Two Three"),
        ("Nul\x00Bell\x07Del\x7f \x07 End", "NulBellDel End"),
        ("lone\ud800", "lone"),
        ("\ufa1b田 Zoe\u0308", "\ufa1b田 Zoë"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # the joiner is under test
    ],
)
def test_printable_text_is_normalised_and_has_no_hidden_characters(raw: str, clean: str):
    assert printable(raw) == clean
    assert unicodedata.is_normalized("NFC", clean.replace("\ufa1b", ""))


def test_the_layer_has_the_locale_data_of_every_language_with_a_wording():
    kept = Path(__file__).parents[3] / "layers" / "weasyprint" / "languages.txt"
    assert sorted(kept.read_text().split()) == NORTHLIGHT.languages
