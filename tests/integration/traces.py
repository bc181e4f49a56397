"""Looks for words in bytes, however they are written there: encoded, escaped, compressed, in a PDF or an archive."""

import html
import io
import json
import re
import unicodedata
import zlib
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any
from urllib.parse import quote
from zipfile import BadZipFile, ZipFile

import pikepdf

from tests.integration.pdf_text import pages

DOCUMENT = re.compile(rb"%PDF-.*?%%EOF\n", re.DOTALL)


def has(data: bytes, words: Iterable[str]) -> bool:
    """Whether one of some words is in the bytes, or in what they contain."""
    needles = {needle for word in words for needle in written(word)} - {b""}
    return any(needle in part.lower() for part in contained(data) for needle in needles)


def written(word: str) -> Iterator[bytes]:
    """A word as it may stand in bytes that were put into lower case."""
    for form in ("NFC", "NFD"):
        for text in {unicodedata.normalize(form, one) for one in (word, word.lower(), word.upper())}:
            escapes = (text, quote(text), html.escape(text), text.encode("ascii", "xmlcharrefreplace").decode())
            plain = [json.dumps(text)[1:-1].encode(), *(one.encode() for one in escapes)]
            plain += [text.encode("utf-16-le"), text.encode("utf-16-be")]
            based = [b64encode(b" " * shift + text.encode())[4 * bool(shift) : -4] for shift in range(3)]
            yield from (one.lower() for one in (*plain, text.encode().hex().encode(), *based))


def contained(data: bytes) -> Iterator[bytes]:
    """The bytes themselves, and all that can be taken out of them: files of an archive, streams and text of a PDF."""
    yield data
    for document in DOCUMENT.findall(data):
        yield from of_pdf(document)
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield from contained(archive.read(name))
    except (BadZipFile, ValueError):  # no archive, or the end of one
        return


@cache
def of_pdf(data: bytes) -> tuple[bytes, ...]:
    """What can be taken out of a document, which is found in several places."""
    return tuple(parts_of_pdf(data))


def parts_of_pdf(data: bytes) -> Iterator[bytes]:
    """A document's text, its strings and its streams, decompressed."""
    yield "\n".join(pages(data)).encode()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for number in range(1, len(pdf.objects)):
            one = pdf.objects[number]
            yield str(one).encode()
            if isinstance(one, pikepdf.Stream):
                yield one.read_raw_bytes() if one.get("/Subtype") == "/Image" else decompressed(one)


def decompressed(stream: pikepdf.Stream) -> bytes:
    """The bytes of a stream, or as they are where nothing can decompress them."""
    try:
        return stream.read_bytes()
    except (pikepdf.PdfError, zlib.error):
        return stream.read_raw_bytes()


def of_tables(client: Any, tables: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Every item of some tables."""
    for table in tables:
        for page in client.get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                key = item.get("pk") or item.get("kind") or {"S": table}
                yield f"table {key['S']}", json.dumps(item, default=repr).encode()
                yield from ((f"table {key['S']}", inflated(one["B"])) for one in item.values() if "B" in one)


def inflated(binary: bytes) -> bytes:
    """What a compressed attribute says; other attributes as they are."""
    try:
        return zlib.decompress(binary)
    except zlib.error:
        return binary


def of_buckets(client: Any, buckets: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Every version of every object of some buckets, with what its headers say, and the keys of delete markers."""
    for bucket in buckets:
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for one in page.get("Versions", []):
                got = client.get_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
                said = json.dumps({name: value for name, value in got.items() if name != "Body"}, default=repr)
                yield f"object {one['Key']}", said.encode()
                yield f"object {one['Key']}", got["Body"].read()
            yield from ((f"marker {one['Key']}", one["Key"].encode()) for one in page.get("DeleteMarkers", []))
