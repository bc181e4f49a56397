"""The pages of the public verification: the certificate's sister, and a field for its number."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from earned.api.brand import brand
from earned.api.wording import Wording, wording
from earned.document.canonical_quads import credential_form
from earned.domain.training import DEFAULT_DESIGN

_FOLDER = Path(__file__).with_name("html")
_ROWS = ("company", "hours", "completed_on", "issued_at", "revoked_at", "revision", "issuer")
_OF_THE_CERTIFICATE = {"company", "issuer"}  # rows in the language of the certificate, which may be written otherwise


@dataclass(frozen=True)
class Result:
    """What a page shows: the members of `Verification`, the number as asked for, and the moment of checking."""

    found: Mapping[str, Any]
    number: str | None
    certificate_language: str
    design: str
    checked_at: datetime


def result_page(result: Result, language: str, start: str) -> str:
    """`start` is the address of the field for a number, relative to the page's."""
    texts, found = wording(language), result.found
    status = getattr(texts.status, found["status"])
    another = f'<a href="{start}">{escape(texts.links.another)}</a>'
    current = f'<a href="?">{escape(texts.links.current)}</a>' if found["status"] == "superseded" else ""
    content = _filled(
        "result.html",
        status=found["status"],
        title=escape(status.title),
        text=escape(status.text),
        certificate=_certificate(result, texts),
        compare=_compare(found["document_sha256"], texts) if "document_sha256" in found else "",
        links=f"{current} {another}".strip(),
    )
    script = f'<script type="module">{_script()}</script>' if "document_sha256" in found else ""
    return _page(language, result.design, status.title, content, script)


def number_page(language: str) -> str:
    form = wording(language).form
    texts = {"title": form.title, "text": form.text, "label": form.number, "button": form.button}
    content = _filled("form.html", **{name: escape(text) for name, text in texts.items()})
    return _page(language, DEFAULT_DESIGN, form.title, content)


@cache
def content_security_policy(design: str = DEFAULT_DESIGN) -> str:
    return (
        f"default-src 'none'; style-src '{_hash(_style(design))}'; script-src '{_hash(_script())}'; "
        "connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def _certificate(result: Result, texts: Wording) -> str:
    found, labels = result.found, texts.labels
    written = f'lang="{escape(result.certificate_language)}" dir="auto"'
    rows = [(getattr(labels, name), _value(name, found[name], texts), name) for name in _ROWS if name in found]
    if result.number is not None:
        rows.append((labels.number, " ".join(re.findall(".{1,4}", result.number)), "number"))
    rows.append((labels.checked, texts.moment_of(result.checked_at), "checked"))
    names = ""
    if "holder" in found:
        names = (
            f'<p class="holder" {written}>{escape(found["holder"])}</p>'
            f'<p class="training" {written}>{escape(found["training"])}</p>'
        )
    lines = "".join(
        f"<dt>{escape(label)}</dt><dd{_attributes(name, written)}>{escape(text)}</dd>" for label, text, name in rows
    )
    return f'<div class="certificate">{names}<dl>{lines}</dl></div>'


def _attributes(name: str, written: str) -> str:
    if name in _OF_THE_CERTIFICATE:
        return f" {written}"
    return ' class="number" dir="ltr"' if name == "number" else ""


def _value(name: str, value: Any, texts: Wording) -> str:
    if name in {"issued_at", "revoked_at"}:
        return texts.day(datetime.fromisoformat(value).date())
    if name == "completed_on":
        return texts.day(date.fromisoformat(value))
    return texts.number(value) if name == "hours" else str(value)


def _compare(document_sha256: str, texts: Wording) -> str:
    labels = texts.labels.model_dump(include={"holder", "training", "completed_on", "number"})
    words = texts.compare.model_dump() | texts.signature.model_dump() | labels
    return _filled("compare.html", sha256=document_sha256, **{name: escape(text) for name, text in words.items()})


def _page(language: str, design: str, title: str, content: str, script: str = "") -> str:
    return _filled(
        "page.html",
        language=language,
        direction=wording(language).direction,
        title=escape(title),
        style=_style(design),
        mark=brand(design).mark,
        brand=escape(brand(design).issuer(language)),
        content=content,
        script=script,
    )


def _filled(name: str, **texts: str) -> str:
    return _template(name).substitute(texts)


@cache
def _template(name: str) -> Template:
    return Template(_text(name))


@cache
def _style(design: str) -> str:
    variables = " ".join(f"--{name}: {colour};" for name, colour in brand(design).colours.items())
    return f":root {{ {variables} }}\n{_text('page.css')}"


@cache
def _script() -> str:
    form = json.dumps(credential_form(), separators=(",", ":")).replace("<", "\\u003c")
    return f"const FORM = {form};\n{_text('credential.js')}\n{_text('compare.js')}"


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
