"""Documents are compressed by the layer's own library: the zlib of the runtime has no part in their bytes (I7)."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from earned.document.compression import compressed
from earned.document.credential import Attachment
from earned.document.deployed_designs import FOLDER
from earned.document.render import Design
from tools.design.preview.samples import ORDINARY, certificates

CREDENTIAL = Attachment(b'{"name": "Ada Sample"}' * 9, datetime(2026, 11, 14, tzinfo=UTC))
HEAD = re.compile(rb"<<([^\n]*)/Length (\d+)>>\nstream\n")
LOGO = next(sample for sample in certificates(["en"]) if sample.logo)


@pytest.fixture(scope="module")
def design() -> Design:
    return Design(FOLDER / "default")


def compressed_streams(document: bytes) -> Iterator[bytes]:
    found = list(HEAD.finditer(document))
    assert len(found) == document.count(b"\nendstream")
    for head in found:
        if b"/FlateDecode" in head[1]:
            yield document[head.end() : head.end() + int(head[2])]


def certificate(design: Design, number: int) -> bytes:
    """The same page as that of any other number."""
    return design.render(replace(ORDINARY, holder=f"Ada Sample {number}"), credential=CREDENTIAL)


@pytest.mark.parametrize("way", ["in full", "with a logo", "by a compiled page"])
def test_every_stream_has_the_bytes_of_the_layers_library(design: Design, way: str) -> None:
    match way:
        case "with a logo":
            document = design.render(LOGO.content, LOGO.logo, CREDENTIAL)
        case "in full":
            document = certificate(design, 1)
        case _:
            *_, document = [certificate(design, number) for number in range(4)]
            assert design.compiled.drawn
    streams = list(compressed_streams(document))
    assert len(streams) > 15
    assert [stream for stream in streams if stream != compressed(zlib.decompress(stream))] == []


def test_zlib_would_compress_the_same_streams_to_other_bytes(design: Design) -> None:
    streams = list(compressed_streams(certificate(design, 1)))
    assert any(stream != zlib.compress(zlib.decompress(stream), 6) for stream in streams)
