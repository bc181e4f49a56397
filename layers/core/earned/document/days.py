"""The day or days of a certificate in the format of a language and region, from Babel."""

import re
from datetime import date

from babel import Locale
from babel.dates import format_date

_ABBREVIATED_MONTH = re.compile("(?<!M)MMM(?!M)")


def format_days(first: date, last: date, locale: Locale) -> str:
    """One day, or a range such as `2-4 March 2026`: CLDR's range with abbreviated months, which are written out.

    CLDR has ranges with written-out months in Spanish only.
    """
    if first == last:
        return format_date(last, "long", locale)
    differs = "y" if first.year != last.year else "M" if first.month != last.month else "d"
    patterns = locale.interval_formats.get("yMMMMd", locale.interval_formats["yMMMd"])[differs]
    written_out = (_ABBREVIATED_MONTH.sub("MMMM", pattern) for pattern in patterns)
    return "".join(format_date(day, pattern, locale) for day, pattern in zip((first, last), written_out, strict=True))
