"""Documents in S3, the only module that talks to it: written once, never overwritten (I5)."""

import hashlib
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from botocore.exceptions import ClientError

from earned.models import Printed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LINK_SECONDS = 60
LONGEST_FILE_NAME = 120
_UNFIT = frozenset('\\/:*?"<>|')


class DifferentDocument(Exception):
    """This revision exists already and says something else."""


@dataclass(frozen=True)
class Documents:
    """The bucket of certificates."""

    client: "S3Client"
    bucket: str

    def put(self, certificate_id: str, revision: int, pdf: bytes, file_name: str) -> str:
        """Keep a document under its certificate and revision, and return its SHA-256 in hexadecimal.

        Putting the same bytes again changes nothing; raises `DifferentDocument` when other bytes are there. The file
        name travels with the object, so that no link has to carry a person's name.
        """
        sha256 = hashlib.sha256(pdf).hexdigest()
        key = key_of(certificate_id, revision)
        try:
            self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=pdf,
                IfNoneMatch="*",
                ContentType="application/pdf",
                ContentDisposition=attachment(file_name),
                Metadata={"sha256": sha256},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
            if self.client.head_object(Bucket=self.bucket, Key=key)["Metadata"].get("sha256") != sha256:
                raise DifferentDocument from None
        return sha256

    def check(self, certificate_id: str, revision: int, sha256: str) -> tuple[bool, bool]:
        """Whether a document is present, and whether its bytes are those that were issued."""
        try:
            body = self.client.get_object(Bucket=self.bucket, Key=key_of(certificate_id, revision))["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"NoSuchKey", "404"}:
                raise
            return False, False
        return True, hashlib.sha256(body).hexdigest() == sha256

    def link(self, certificate_id: str, revision: int) -> str:
        """A presigned download link, good for a minute; makes no request."""
        parameters = {"Bucket": self.bucket, "Key": key_of(certificate_id, revision)}
        return self.client.generate_presigned_url("get_object", Params=parameters, ExpiresIn=LINK_SECONDS)


def key_of(certificate_id: str, revision: int) -> str:
    """Where a document is."""
    return f"certificates/{certificate_id}/{revision}.pdf"


def file_name(printed: Printed) -> str:
    """A readable name for a downloaded document, without what file systems refuse."""
    name = f"{printed.title} - {printed.holder} - {printed.completed_on.isoformat()}"
    kept = "".join(" " if c in _UNFIT or unicodedata.category(c)[0] == "C" else c for c in name)
    return " ".join(kept.split())[:LONGEST_FILE_NAME].rstrip(" .") + ".pdf"


def attachment(file_name: str) -> str:
    """A Content-Disposition for a file name in any script (RFC 6266)."""
    plain = file_name.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
