"""Field types that events, announcements and the API's answers share."""

from typing import Annotated

from pydantic import StringConstraints, WithJsonSchema


def text(description: str, **bounds: int | str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "description": description} | bounds)


ID = "[A-Za-z0-9._:-]{1,64}"
Id = Annotated[str, StringConstraints(pattern=f"^{ID}$")]
Instant = Annotated[str, text("RFC 3339, UTC.", format="date-time")]
