"""Keys of completion records: the item's, the holder's, and the certificate id that names the partition."""

import hashlib
import secrets
from base64 import b32encode

from earned.aws.dynamodb.table import ItemKey, Row
from earned.domain.enrollment import EnrollmentKey

PARTITION_HASH_LENGTH = 13  # characters of base32: 65 bits


def new_certificate_id(enrollment_id: str) -> str:
    """26 lower-case base32 characters: the hash of the partition key, then 65 random bits."""
    return partition_of(enrollment_id) + _base32(secrets.token_bytes(9))


def partition_of(enrollment_id: str) -> str:
    return _base32(hashlib.sha256(enrollment_id.encode()).digest())


def _base32(data: bytes) -> str:
    return b32encode(data).decode().lower()[:PARTITION_HASH_LENGTH]


def row_key(key: EnrollmentKey) -> ItemKey:
    return f"enrollment#{partition_of(key.enrollment_id)}", f"{key.account_id}#{key.enrollment_id}"


def key_of(row: Row) -> EnrollmentKey:
    account_id, _, enrollment_id = row.sk.partition("#")
    return EnrollmentKey(enrollment_id, account_id)


def holder_key(account_id: str, company_id: str | None) -> str:
    return f"account#{account_id}" if company_id is None else f"company#{company_id}"


def company_of(holder: str) -> str | None:
    return holder.removeprefix("company#") if holder.startswith("company#") else None
