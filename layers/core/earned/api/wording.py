"""The API's texts in the languages of the folder `wording`."""

import tomllib
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from earned.domain.requirements import Reason, Requirement

_FOLDER = Path(__file__).with_name("wording")
LANGUAGES = frozenset(path.stem for path in _FOLDER.glob("*.toml"))


class _Texts(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class StatusTexts(_Texts):
    title: str
    text: str


class Statuses(_Texts):
    valid: StatusTexts
    revoked: StatusTexts
    superseded: StatusTexts
    withdrawn: StatusTexts
    unknown: StatusTexts


class CompareTexts(_Texts):
    heading: str
    text: str
    choose: str
    same: str
    different: str


class SignatureTexts(_Texts):
    """What becomes of the check of a file's credential."""

    valid: str
    invalid: str
    missing: str
    unsupported: str
    unreachable: str


class FormTexts(_Texts):
    title: str
    text: str
    number: str
    button: str


class Links(_Texts):
    another: str
    current: str


class Labels(_Texts):
    holder: str
    training: str
    company: str
    hours: str
    completed_on: str
    issued_at: str
    revoked_at: str
    revision: str
    issuer: str
    number: str
    checked: str


class Wording(_Texts):
    """The texts of one language; `requirements` are empty in English, whose messages are the domain's."""

    direction: Literal["ltr", "rtl"]
    date_pattern: str
    months: list[str] = Field(min_length=12, max_length=12)
    moment_pattern: str
    decimal: Literal[".", ","]
    status: Statuses
    labels: Labels
    compare: CompareTexts
    signature: SignatureTexts
    form: FormTexts
    links: Links
    requirements: dict[str, str] = {}

    def day(self, day: date) -> str:
        return self.date_pattern.format(day=day.day, month=self.months[day.month - 1], year=day.year)

    def moment_of(self, at: datetime) -> str:
        at = at.astimezone(UTC)
        return self.moment_pattern.format(date=self.day(at.date()), time=f"{at:%H:%M}")

    def number(self, number: float) -> str:
        return f"{number:.10g}".replace(".", self.decimal)

    def message(self, requirement: Requirement) -> str:
        pattern = self.requirements.get(requirement.reason.value)
        if pattern is None:
            return requirement.message
        return pattern.format(title=requirement.title, detail=requirement.detail)


@cache
def wording(language: str) -> Wording:
    return read(_FOLDER / f"{language}.toml")


def read(path: Path) -> Wording:
    """Raises `ValidationError` for a file with a text too many, and `ValueError` for one too few."""
    texts = Wording.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    if path.stem != "en" and texts.requirements.keys() != {reason.value for reason in Reason}:
        raise ValueError(f"{path.name} has not exactly one message for each reason")
    return texts
