"""The field types of the portal's events: their validation, and the published schema that says the same.

A pattern has no `\\d`, `\\w` or `\\s` whose meaning differs between ECMAScript and Python.
"""

import re
import sys
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, FiniteFloat, StringConstraints, WithJsonSchema

from earned.domain.errors import Rejected
from earned.domain.fact_codec import MAX_VIDEO_MILLISECONDS
from earned.messages.schema_types import text
from earned.messages.texts import MAX_MARKS, clean, graphemes, has_piled_marks

MAX_PRINTED_GRAPHEMES = 200
MAX_STEP_TITLE_GRAPHEMES = 500
CODE_POINTS_PER_GRAPHEME = 7  # on average; a family emoji has 7, names in tools/design/preview/names.toml at most 2.8
MAX_KEY_BYTES = 1024  # S3's own limit
MAX_KEY_LENGTH = MAX_KEY_BYTES // 4  # a character has at most 4 bytes in UTF-8
MAX_WHOLE_NUMBER = 2**53 - 1  # the largest that every JSON parser reads exactly
_CONTROLS = "\\u0000-\\u001f\\u007f-\\u009f"
_REPLACEMENT_CHARACTER = "\\ufffd"


# Texts.

# Characters that nobody sees: white space, controls, those that Unicode ignores by default, the blank Braille pattern.
_INVISIBLE = (
    f"{_CONTROLS}\\u0020\\u00a0\\u00ad\\u034f\\u061c\\u115f\\u1160\\u1680\\u17b4\\u17b5\\u180b-\\u180f\\u2000-\\u200f"
    "\\u2028-\\u202f\\u205f-\\u206f\\u2800\\u3000\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb"
    "\U000e0000-\U000e0fff"
)
_READABLE_PATTERN = f"^[^{_REPLACEMENT_CHARACTER}]*[^{_INVISIBLE}{_REPLACEMENT_CHARACTER}][^{_REPLACEMENT_CHARACTER}]*$"
_VISIBLE = re.compile(f"[^{_INVISIBLE}]")


def _readable(max_graphemes: int) -> AfterValidator:
    """Clean a text; require a visible character, and limit its length, also in code points, against stacked marks."""
    max_code_points = max_graphemes * CODE_POINTS_PER_GRAPHEME

    def read(value: str) -> str:
        if len(value) > max_code_points:
            raise ValueError(f"must not be longer than {max_code_points} code points")
        if "\ufffd" in value:
            raise ValueError("must not have the replacement character U+FFFD")
        cleaned = clean(value)
        if has_piled_marks(cleaned):
            raise ValueError(f"must not have more than {MAX_MARKS} combining marks on one letter")
        if not _VISIBLE.search(cleaned):
            raise ValueError("must not be blank")
        if graphemes(cleaned) > max_graphemes:
            raise ValueError(f"must not be longer than {max_graphemes} characters as a reader counts them")
        return cleaned

    return AfterValidator(read)


def _readable_schema(max_graphemes: int, use: str) -> WithJsonSchema:
    description = (
        f"{use}; not blank, at most {max_graphemes} characters as a reader counts them (graphemes) and {MAX_MARKS} "
        "combining marks on one letter."
    )
    length = max_graphemes * CODE_POINTS_PER_GRAPHEME
    return text(description, minLength=1, maxLength=length, pattern=_READABLE_PATTERN)


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

Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$", max_length=35)]


# The envelope.


def _any_case(word: str) -> str:
    return "".join(f"[{letter.upper()}{letter}]" if letter.isalpha() else letter for letter in word)


_TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]+"  # noqa: S105  # of RFC 9110
_JSON_TYPE = f"(?:{_any_case('application/json')}|{_TOKEN}/{_TOKEN}\\+{_any_case('json')})"
_PARAMETER = f'[ \\t]*;[ \\t]*{_TOKEN}=(?:{_TOKEN}|"[^"\\\\{_CONTROLS}]*")'
JsonMediaType = Annotated[str, StringConstraints(pattern=f"^{_JSON_TYPE}(?:{_PARAMETER})*[ \\t]*$", max_length=256)]

EventId = Annotated[str, StringConstraints(pattern=f"^[^{_CONTROLS}]+$", max_length=256)]
Source = Annotated[str, StringConstraints(pattern=f"^[^{_CONTROLS}]+$", max_length=1024)]


# Numbers.


def _whole(value: object) -> object:
    """A number without a fraction is an integer, as in JSON Schema; Python reads `3.0` as a float."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _score(value: float) -> float:
    if value < 0:
        raise Rejected("score-out-of-range", "data.score: must not be negative")
    return value


def video_milliseconds(seconds: float) -> int:
    return round(min(seconds, MAX_VIDEO_MILLISECONDS / 1000) * 1000)


# The bounds come first, so that pydantic publishes them.
WholeNumber = Annotated[int, Field(ge=0, le=MAX_WHOLE_NUMBER), BeforeValidator(_whole)]
PositiveWholeNumber = Annotated[int, Field(ge=1, le=MAX_WHOLE_NUMBER), BeforeValidator(_whole)]
Number = Annotated[FiniteFloat, Field(ge=-sys.float_info.max, le=sys.float_info.max)]
Score = Annotated[
    FiniteFloat,
    AfterValidator(_score),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": sys.float_info.max}),
]
Hours = Annotated[FiniteFloat, Field(gt=0, le=10_000)]


# Files.

DesignName = Annotated[str, StringConstraints(min_length=1, max_length=64)]

_OBJECT_KEY_PATTERN = f"^(?!/)(?!(?:[^{_CONTROLS}]*/)?\\.\\.(?:/|$))[^{_CONTROLS}]+$"


def _object_key(value: str) -> str:
    if not re.fullmatch(f"[^{_CONTROLS}]{{1,{MAX_KEY_LENGTH}}}", value):
        raise ValueError(f"must have 1 to {MAX_KEY_LENGTH} characters and no control character")
    if value.startswith("/") or ".." in PurePosixPath(value).parts:
        raise ValueError("must not start with a slash and have no .. in it")
    return value


ObjectKey = Annotated[
    str,
    AfterValidator(_object_key),
    text("A key in the assets bucket.", minLength=1, maxLength=MAX_KEY_LENGTH, pattern=_OBJECT_KEY_PATTERN),
]
