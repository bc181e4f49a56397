"""All versions of the objects in a bucket, and the archives that hold a person's certificates."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from earned.aws.s3 import ARCHIVES, SEGMENT, STATE
from earned.document.archive import Segment, upload_of
from tools.batched import batched

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_DELETION = 1000


class NotDeleted(Exception):
    """S3 did not delete everything; the message says how many objects and why."""


@dataclass(frozen=True)
class Version:
    """A version of an object, or a delete marker."""

    key: str
    version_id: str
    is_marker: bool = False

    @property
    def subject(self) -> str:
        """The export that it belongs to; an archive, its state and its segments have the same."""
        return PurePosixPath(self.key).name.partition(".")[0]


@dataclass(frozen=True)
class Upload:
    """A multipart upload that is not an object yet."""

    key: str
    upload_id: str


@dataclass(frozen=True)
class Bucket:
    """A bucket with all its versions."""

    client: "S3Client"
    name: str

    def versions(self, prefix: str) -> Iterator[Version]:
        """All versions and delete markers of the objects whose keys begin with `prefix`."""
        for page in self.client.get_paginator("list_object_versions").paginate(Bucket=self.name, Prefix=prefix):
            yield from (Version(one["Key"], one["VersionId"]) for one in page.get("Versions", []))
            yield from (Version(one["Key"], one["VersionId"], True) for one in page.get("DeleteMarkers", []))

    def uploads(self, prefix: str) -> Iterator[Upload]:
        for page in self.client.get_paginator("list_multipart_uploads").paginate(Bucket=self.name, Prefix=prefix):
            yield from (Upload(one["Key"], one["UploadId"]) for one in page.get("Uploads", []))

    def read(self, version: Version) -> bytes:
        return self.client.get_object(Bucket=self.name, Key=version.key, VersionId=version.version_id)["Body"].read()

    def delete(self, versions: Sequence[Version]) -> None:
        """Delete versions for good; raises `NotDeleted` when S3 keeps one of them."""
        for batch in batched(versions, MAX_DELETION):
            objects: Any = [{"Key": one.key, "VersionId": one.version_id} for one in batch]
            refused = self.client.delete_objects(Bucket=self.name, Delete={"Objects": objects, "Quiet": True})
            if errors := refused.get("Errors"):
                raise NotDeleted(f"S3 kept {len(errors)} of {len(batch)} objects: {errors[0].get('Code')}")

    def abort(self, uploads: Iterable[Upload]) -> None:
        """Delete the parts of uploads; an upload that no longer exists is skipped."""
        for one in uploads:
            try:
                self.client.abort_multipart_upload(Bucket=self.name, Key=one.key, UploadId=one.upload_id)
            except self.client.exceptions.NoSuchUpload:
                continue


def archives_with(bucket: Bucket, account_id: str) -> tuple[list[Version], list[Upload]]:
    """Everything stored of the archives that have an enrollment of this account, or that are unreadable in part.

    An archive's state names its upload, and its segments its accounts. Archives expire after a day and can be made
    again: one too many is harmless.
    """
    versions = list(bucket.versions(ARCHIVES))
    stored = [one for one in versions if not one.is_marker]
    uploads = {one: _upload(bucket.read(one)) for one in stored if one.key.endswith(STATE)}
    accounts = {one: _accounts(bucket.read(one)) for one in stored if one.key.endswith(SEGMENT)}
    unclean = {state.subject for state, upload in uploads.items() if upload is None} | {
        segment.subject for segment, found in accounts.items() if found is None or account_id in found
    }
    clean = {state.subject for state in uploads} - unclean
    uploads_of_clean = {upload for state, upload in uploads.items() if state.subject in clean}
    return (
        [one for one in versions if one.subject not in clean],
        [one for one in bucket.uploads(ARCHIVES) if one.upload_id not in uploads_of_clean],
    )


def _upload(state: bytes) -> str | None:
    """None if the state is unreadable."""
    try:
        return upload_of(state)
    except ValidationError:
        return None


def _accounts(segment: bytes) -> set[str] | None:
    """None if the segment is unreadable."""
    try:
        return {line.account_id for line in Segment.load(segment).lines}
    except ValidationError:
        return None
