"""The texts of a certificate in its language: wording from the design folder, dates and numbers from Babel."""

import re
import tomllib
import unicodedata
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from babel import Locale, UnknownLocaleError
from babel.units import format_unit
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from earned.document.days import format_days
from earned.document.deployed_designs import DesignFolder
from earned.document.marks import needs_extended_font
from earned.domain.certificate import CertificateContent
from earned.domain.training import TrainingKind

# Bidi controls and invisible characters, which can only deceive. ZWJ and ZWNJ stay: Persian and Indic names need them.
_INVISIBLE = [0xAD, 0x61C, 0x200B, 0x200E, 0x200F, 0xFEFF]
_DECEITFUL = dict.fromkeys(
    [*_INVISIBLE, *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080)]
)
# In NFC these become other characters, which are drawn in another shape.
_COMPATIBILITY_IDEOGRAPHS = re.compile("([\uf900-\ufaff\U0002f800-\U0002fa1f]+)")
_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"  # as <bdi>, which WeasyPrint ignores
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_VARIABLE = re.compile(r"var\(\s*--([\w-]+)")
_FALLBACK = "en"  # for languages without wording
Text = Annotated[str, StringConstraints(min_length=1)]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
_DataT = TypeVar("_DataT", bound="_Data")


class InvalidDesign(Exception):
    """The design folder is incomplete, or asks for something that cannot be drawn."""


class _Data(BaseModel):
    """The content of a file of the design folder; missing and unknown keys are errors."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class ByLanguage(_Data):
    """A text by language; the English one is the fallback for languages without one."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Text]
    en: Text


class Colours(_Data):
    """The colours that the renderer needs; style sheets may use more."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Colour]
    ink: Colour


class Brand(_Data):
    based_on: Text | None = None  # the design folder beside this one that has the files which this one lacks
    provider: Text | ByLanguage
    signatory: Text | ByLanguage
    role: Text | ByLanguage
    colours: Colours

    def colour(self, styles: str) -> str:
        """Style sheets with the colours as their variables; raises InvalidDesign if they use other ones."""
        colours = self.colours.model_dump()
        unknown = sorted(set(_VARIABLE.findall(styles)) - colours.keys() - {"scale"})  # set by the template
        if unknown:
            raise InvalidDesign(f"brand.toml has no colour {', '.join(unknown)}, which a style sheet asks for")
        return f":root {{ {'; '.join(f'--{name}: {colour}' for name, colour in colours.items())} }}\n{styles}"


class Occasion(_Data):
    """The wording for one kind of training."""

    heading: Text
    statement: Text


class Language(_Data):
    lead: Text
    company: Annotated[str, StringConstraints(pattern=r"\{company\}")]
    number: Text
    verify: Text
    scan: Text
    code: Text
    course: Occasion
    live_event: Occasion = Field(alias="live-event")
    locale: Text | None = None  # of dates and numbers, unless the certificate's language tag has a region
    hours: Literal["long", "short"] = "long"

    def occasion(self, kind: TrainingKind) -> Occasion:
        return self.course if kind is TrainingKind.COURSE else self.live_event


class Wording:
    """The texts of a design folder, read once; raises InvalidDesign if they are incomplete."""

    def __init__(self, folder: Path) -> None:
        files = DesignFolder(folder)
        self.brand = _read(files.path("brand.toml"), Brand)
        self._languages = {path.stem: _read(path, Language) for path in files.paths("wording/*.toml")}
        if _FALLBACK not in self._languages:
            raise InvalidDesign(f"wording/{_FALLBACK}.toml is not there; it is the fallback for other languages")

    @property
    def languages(self) -> list[str]:
        return list(self._languages)

    def language(self, tag: str) -> str:
        primary = tag.partition("-")[0].lower()
        return primary if primary in self._languages else _FALLBACK

    def words(self, content: CertificateContent) -> dict[str, str]:
        language = self.language(content.language)
        wording, brand = self._languages[language], self.brand
        return {
            "language": language,
            "direction": Locale.parse(language).text_direction,
            "provider": _in(language, brand.provider),
            "signatory": _in(language, brand.signatory),
            "role": _in(language, brand.role),
            **wording.model_dump(include={"lead", "number", "verify", "scan", "code"}),
            **wording.occasion(content.kind).model_dump(),
        }

    def texts(self, content: CertificateContent) -> dict[str, Any]:
        holder, title, company = (printable(text or "") for text in (content.holder, content.title, content.company))
        words = self.words(content)
        named = _isolated(company, words["direction"])
        language = self._languages[words["language"]]
        locale = _locale(content.language, language.locale or words["language"])
        return {
            "words": words,
            "holder": holder,
            "title": title,
            "company": language.company.replace("{company}", named) if company else None,
            "direction": {
                "provider": _direction(words["provider"]),
                "holder": _direction(holder),
                "title": _direction(title),
            },
            "scripts": {"holder": _scripts(holder), "title": _scripts(title), "company": _scripts(company)},
            "language": content.language if _LANGUAGE_TAG.fullmatch(content.language) else words["language"],
            "date": format_days(content.first_day or content.completed_on, content.completed_on, locale),
            "hours": format_unit(content.hours, "duration-hour", language.hours, locale=locale)
            if content.hours
            else None,
            "logo": {"of": company} if content.logo else None,
            "number": " ".join(re.findall(".{1,4}", content.certificate_id)),
            "verify_url": content.verify_url,
        }


def printable(text: str) -> str:
    """The text in NFC, on one line, without control characters, bidi overrides and lone surrogates.

    CJK compatibility ideographs keep their shape, which names rely on.
    """
    kept = (c for c in text.translate(_DECEITFUL) if c.isspace() or unicodedata.category(c) not in {"Cc", "Cs"})
    pieces = _COMPATIBILITY_IDEOGRAPHS.split(" ".join("".join(kept).split()))
    pieces[::2] = [unicodedata.normalize("NFC", piece) for piece in pieces[::2]]
    return "".join(pieces)


def _read(path: Path, kind: type[_DataT]) -> _DataT:
    name = path.name if kind is Brand else f"{path.parent.name}/{path.name}"
    try:
        return kind.model_validate(tomllib.loads(path.read_text("utf-8")))
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise InvalidDesign(f"{name}: {'; '.join(faults)}") from None
    except (OSError, ValueError) as error:
        raise InvalidDesign(f"{name}: {error}") from None


def _in(language: str, text: str | ByLanguage) -> str:
    return text if isinstance(text, str) else str(getattr(text, language, text.en))


def _locale(tag: str, otherwise: str) -> Locale:
    """The locale of the tag's region in the language of the wording, if Babel has it, else `otherwise`.

    So es-MX has Mexico's format; en, and pt-BR, which is worded in English, have that of `otherwise`.
    """
    language = otherwise.partition("-")[0]
    region = tag.partition("-")[2]
    try:
        locale = Locale.parse(f"{language}-{region}", sep="-") if region else None
    except (UnknownLocaleError, ValueError):
        locale = None
    return locale if locale and locale.territory else Locale.parse(otherwise, sep="-")


def _isolated(text: str, direction: str) -> str:
    """A text that runs in another direction than the line around it, isolated, so that its full stop stays with it."""
    others = {"R", "AL"} if direction == "ltr" else {"L"}
    is_foreign = any(unicodedata.bidirectional(c) in others for c in text)
    return f"{_ISOLATE}{text}{_END_OF_ISOLATE}" if is_foreign else text


def _direction(text: str) -> str:
    """`rtl` if the first letter with a strong direction runs from right to left, else `ltr` (UAX #9, P2 and P3)."""
    strong = (unicodedata.bidirectional(c) for c in text)
    return "rtl" if next((b for b in strong if b in {"L", "R", "AL"}), "L") in {"R", "AL"} else "ltr"


def _scripts(text: str) -> str:
    """The scripts of the letters by their Unicode names, such as `cyrillic latin`, as classes for style sheets.

    `extended` asks for a font that places every mark and has the rare letters of its script.
    """
    scripts = sorted({unicodedata.name(c, "").partition(" ")[0].lower() for c in text if c.isalpha()})
    return " ".join([*scripts, "extended"] if needs_extended_font(text) else scripts)
