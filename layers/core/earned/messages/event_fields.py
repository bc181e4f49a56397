"""The field types of the portal's events: their validation and their published schema."""

from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import regex
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    FiniteFloat,
    StringConstraints,
    WithJsonSchema,
)

from earned.domain.fact_codec import MAX_VIDEO_MILLISECONDS
from earned.messages.schema_types import text

MAX_PRINTED_GRAPHEMES = 200
MAX_STEP_TITLE_GRAPHEMES = 500
CODE_POINTS_PER_GRAPHEME = 7  # on average; a family emoji has 7, names in tools/design/preview/names.toml at most 2.8
MAX_KEY_BYTES = 1024  # S3's own limit
MAX_WHOLE_NUMBER = 2**53 - 1  # the largest that every JSON parser reads exactly
_VISIBLE = regex.compile(r"[^\p{Z}\p{C}\p{M}\p{Default_Ignorable_Code_Point}\u2800]")
_RFC_3339 = regex.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:[0-5]\d)", regex.ASCII)


def _rfc_3339(value: object) -> datetime:
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("must be an RFC 3339 time with its UTC offset")
    try:
        at = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a day and a time that exist, with an offset below a day") from None
    if at.year < 1970:
        raise ValueError("must not be before 1970")
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("must be a time zone of the IANA database") from error
    return value


def _object_key(value: str) -> str:
    if not value.isprintable() or len(value.encode()) > MAX_KEY_BYTES:
        raise ValueError(f"must be printable and at most {MAX_KEY_BYTES} bytes")
    if value.startswith("/") or ".." in PurePosixPath(value).parts:
        raise ValueError("must not start with a slash and have no .. in it")
    return value


def _readable(max_graphemes: int) -> AfterValidator:
    """Require a visible character; limit the graphemes and, against stacked marks, the code points."""
    max_code_points = max_graphemes * CODE_POINTS_PER_GRAPHEME

    def check(value: str) -> str:
        if not _VISIBLE.search(value):
            raise ValueError("must not be blank")
        if len(value) > max_code_points or len(regex.findall(r"\X", value)) > max_graphemes:
            raise ValueError(
                f"must not be longer than {max_graphemes} characters as a reader counts them "
                f"({max_code_points} code points)"
            )
        return value

    return AfterValidator(check)


def _readable_schema(max_graphemes: int, use: str) -> WithJsonSchema:
    description = f"{use}; not blank, at most {max_graphemes} characters as a reader counts them (graphemes)."
    return text(description, minLength=1, maxLength=max_graphemes * CODE_POINTS_PER_GRAPHEME, pattern=r"\S")


def video_milliseconds(seconds: float) -> int:
    """Capped at the largest value that the stored form holds."""
    return round(min(seconds, MAX_VIDEO_MILLISECONDS / 1000) * 1000)


Time = Annotated[
    AwareDatetime,
    BeforeValidator(_rfc_3339),
    text(
        "RFC 3339 with its UTC offset, 1970 or later; digits beyond milliseconds are dropped.",
        format="date-time",
        pattern=f"^{_RFC_3339.pattern}$",
    ),
]

Timezone = Annotated[str, AfterValidator(_timezone), text("A time zone of the IANA database.", minLength=1)]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$", max_length=35)]

Printable = Annotated[
    str,
    _readable(MAX_PRINTED_GRAPHEMES),
    _readable_schema(MAX_PRINTED_GRAPHEMES, "Printed on certificates"),
]

StepTitle = Annotated[
    str,
    _readable(MAX_STEP_TITLE_GRAPHEMES),
    _readable_schema(MAX_STEP_TITLE_GRAPHEMES, "Shown to learners, not printed"),
]

Hours = Annotated[FiniteFloat, Field(gt=0, le=10_000)]
ObjectKey = Annotated[str, StringConstraints(min_length=1, max_length=512), AfterValidator(_object_key)]
