"""Filters by day or time."""

import re
from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator


def _only_a_day(text: object) -> object:
    """pydantic reads midnight as a day too, and a number as one."""
    if isinstance(text, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError("must be a day: YYYY-MM-DD")
    return text


DayOrTime = Annotated[date, BeforeValidator(_only_a_day)] | AwareDatetime
