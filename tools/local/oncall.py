"""The two who mind a stack: a portal's backend that posts whatever happens, and whoever is on call."""

import contextlib
import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from docs.examples.post_events import NotPosted, post
from tools.local.cohort import QueuedEvent
from tools.local.stack import ROOT, LocalStack, StackFailed
from tools.operations.stacks import Pair, pairs_of

# A failed message comes again after 181 seconds (generation: 360), five times in all: quarantine after 15 minutes. Here
# the running queues are told otherwise, so that a drill takes minutes; the template is deployed as it is.
VISIBILITY_TIMEOUT_SECONDS = 4
MAX_RECEIVE_COUNT = 3
NO_RETRIES = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1})


class PortalBackend:
    """The portal's backend, as docs/examples says: it keeps what was not taken, and posts the same again."""

    def __init__(self, stack: LocalStack) -> None:
        self._queues = stack.queues
        self._sqs = stack.session().client("sqs", endpoint_url=stack.aws_endpoint, config=NO_RETRIES)
        self._kept: list[QueuedEvent] = []

    def post(self, events: Iterable[QueuedEvent]) -> int:
        """Post what was kept and these; the answer is how many have to be kept."""
        waiting, self._kept = [*self._kept, *events], []
        for queue, url in self._queues.items():
            of_queue = [queued for queued in waiting if queued[0] == queue]
            try:
                post(self._sqs, url, [event for _, event in of_queue])
            except (NotPosted, BotoCoreError, ClientError):
                self._kept += of_queue
        return len(self._kept)


class OnCall:
    """Sees the stack from inside: its queues, its bucket, and the commands of the runbook."""

    def __init__(self, stack: LocalStack, described: Path) -> None:
        """`described` is a file that says what the stack is, as out/serve.json does."""
        self._described = described
        self._bucket = stack.outputs["DocumentsBucketName"]
        self._pairs: list[Pair] = list(pairs_of(stack.outputs).values())
        self._sqs = stack.session().client("sqs", endpoint_url=stack.aws_endpoint)
        self._s3 = stack.session().client("s3", endpoint_url=stack.aws_endpoint)

    @contextlib.contextmanager
    def fast_retries(self) -> Iterator[None]:
        """For the duration of the block, let what failed come again soon, and be quarantined soon."""
        before = {pair.source: self._attributes(pair.source) for pair in self._pairs}
        for url, (policy, _) in before.items():
            soon = json.loads(policy) | {"maxReceiveCount": MAX_RECEIVE_COUNT}
            self._set_attributes(url, json.dumps(soon), str(VISIBILITY_TIMEOUT_SECONDS))
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
        """How many messages wait or are being worked on."""
        return sum(self._count(pair.source) for pair in self._pairs)

    def quarantined(self) -> dict[str, int]:
        """How many messages each dead-queued queue holds, if any, by the name of its queue."""
        counts = {pair.name: self._count(pair.dead_letters) for pair in self._pairs}
        return {name: count for name, count in counts.items() if count}

    def _count(self, url: str) -> int:
        found = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return int(found["ApproximateNumberOfMessages"]) + int(found["ApproximateNumberOfMessagesNotVisible"])

    def redrive(self, queue: str) -> int:
        """Send back what faults put into quarantine, by the runbook's own command; the answer is how many messages."""
        command = ["make", "--silent", "redrive", f"QUEUE={queue}", "REASON=fault"]
        environment = os.environ | {"EARNED_STACK": str(self._described)}
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
        sent = re.search(r"^(\d+) of \d+ sent back", done.stdout, flags=re.MULTILINE)
        if done.returncode or sent is None:
            raise StackFailed(f"make redrive QUEUE={queue} failed:\n{done.stdout}{done.stderr}")
        return int(sent[1])

    def documents(self) -> Counter[str]:
        """How many versions each document has in the bucket, delete markers included, by its key."""
        counts: Counter[str] = Counter()
        pages = self._s3.get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=self._bucket, Prefix="certificates/"):
            for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                counts[version["Key"]] += 1
        return counts
