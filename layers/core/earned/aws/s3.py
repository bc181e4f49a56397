"""Documents and archives in S3, the only module that talks to it: written once, never overwritten (I5)."""

import hashlib
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from earned.domain.errors import UnusableLogo
from earned.domain.file_names import attachment
from earned.domain.people import MAX_LOGO_BYTES, Logo

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, GetObjectOutputTypeDef

LINK_SECONDS = 60
ARCHIVES, STATE = "exports/", ".state"


class DocumentConflict(Exception):
    """This revision exists already and says something else."""


class ConcurrentPut(Exception):
    """Somebody puts the same at this very moment, and S3 asks to try again."""


class UploadLost(Exception):
    """The upload of an archive is gone, or its parts are not those that were kept; it has to begin anew."""


@dataclass(frozen=True)
class Documents:
    """The bucket of certificates."""

    client: "S3Client"
    bucket: str

    def put(self, certificate_id: str, revision: int, pdf: bytes, file_name: str) -> str:
        """Keep a document under its certificate and revision, and return its SHA-256 in hexadecimal.

        Putting the same bytes again changes nothing; raises `DocumentConflict` when other bytes are there, and
        `ConcurrentPut`. The file name travels with the object, so that no link has to carry a person's name.
        """
        sha256 = hashlib.sha256(pdf).hexdigest()
        is_new = self._put_once(
            key_of(certificate_id, revision),
            pdf,
            "application/pdf",
            ContentDisposition=attachment(file_name),
            Metadata={"sha256": sha256},
            ChecksumAlgorithm="SHA256",
        )
        if not is_new and self.sha256_of(certificate_id, revision) != sha256:
            raise DocumentConflict
        return sha256

    def _put_once(self, key: str, body: bytes, media_type: str, **more: Any) -> bool:
        """Put what is not there, and say whether it was not."""
        try:
            self.client.put_object(
                Bucket=self.bucket, Key=key, Body=body, ContentType=media_type, IfNoneMatch="*", **more
            )
        except ClientError as error:
            match error.response["Error"]["Code"]:
                case "PreconditionFailed":
                    return False
                case "ConditionalRequestConflict":
                    raise ConcurrentPut from None
            raise
        return True

    def sha256_of(self, certificate_id: str, revision: int) -> str | None:
        """The SHA-256 of a document's bytes in hexadecimal, or None when it is not there.

        One request: S3 computed it when it took the bytes. What was put without is read, since metadata proves nothing.
        """
        key = key_of(certificate_id, revision)
        try:
            head: Mapping[str, Any] = self.client.head_object(Bucket=self.bucket, Key=key, ChecksumMode="ENABLED")
        except ClientError as error:
            if error.response["Error"]["Code"] != "404":
                raise
            return None
        if "ChecksumSHA256" in head:
            return b64decode(head["ChecksumSHA256"]).hex()
        body = self.read(certificate_id, revision)
        return None if body is None else hashlib.sha256(body).hexdigest()

    def read(self, certificate_id: str, revision: int) -> bytes | None:
        """A document, or None when it is not there."""
        return _read(self.client, self.bucket, key_of(certificate_id, revision))

    def verify_document(self, certificate_id: str, revision: int, sha256: str) -> tuple[bool, bool]:
        """Whether a document is present, and whether its bytes are those that were issued."""
        body = self.read(certificate_id, revision)
        return body is not None, body is not None and hashlib.sha256(body).hexdigest() == sha256

    def link(self, certificate_id: str, revision: int) -> str:
        """A presigned download link, good for a minute; makes no request."""
        parameters = {"Bucket": self.bucket, "Key": key_of(certificate_id, revision)}
        return self.client.generate_presigned_url("get_object", Params=parameters, ExpiresIn=LINK_SECONDS)

    def keep_logo(self, logo: Logo) -> None:
        """Keep a sanitised logo under its SHA-256, so that documents that it is printed on can be made again.

        Raises `ConcurrentPut`.
        """
        self._put_once(_logo_key(logo.sha256), logo.data, logo.media_type)

    def logo(self, sha256: str) -> Logo:
        """A logo that was kept; raises `UnusableLogo` if it is not there or no longer what it was."""
        answer = _get_object(self.client, self.bucket, _logo_key(sha256))
        logo = Logo(answer["Body"].read(), answer["ContentType"])
        if logo.sha256 != sha256:
            raise UnusableLogo("a kept logo is not what it was: restore it from the bucket's versions")
        return logo


@dataclass(frozen=True)
class Assets:
    """The bucket that the portal uploads logos into."""

    client: "S3Client"
    bucket: str

    def fetch(self, key: str) -> bytes:
        """What the portal uploaded; raises `UnusableLogo` when S3 does not hand it over or it is too large."""
        answer = _get_object(self.client, self.bucket, key)
        with answer["Body"] as body:
            if answer["ContentLength"] > MAX_LOGO_BYTES:
                raise UnusableLogo(f"the file is larger than {MAX_LOGO_BYTES // 1024} KB: export it smaller")
            return body.read()


@dataclass(frozen=True)
class Archives:
    """The bucket of company exports; what is in it goes away by itself after a day."""

    client: "S3Client"
    bucket: str

    def begin(self, export_id: str, file_name: str) -> str:
        """Begin an upload, and return its id; nobody sees anything of it before it is published."""
        answer = self.client.create_multipart_upload(
            Bucket=self.bucket,
            Key=archive_key(export_id),
            ContentType="application/zip",
            ContentDisposition=attachment(file_name),
        )
        return answer["UploadId"]

    def add_part(self, export_id: str, upload_id: str, number: int, body: bytes) -> str:
        """Keep a part, from number 1 on, and return its tag; all but the last must have 5 MiB or more.

        Raises `UploadLost` when there is no such upload any more.
        """
        try:
            answer = self.client.upload_part(
                Bucket=self.bucket, Key=archive_key(export_id), UploadId=upload_id, PartNumber=number, Body=body
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchUpload":
                raise
            raise UploadLost from None
        return answer["ETag"]

    def publish(self, export_id: str, upload_id: str, tags: Sequence[str]) -> None:
        """Make an archive of its parts, once: if there is one already, it stays.

        Raises `UploadLost` when the parts are not those of `tags`, so that a broken archive never appears.
        """
        parts: list[CompletedPartTypeDef] = [
            {"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, start=1)
        ]
        try:
            self.client.complete_multipart_upload(
                Bucket=self.bucket,
                Key=archive_key(export_id),
                UploadId=upload_id,
                MultipartUpload={"Parts": parts},
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"InvalidPart", "NoSuchUpload", "PreconditionFailed"}:
                raise
            if not self.is_published(export_id):
                raise UploadLost from None

    def save(self, export_id: str, state: bytes) -> None:
        """Keep how far an archive is."""
        self.client.put_object(Bucket=self.bucket, Key=_state_key(export_id), Body=state)

    def saved(self, export_id: str) -> bytes | None:
        """How far an archive is, as last kept, or None."""
        return _read(self.client, self.bucket, _state_key(export_id))

    def link(self, export_id: str) -> str:
        """A presigned download link, good for a minute; makes no request."""
        parameters = {"Bucket": self.bucket, "Key": archive_key(export_id)}
        return self.client.generate_presigned_url("get_object", Params=parameters, ExpiresIn=LINK_SECONDS)

    def is_published(self, export_id: str) -> bool:
        """Whether there is an archive: whole, since it appears in one piece."""
        try:
            self.client.head_object(Bucket=self.bucket, Key=archive_key(export_id))
        except ClientError as error:
            if error.response["Error"]["Code"] != "404":
                raise
            return False
        return True


def _read(client: "S3Client", bucket: str, key: str) -> bytes | None:
    try:
        return client.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"NoSuchKey", "404"}:
            raise
        return None


def _get_object(client: "S3Client", bucket: str, key: str) -> "GetObjectOutputTypeDef":
    """An object; raises `UnusableLogo` if it is missing or denied, which is one to S3 when the asker may not list."""
    try:
        return client.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            raise
        raise UnusableLogo(f"S3 answers {error.response['Error']['Code']}: upload the logo again") from error


def archive_key(export_id: str) -> str:
    """Where an archive is."""
    return f"{ARCHIVES}{export_id}.zip"


def _state_key(export_id: str) -> str:
    return f"{ARCHIVES}{export_id}{STATE}"


def key_of(certificate_id: str, revision: int) -> str:
    """Where a document is."""
    return f"{folder_of(certificate_id)}{revision}.pdf"


def folder_of(certificate_id: str) -> str:
    """Where all documents of a certificate are."""
    return f"certificates/{certificate_id}/"


def _logo_key(sha256: str) -> str:
    return f"logos/{sha256}"
