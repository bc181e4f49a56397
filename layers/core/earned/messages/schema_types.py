"""What is said of the fields of events in, of events out and of the API's answers alike."""

from typing import Annotated

from pydantic import StringConstraints, WithJsonSchema


def text(description: str, **bounds: int | str) -> WithJsonSchema:
    """What the published schema says of a text whose own validator says more than JSON Schema can."""
    return WithJsonSchema({"type": "string", "description": description} | bounds)


ID = "[A-Za-z0-9._:-]{1,64}"


Id = Annotated[str, StringConstraints(pattern=f"^{ID}$")]


Instant = Annotated[str, text("RFC 3339, UTC.", format="date-time")]
