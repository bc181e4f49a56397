"""Compression with the same bytes on every processor and runtime (decision 55).

Python's zlib is the one of the runtime, which some distributions patch for one processor.
"""

from types import SimpleNamespace

import pydyf
from deflate import zlib_compress

LEVEL = 6


def compressed(data: bytes) -> bytes:
    """In the zlib format, which PDF calls FlateDecode."""
    return bytes(zlib_compress(data, LEVEL))


def _compressor(level: int) -> SimpleNamespace:
    return SimpleNamespace(compress=compressed, flush=bytes)


# pydyf compresses what it writes by itself: compressed objects and cross-references.
pydyf.zlib = SimpleNamespace(compress=compressed, compressobj=_compressor)
