"""Earn one certificate on the stack of `make serve` and save its PDF in out/: what a portal and its company admin do.

    .venv/dev/bin/python -m docs.examples.first_certificate TOKEN

TOKEN is the access token of an admin of the company co-1. A second run finds the certificate of the first one.
"""

import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import boto3
import httpx

from docs.examples.post_events import Event, post

TIMEOUT_SECONDS = 60
COMPANY = "co-1"
ADA = {"account_id": "acc-1", "kind": "employee", "name": "Ada Sample", "email": "ada@example.com"}
LESSON = {"step_id": "lesson-1", "kind": "lesson", "title": "Listening"}
ENROLLMENT = {"enrollment_id": "enr-1", "account_id": "acc-1"}
NOW = datetime.now(UTC)

DIRECTORY = [
    Event("portal.company.saved.v1", {"company_id": COMPANY, "name": "Sample Lanterns"}, NOW, COMPANY),
    Event("portal.account.saved.v1", ADA | {"company_id": COMPANY}, NOW, COMPANY),
    Event(
        "portal.course.published.v1",
        {"course_id": "course-1", "version": 1, "title": "Leading Well", "steps": [LESSON]},
        NOW,
    ),
    Event("portal.enrollment.created.v1", ENROLLMENT | {"training_id": "course-1"}, NOW, COMPANY),
]
PROGRESS = [Event("portal.lesson.completed.v1", ENROLLMENT | {"step_id": "lesson-1"}, NOW, COMPANY)]


def main() -> None:
    stack = json.loads(Path(os.environ.get("EARNED_STACK", "out/serve.json")).read_text())
    os.environ.setdefault("NO_PROXY", "127.0.0.1")  # the stack listens on loopback
    sqs = boto3.Session("test", "test", region_name=stack["region"]).client("sqs", endpoint_url=stack["aws_endpoint"])
    post(sqs, stack["queues"]["directory"], DIRECTORY)
    post(sqs, stack["queues"]["progress"], PROGRESS)

    with httpx.Client(base_url=stack["api"], headers={"Authorization": f"Bearer {sys.argv[1]}"}, timeout=30) as api:
        download = api.get(f"/v1/certificates/{wait_for_certificate(api)}/download").raise_for_status().json()
    target = Path("out") / download["file_name"]
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(httpx.get(download["url"]).raise_for_status().content)  # the link needs no token
    print(f"Saved {target}")


def wait_for_certificate(api: httpx.Client) -> str:
    """Poll the company's list of certificates until it has the enrollment's; returns the certificate_id."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        page = api.get(f"/v1/companies/{COMPANY}/certificates").raise_for_status().json()
        for certificate in page["items"]:
            if certificate["enrollment_id"] == ENROLLMENT["enrollment_id"]:
                return str(certificate["certificate_id"])
        time.sleep(0.5)
    raise TimeoutError(f"no certificate after {TIMEOUT_SECONDS} seconds; see the logs in .local/serve/")


if __name__ == "__main__":
    main()
