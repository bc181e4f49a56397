"""The clients of AWS and their one configuration: short timeouts, few attempts, regional addresses."""

from functools import cache
from typing import TYPE_CHECKING, cast

from botocore.config import Config
from botocore.session import Session

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 2, 5, 3
# Before its n-th repetition the SDK waits a random time of at most 2^(n-1) seconds.
BACKOFF_SECONDS = sum(2**repetition for repetition in range(ATTEMPTS - 1))
# A call that no service answers fails after 24 s. Every timeout in template.yaml is longer, so the function outlives
# the call and keeps the other messages of its batch.
LONGEST_CALL_SECONDS = ATTEMPTS * (CONNECT_SECONDS + READ_SECONDS) + BACKOFF_SECONDS

CONFIG = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    tcp_keepalive=True,
    # Without a name the SDK composes its own twice in each request, from 16 parts: a quarter of the request's CPU.
    user_agent="earned",
)
_S3_CONFIG = CONFIG.merge(
    Config(
        signature_version="s3v4",
        # Without these, a link names the global endpoint: a region opened after March 2019 answers 400 there, and a
        # new bucket elsewhere a redirect that invalidates the signature.
        s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
        # S3 refuses a part that carries the SDK's own checksum when the upload was begun without that kind of checksum.
        request_checksum_calculation="when_required",
    )
)


@cache
def session() -> Session:
    """One for all clients, PynamoDB's too: to make another takes as long as to make five clients of this one."""
    made = Session()
    made.set_default_client_config(CONFIG)
    return made


def events() -> "EventBridgeClient":
    return cast("EventBridgeClient", session().create_client("events"))


def s3() -> "S3Client":
    return cast("S3Client", session().create_client("s3", config=_S3_CONFIG))


def secrets() -> "SecretsManagerClient":
    return cast("SecretsManagerClient", session().create_client("secretsmanager"))


def sqs() -> "SQSClient":
    return cast("SQSClient", session().create_client("sqs"))
