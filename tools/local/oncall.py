"""The two roles around a stack during a drill: the portal's backend that posts events, and the engineer on call."""

import contextlib
import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from docs.examples.post_events import NotPosted, post
from tools.local.cohort import QueuedEvent
from tools.local.stack import ROOT, LocalStack, StackFailed
from tools.operations.stacks import Pair, pairs_of

# SQS delivers a failed message again after 181 seconds (generation: 360), five times in all: quarantine takes 15
# minutes. A drill changes the running queues, so that it takes minutes; the template is deployed as it is.
VISIBILITY_TIMEOUT_SECONDS = 4
SECONDS_FOR_A_HANGING_CALL = 40  # as in the template, a message stays hidden for longer than a call waits
MAX_RECEIVE_COUNT = 3
NO_RETRIES = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1})


class PortalBackend:
    """A portal's backend as docs/examples describes it: it keeps events that SQS did not take and posts them again."""

    def __init__(self, stack: LocalStack) -> None:
        self._queues = stack.queues
        self._sqs = stack.session().client("sqs", endpoint_url=stack.aws_endpoint, config=NO_RETRIES)
        self._kept: list[QueuedEvent] = []

    def post(self, events: Iterable[QueuedEvent]) -> int:
        """Post the kept events and these; returns how many events are kept."""
        waiting, self._kept = [*self._kept, *events], []
        for queue, url in self._queues.items():
            of_queue = [queued for queued in waiting if queued[0] == queue]
            try:
                post(self._sqs, url, [event for _, event in of_queue])
            except (NotPosted, BotoCoreError, ClientError):
                self._kept += of_queue
        return len(self._kept)


class OnCall:
    """The stack's queues, bucket and runbook commands, as the engineer on call uses them."""

    def __init__(self, stack: LocalStack, described: Path) -> None:
        """`described` is a file in the form of out/serve.json."""
        self._described = described
        self._bucket = stack.outputs["DocumentsBucketName"]
        self._pairs: list[Pair] = list(pairs_of(stack.outputs).values())
        self._sqs = stack.session().client("sqs", endpoint_url=stack.aws_endpoint)
        self._s3 = stack.session().client("s3", endpoint_url=stack.aws_endpoint)
        self._logs = stack.session().client("logs", endpoint_url=stack.aws_endpoint)

    @contextlib.contextmanager
    def fast_retries(self, seconds: int = VISIBILITY_TIMEOUT_SECONDS) -> Iterator[None]:
        """Retry and quarantine failed messages within seconds for the duration of the block."""
        before = {pair.source: self._attributes(pair.source) for pair in self._pairs}
        for url, (policy, _) in before.items():
            soon = json.loads(policy) | {"maxReceiveCount": MAX_RECEIVE_COUNT}
            self._set_attributes(url, json.dumps(soon), str(seconds))
        try:
            yield
        finally:
            for url, attributes in before.items():
                self._set_attributes(url, *attributes)

    def _attributes(self, url: str) -> tuple[str, str]:
        found = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return found["RedrivePolicy"], found["VisibilityTimeout"]

    def _set_attributes(self, url: str, policy: str, visibility: str) -> None:
        self._sqs.set_queue_attributes(
            QueueUrl=url, Attributes={"RedrivePolicy": policy, "VisibilityTimeout": visibility}
        )

    def waiting(self) -> int:
        return sum(self._count(pair.source) for pair in self._pairs)

    def quarantined(self) -> dict[str, int]:
        """The number of messages in each dead-letter queue that holds any, by the name of its queue."""
        counts = {pair.name: self._count(pair.dead_letters) for pair in self._pairs}
        return {name: count for name, count in counts.items() if count}

    def _count(self, url: str) -> int:
        found = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return int(found["ApproximateNumberOfMessages"]) + int(found["ApproximateNumberOfMessagesNotVisible"])

    def redrive(self, queue: str) -> int:
        """Send quarantined faults back with the runbook's own command; returns the number of messages."""
        command = ["make", "--silent", "redrive", f"QUEUE={queue}", "REASON=fault"]
        environment = os.environ | {"EARNED_STACK": str(self._described)}
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
        sent = re.search(r"^(\d+) of \d+ sent back", done.stdout, flags=re.MULTILINE)
        if done.returncode or sent is None:
            raise StackFailed(f"make redrive QUEUE={queue} failed:\n{done.stdout}{done.stderr}")
        return int(sent[1])

    def documents(self) -> Counter[str]:
        """The number of versions of each document in the bucket, delete markers included, by key."""
        counts: Counter[str] = Counter()
        pages = self._s3.get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=self._bucket, Prefix="certificates/"):
            for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                counts[version["Key"]] += 1
        return counts

    def stored_at(self) -> dict[str, datetime]:
        """When each document was stored, by key."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix="certificates/")
        return {one["Key"]: one["LastModified"] for page in pages for one in page.get("Contents", [])}

    def log_lines(self, since: datetime, containing: str) -> int:
        """The number of lines in the functions' logs that contain a text."""
        found, milliseconds = 0, int(since.timestamp() * 1000)
        for groups in self._logs.get_paginator("describe_log_groups").paginate():
            for group in groups["logGroups"]:
                pages = self._logs.get_paginator("filter_log_events").paginate(
                    logGroupName=group["logGroupName"], startTime=milliseconds
                )
                found += sum(containing in event["message"] for page in pages for event in page["events"])
        return found
