"""S3 as far as earned.aws.s3 uses it: conditional puts, checksums, multipart uploads. A test compares it with moto."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.simulation.services.wire import Answer, Refused


@dataclass(frozen=True)
class Stored:
    """An object: its bytes and its response headers."""

    body: bytes = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict)


class S3:
    """Buckets of objects; `on_put` is told of each put object and of the one that it replaces."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Stored] = {}
        self.on_put: Callable[[str, str, Stored | None, Stored], None] = lambda *_: None
        self._uploads: dict[str, dict[int, bytes]] = {}
        self._begun: dict[str, Stored] = {}

    def answer(self, operation: str, request: Any) -> Answer:
        """Carry out one request; raises `Refused` as S3 would."""
        parts = urlsplit(request.url)
        bucket, key = str(parts.hostname).partition(".")[0], unquote(parts.path[1:])
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        match operation:
            case "PutObject":
                return self._put(bucket, key, _kept(request, headers), "if-none-match" in headers)
            case "GetObject" | "HeadObject":
                return self._get(bucket, key, headers, whole=operation == "GetObject")
            case "CreateMultipartUpload":
                upload = f"upload-{len(self._begun)}"
                self._begun[upload], self._uploads[upload] = _kept(request, headers), {}
                return Answer(f"<R><UploadId>{upload}</UploadId></R>".encode())
            case "UploadPart":
                return self._add_part(query["uploadId"], int(query["partNumber"]), _body(request, headers))
            case "CompleteMultipartUpload":
                return self._complete(bucket, key, query["uploadId"], _body(request, headers).decode(), headers)
        raise ValueError(f"the model of S3 does not know {operation}: add it")

    def _put(self, bucket: str, key: str, stored: Stored, only_if_new: bool) -> Answer:
        before = self.objects.get((bucket, key))
        if before is not None and only_if_new:
            raise Refused(412, "PreconditionFailed")
        self.objects[bucket, key] = stored
        self.on_put(bucket, key, before, stored)
        return Answer(b"", {"ETag": _tag(stored.body)})

    def _get(self, bucket: str, key: str, headers: dict[str, str], *, whole: bool) -> Answer:
        stored = self.objects.get((bucket, key))
        if stored is None:
            raise Refused(404, "NoSuchKey" if whole else "")
        checksum = "x-amz-checksum-sha256"
        shown = {n: v for n, v in stored.headers.items() if n != checksum or headers.get("x-amz-checksum-mode")}
        return Answer(stored.body if whole else b"", shown | {"Content-Length": str(len(stored.body))})

    def _add_part(self, upload: str, number: int, body: bytes) -> Answer:
        if upload not in self._uploads:
            raise Refused(404, "NoSuchUpload")
        self._uploads[upload][number] = body
        return Answer(b"", {"ETag": _tag(body)})

    def _complete(self, bucket: str, key: str, upload: str, asked: str, headers: dict[str, str]) -> Answer:
        if upload not in self._uploads:
            raise Refused(404, "NoSuchUpload")
        parts = self._uploads[upload]
        numbers = [int(number) for number in re.findall(r"<PartNumber>(\d+)</PartNumber>", asked)]
        tags = [tag.replace("&quot;", '"') for tag in re.findall(r"<ETag>(.*?)</ETag>", asked)]
        if [_tag(parts.get(number, b"-")) for number in numbers] != tags:
            raise Refused(400, "InvalidPart")
        whole = Stored(b"".join(parts[number] for number in numbers), self._begun[upload].headers)
        self._put(bucket, key, whole, "if-none-match" in headers)
        del self._uploads[upload]
        return Answer(b"<CompleteMultipartUploadResult/>")


_KEPT: tuple[str, ...] = ("content-type", "content-disposition")


def _kept(request: Any, headers: dict[str, str]) -> Stored:
    body = _body(request, headers)
    kept: dict[str, str] = {name: headers[name] for name in _KEPT if name in headers}
    kept |= {name: value for name, value in headers.items() if name.startswith("x-amz-meta-")}
    if headers.get("x-amz-sdk-checksum-algorithm") == "SHA256":
        kept["x-amz-checksum-sha256"] = b64encode(hashlib.sha256(body).digest()).decode()
    return Stored(body, kept)


def _body(request: Any, headers: dict[str, str]) -> bytes:
    """The bytes of a request, without the SDK's chunked encoding."""
    body = request.body
    raw: bytes = body.read() if hasattr(body, "read") else body or b""
    if headers.get("content-encoding") != "aws-chunked":
        return raw
    found = b""
    while raw:
        size, _, rest = raw.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            break
        found, raw = found + rest[:length], rest[length + 2 :]
    return found


def _tag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
