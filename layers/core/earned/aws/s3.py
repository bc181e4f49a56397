"""Documents, logos and archives in S3: written once, never overwritten (I5)."""

import hashlib
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError, NoCredentialsError

from earned.aws.clients import session
from earned.domain.errors import UnusableLogo
from earned.domain.file_names import attachment
from earned.domain.people import MAX_LOGO_BYTES, Logo

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, GetObjectOutputTypeDef, PutObjectOutputTypeDef

LINK_SECONDS = 60
ARCHIVES, STATE, SEGMENT = "exports/", ".checkpoint", ".segment"
KEYS = "issuer-keys/"
KeyUse = Literal["certificates", "statuses"]
REPORTS = "reports/"


class DocumentConflict(Exception):
    """The revision exists with other bytes."""


class ConcurrentPut(Exception):
    """Another request puts the same object at the same time, and S3 asks for a retry."""


class UploadLost(Exception):
    """The upload of an archive is gone, or S3 holds other parts than the saved ones; the archive has to begin anew."""


@dataclass(frozen=True)
class StoredDocument:
    """A document's SHA-256 in hexadecimal, and its version: none in a bucket without versions.

    A version is S3's id behind a code of the bucket, because S3 knows an id only in the bucket that gave it.
    """

    sha256: str
    version: str | None


@dataclass(frozen=True)
class Documents:
    """The bucket of certificates."""

    client: "S3Client"
    bucket: str

    def put(self, certificate_id: str, revision: int, pdf: bytes, file_name: str) -> StoredDocument:
        """Store a document under its certificate and revision.

        Putting the same bytes again changes nothing; raises `DocumentConflict` when other bytes are there, and
        `ConcurrentPut`. The file name is metadata of the object, so that no link contains a person's name.
        """
        sha256 = hashlib.sha256(pdf).hexdigest()
        new = _put_once(
            self.client,
            self.bucket,
            key_of(certificate_id, revision),
            pdf,
            "application/pdf",
            ContentDisposition=attachment(file_name),
            Metadata={"sha256": sha256},
            ChecksumAlgorithm="SHA256",
        )
        if new is not None:
            return StoredDocument(sha256, self._version_in(new))
        stored = self.stored(certificate_id, revision)
        if stored is None or stored.sha256 != sha256:
            raise DocumentConflict
        return stored

    def stored(self, certificate_id: str, revision: int) -> StoredDocument | None:
        """The current version of a document, or None if there is no document.

        One request: S3 computed the checksum at the put. A document without one is read, since metadata proves nothing.
        """
        key = key_of(certificate_id, revision)
        try:
            head: Mapping[str, Any] = self.client.head_object(Bucket=self.bucket, Key=key, ChecksumMode="ENABLED")
        except ClientError as error:
            if error.response["Error"]["Code"] != "404":
                raise
            return None
        if "ChecksumSHA256" in head:
            return StoredDocument(b64decode(head["ChecksumSHA256"]).hex(), self._version_in(head))
        found = _found(self.client, self.bucket, key)
        if found is None:
            return None
        return StoredDocument(hashlib.sha256(found["Body"].read()).hexdigest(), self._version_in(found))

    def read(self, certificate_id: str, revision: int, version: str | None = None) -> bytes | None:
        return _read(self.client, self.bucket, key_of(certificate_id, revision), **self._named(version))

    def verify_document(
        self, certificate_id: str, revision: int, version: str | None, sha256: str
    ) -> tuple[bool, bool]:
        """Whether the document that a link names is present, and whether its bytes are those that were issued."""
        body = self.read(certificate_id, revision, version)
        return body is not None, body is not None and hashlib.sha256(body).hexdigest() == sha256

    def link(self, certificate_id: str, revision: int, version: str | None) -> str:
        """A presigned download link, valid for 60 seconds; makes no request."""
        version_id = self._named(version).get("VersionId")
        query = {} if version_id is None else {"versionId": version_id}
        return _presigned(self.client, self.bucket, key_of(certificate_id, revision), query)

    def _version_in(self, answer: Mapping[str, Any]) -> str | None:
        return f"{self._code}.{answer['VersionId']}" if "VersionId" in answer else None

    def _named(self, version: str | None) -> dict[str, str]:
        """The parameter that names a version; none for that of another bucket, such as the one before a restore."""
        code, _, version_id = (version or "").partition(".")
        return {"VersionId": version_id} if code == self._code else {}

    @property
    def _code(self) -> str:
        return hashlib.sha256(self.bucket.encode()).hexdigest()[:8]

    def keep_logo(self, logo: Logo) -> None:
        """Store a sanitised logo, so that documents that print it can be made again; raises `ConcurrentPut`."""
        _put_once(self.client, self.bucket, _logo_key(logo.sha256), logo.data, logo.media_type)

    def logo(self, sha256: str) -> Logo:
        """Raises `UnusableLogo` if the logo is missing or changed."""
        answer = _get_object(self.client, self.bucket, _logo_key(sha256))
        logo = Logo(answer["Body"].read(), answer["ContentType"])
        if logo.sha256 != sha256:
            raise UnusableLogo("a kept logo is not what it was: restore it from the bucket's versions")
        return logo

    def publish_key(self, use: KeyUse, public: str) -> None:
        """Keep a public key as the name of an object, which the bucket refuses to overwrite or delete.

        Publishing a key again changes nothing; raises `ConcurrentPut`.
        """
        _put_once(self.client, self.bucket, f"{KEYS}{use}/{public}", public.encode(), "text/plain")

    def published_keys(self, use: KeyUse) -> list[str]:
        """Every public key that was ever used so, sorted."""
        folder = f"{KEYS}{use}/"
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=folder)
        return [item["Key"].removeprefix(folder) for page in pages for item in page.get("Contents", [])]


@dataclass(frozen=True)
class Assets:
    """The bucket that the portal uploads logos into."""

    client: "S3Client"
    bucket: str

    def fetch(self, key: str) -> bytes:
        """Raises `UnusableLogo` if the file is missing or too large."""
        answer = _get_object(self.client, self.bucket, key)
        with answer["Body"] as body:
            if answer["ContentLength"] > MAX_LOGO_BYTES:
                raise UnusableLogo(f"the file is larger than {MAX_LOGO_BYTES // 1024} KB: export it smaller")
            return body.read()


@dataclass(frozen=True)
class Archives:
    """The bucket of company exports; a lifecycle rule deletes its objects after a day."""

    client: "S3Client"
    bucket: str

    def begin(self, export_id: str, file_name: str) -> str:
        answer = self.client.create_multipart_upload(
            Bucket=self.bucket,
            Key=archive_key(export_id),
            ContentType="application/zip",
            ContentDisposition=attachment(file_name),
        )
        return answer["UploadId"]

    def add_part(self, export_id: str, upload_id: str, number: int, body: bytes) -> str:
        """Upload a part, numbered from 1, and return its tag; all but the last need at least 5 MiB.

        Raises `UploadLost` if the upload no longer exists.
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
        """Assemble the archive from its parts; an existing archive stays.

        Raises `UploadLost` if the parts are not those of `tags`, so that a broken archive never appears.
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
        self.client.put_object(Bucket=self.bucket, Key=_state_key(export_id), Body=state)

    def saved(self, export_id: str) -> bytes | None:
        return _read(self.client, self.bucket, _state_key(export_id))

    def save_segment(self, export_id: str, name: str, segment: bytes) -> None:
        """The name says the content, so that a segment which exists is the same; raises `ConcurrentPut`."""
        _put_once(self.client, self.bucket, _segment_key(export_id, name), segment, "application/json")

    def segment(self, export_id: str, name: str) -> bytes:
        return self.client.get_object(Bucket=self.bucket, Key=_segment_key(export_id, name))["Body"].read()

    def link(self, export_id: str) -> str:
        return _presigned(self.client, self.bucket, archive_key(export_id))

    def is_published(self, export_id: str) -> bool:
        try:
            self.client.head_object(Bucket=self.bucket, Key=archive_key(export_id))
        except ClientError as error:
            if error.response["Error"]["Code"] != "404":
                raise
            return False
        return True


@dataclass(frozen=True)
class Reports:
    """The provider's bucket for weekly reports, which Earned only writes to."""

    client: "S3Client"
    bucket: str

    def put(self, at: date, tables: Mapping[str, bytes]) -> None:
        """Put the tables of a day under its date; a repetition replaces them."""
        for name, body in tables.items():
            self.client.put_object(Bucket=self.bucket, Key=f"{REPORTS}{at.isoformat()}/{name}", Body=body)


def _presigned(client: "S3Client", bucket: str, key: str, query: Mapping[str, str] | None = None) -> str:
    """The link of the SDK, which resolves the bucket's address for each link: three times the CPU (decision 58)."""
    credentials = session().get_credentials()
    if credentials is None:
        raise NoCredentialsError
    request = AWSRequest("GET", f"{_address(client, bucket)}{quote(key, safe='/~')}", params=query or {})
    signature = S3SigV4QueryAuth(credentials.get_frozen_credentials(), "s3", client.meta.region_name, LINK_SECONDS)
    signature.add_auth(request)
    return str(request.url)


@cache
def _address(client: "S3Client", bucket: str) -> str:
    parameters = {"Bucket": bucket, "Key": "-"}
    return client.generate_presigned_url("get_object", Params=parameters).partition("?")[0].removesuffix("-")


def _put_once(
    client: "S3Client", bucket: str, key: str, body: bytes, media_type: str, **more: Any
) -> "PutObjectOutputTypeDef | None":
    """None if the object exists; raises `ConcurrentPut`."""
    try:
        return client.put_object(Bucket=bucket, Key=key, Body=body, ContentType=media_type, IfNoneMatch="*", **more)
    except ClientError as error:
        match error.response["Error"]["Code"]:
            case "PreconditionFailed":
                return None
            case "ConditionalRequestConflict":
                raise ConcurrentPut from None
        raise


def _read(client: "S3Client", bucket: str, key: str, **version: Any) -> bytes | None:
    found = _found(client, bucket, key, **version)
    return None if found is None else found["Body"].read()


def _found(client: "S3Client", bucket: str, key: str, **version: Any) -> "GetObjectOutputTypeDef | None":
    try:
        return client.get_object(Bucket=bucket, Key=key, **version)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"NoSuchKey", "NoSuchVersion", "404"}:
            raise
        return None


def _get_object(client: "S3Client", bucket: str, key: str) -> "GetObjectOutputTypeDef":
    """Raises `UnusableLogo` only if the object is missing; every other refusal is a fault, not the portal's mistake."""
    try:
        return client.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        raise UnusableLogo("the file is not in the bucket: upload the logo again") from error


def archive_key(export_id: str) -> str:
    return f"{ARCHIVES}{export_id}.zip"


def _state_key(export_id: str) -> str:
    return f"{ARCHIVES}{export_id}{STATE}"


def _segment_key(export_id: str, name: str) -> str:
    return f"{ARCHIVES}{export_id}.{name}{SEGMENT}"


def key_of(certificate_id: str, revision: int) -> str:
    return f"{folder_of(certificate_id)}{revision}.pdf"


def folder_of(certificate_id: str) -> str:
    return f"certificates/{certificate_id}/"


def _logo_key(sha256: str) -> str:
    return f"logos/{sha256}"
