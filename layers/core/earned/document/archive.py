"""The ZIP of an export, which can be saved and continued in another process (A3)."""

import hashlib
import io
import json
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from pydantic import TypeAdapter

from earned.domain.certificate import Issuance
from earned.domain.enrollment import CompletionRecord, EnrollmentKey
from earned.domain.enrollment_lines import EnrollmentLine
from earned.domain.exports import Failure

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Entry:
    """A file of the archive, with the data for the archive's directory."""

    file_name: str = field(repr=False)
    certificate_id: str
    account_id: str
    training_id: str
    size: int
    sha256: str
    crc32: int
    offset: int
    at: datetime

    def described(self) -> dict[str, str | int]:
        return {
            "file_name": self.file_name,
            "certificate_id": self.certificate_id,
            "account_id": self.account_id,
            "training_id": self.training_id,
            "bytes": self.size,
            "sha256": self.sha256,
        }


@dataclass
class _State:
    """The progress of an archive: `size` counts all bytes so far, `after` is the last enrollment that was looked at.

    A report begins a page of the table at `scanned`, unless an enrollment of that page was looked at already.
    `segments` are the names of the saved segments; `lines` counts the enrollments in them and since.
    """

    upload_id: str
    parts: list[str] = field(default_factory=list)
    segments: list[str] = field(default_factory=list)
    size: int = 0
    lines: int = 0
    after: EnrollmentKey | None = None
    scanned: tuple[str, str] | None = None
    closed: bool = False


@dataclass
class Segment:
    """What was added between two checkpoints: saved once, so that a checkpoint does not grow with the archive."""

    entries: list[Entry] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    lines: list[EnrollmentLine] = field(default_factory=list)

    @classmethod
    def load(cls, saved: bytes) -> "Segment":
        return _SEGMENT.validate_json(saved)

    def save(self) -> bytes:
        return _SEGMENT.dump_json(self, exclude_defaults=True)


_STATE = TypeAdapter(_State)
_SEGMENT = TypeAdapter(Segment)


def upload_of(saved: bytes) -> str:
    """The id of the upload that a saved archive belongs to; raises `ValidationError`."""
    return _STATE.validate_json(saved.partition(b"\n")[0]).upload_id


class Archive:
    """An unfinished ZIP: uploaded parts, `pending` bytes that are not uploaded and a `segment` that is not saved yet.

    Bytes once written never change, so a saved archive can be continued in any process.
    """

    def __init__(self, state: _State, segments: Iterable[Segment] = (), pending: bytes = b"") -> None:
        self.state = state
        self.pending = bytearray(pending)
        self.segment = Segment()
        self.entries: list[Entry] = []
        self.failures: list[Failure] = []
        for segment in segments:
            self.entries += segment.entries
            self.failures += segment.failures
        self._taken = {_folded(entry.file_name) for entry in self.entries}
        self._tried: dict[str, int] = {}

    @classmethod
    def begin(cls, upload_id: str) -> "Archive":
        return cls(_State(upload_id))

    @classmethod
    def load(cls, saved: bytes, read_segment: Callable[[str], bytes]) -> "Archive":
        body, _, pending = saved.partition(b"\n")
        state = _STATE.validate_json(body)
        return cls(state, (Segment.load(read_segment(name)) for name in state.segments), pending)

    def save(self) -> bytes:
        return _STATE.dump_json(self.state) + b"\n" + self.pending

    def take_segment(self) -> tuple[str, bytes]:
        """The name, by its content, and the bytes of what was added since the last segment.

        Of two runs that overlap, neither replaces a segment that the other's state names.
        """
        saved, self.segment = self.segment.save(), Segment()
        name = hashlib.sha256(saved).hexdigest()[:32]
        self.state.segments.append(name)
        return name, saved

    def add(self, record: CompletionRecord, issue: Issuance, file_name: str, document: bytes | None) -> str:
        """Add a document under a unique name, which is returned; empty for a document that is missing or differs."""
        ids = (record.certificate_id, record.account_id, record.training_id)
        if document is None:
            self._fail(Failure(*ids, "document-missing"))
            return ""
        if hashlib.sha256(document).hexdigest() != issue.document_sha256:
            self._fail(Failure(*ids, "document-differs"))
            return ""
        name, at = self._free(file_name), issue.reissued_at or issue.issued_at
        crc32, offset = zlib.crc32(document), self.state.size
        entry = Entry(name, *ids, len(document), issue.document_sha256, crc32, offset, at)
        self._append(_file(entry, document))
        self.entries.append(entry)
        self.segment.entries.append(entry)
        return name

    def add_line(self, line: EnrollmentLine) -> None:
        self.segment.lines.append(line)
        self.state.lines += 1

    def close(self, now: datetime, tables: Mapping[str, bytes]) -> None:
        manifest = {
            "files": [entry.described() for entry in self.entries],
            "failures": [_FAILURE.dump_python(failure) for failure in self.failures],
        }
        last = {MANIFEST: json.dumps(manifest, ensure_ascii=False, indent=1).encode(), **tables}
        entries = [*self.entries, *(self._add_file(name, body, now) for name, body in last.items())]
        self._append(_directory(entries, self.state.size))
        self.state.closed = True

    def _add_file(self, name: str, body: bytes, now: datetime) -> Entry:
        sha256 = hashlib.sha256(body).hexdigest()
        entry = Entry(name, "", "", "", len(body), sha256, zlib.crc32(body), self.state.size, now)
        self._append(_file(entry, body))
        return entry

    def _fail(self, failure: Failure) -> None:
        self.failures.append(failure)
        self.segment.failures.append(failure)

    def take_part(self, size: int) -> bytes:
        part = bytes(self.pending[:size])
        del self.pending[:size]
        return part

    def _append(self, body: bytes) -> None:
        self.pending += body
        self.state.size += len(body)

    def _free(self, file_name: str) -> str:
        """The first free one of `name.pdf`, `name (2).pdf`, `name (3).pdf` …"""
        stem, dot, suffix = file_name.rpartition(".")
        free = file_name
        while _folded(free) in self._taken:
            self._tried[stem] = self._tried.get(stem, 1) + 1
            free = f"{stem} ({self._tried[stem]}){dot}{suffix}"
        self._taken.add(_folded(free))
        return free


_FAILURE = TypeAdapter(Failure)


def _folded(file_name: str) -> str:
    """Equal for names that a file system may confuse: some ignore case, others normalise Unicode."""
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", file_name).upper().casefold())


def _header(entry: Entry) -> ZipInfo:
    """Depends on nothing but the entry, so that a continued archive has the same bytes."""
    at = entry.at.astimezone(UTC)
    header = ZipInfo(entry.file_name, (at.year, at.month, at.day, at.hour, at.minute, at.second))
    header.compress_type = ZIP_STORED  # a PDF is compressed already
    header.external_attr = 0o644 << 16
    header.file_size = header.compress_size = entry.size
    header.CRC = entry.crc32
    header.header_offset = entry.offset
    return header


def _file(entry: Entry, body: bytes) -> bytes:
    """The local header, which has no offset, and the bytes."""
    alone = io.BytesIO()
    with ZipFile(alone, "w") as archive:
        archive.writestr(_header(entry), body)
        end = alone.tell()  # closing appends a directory of this one file
    return alone.getvalue()[:end]


def _directory(entries: list[Entry], offset: int) -> bytes:
    end = _OffsetBytesIO(offset)
    with ZipFile(end, "w") as archive:
        archive.infolist().extend(map(_header, entries))
    return end.getvalue()


class _OffsetBytesIO(io.BytesIO):
    """The end of a file: positions include the `offset` bytes before it."""

    def __init__(self, offset: int) -> None:
        super().__init__()
        self._offset = offset

    def tell(self) -> int:
        return super().tell() + self._offset

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        return super().seek(position - self._offset if whence == io.SEEK_SET else position, whence) + self._offset
