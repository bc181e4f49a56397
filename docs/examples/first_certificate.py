"""From a company to a PDF on the stack of `make serve`: what a portal and its company admin do.

    PYTHONPATH=layers/core .venv/dev/bin/python docs/examples/first_certificate.py TOKEN

TOKEN is the access token of an admin of the company co-1. A second run finds the certificate of the first one.
"""

import json
import os
import sys
import time
import webbrowser
from datetime import UTC, datetime
from pathlib import Path

import boto3
import httpx

from earned.portal import (
    AccountSaved,
    CompanySaved,
    CoursePublished,
    EnrollmentCreated,
    LessonCompleted,
    PublishedStep,
    Publisher,
    Role,
    StepKind,
    VideoWatched,
    event,
)

TIMEOUT_SECONDS = 60
COMPANY, ACCOUNT, COURSE, ENROLLMENT = "co-1", "acc-1", "course-1", "enr-1"
NOW = datetime.now(UTC)
STEPS = (
    PublishedStep(step_id="lesson-1", kind=StepKind.LESSON, title="Listening"),
    PublishedStep(step_id="video-1", kind=StepKind.VIDEO, title="Leading", duration=90),
)
EVENTS = [
    event(CompanySaved(company_id=COMPANY, name="Sample Lanterns"), NOW),
    event(
        AccountSaved(
            account_id=ACCOUNT, kind=Role.EMPLOYEE, name="Ada Sample", email="ada@example.com", company_id=COMPANY
        ),
        NOW,
    ),
    event(CoursePublished(course_id=COURSE, version=1, title="Leading Well", steps=STEPS), NOW),
    event(
        EnrollmentCreated(enrollment_id=ENROLLMENT, account_id=ACCOUNT, training_id=COURSE, company_id=COMPANY),
        NOW,
    ),
    event(LessonCompleted(enrollment_id=ENROLLMENT, account_id=ACCOUNT, step_id="lesson-1"), NOW, company_id=COMPANY),
    event(
        VideoWatched(enrollment_id=ENROLLMENT, account_id=ACCOUNT, step_id="video-1", played=((0, 50), (50, 90))),
        NOW,
        company_id=COMPANY,
    ),
]


def main() -> None:
    stack = json.loads(Path(os.environ.get("EARNED_STACK", "out/serve.json")).read_text())
    os.environ.setdefault("NO_PROXY", "127.0.0.1")  # the stack listens on loopback
    sqs = boto3.Session("test", "test", region_name=stack["region"]).client("sqs", endpoint_url=stack["aws_endpoint"])
    Publisher(sqs, stack["queues"]).send(*EVENTS)

    with httpx.Client(base_url=stack["api"], headers={"Authorization": f"Bearer {sys.argv[1]}"}, timeout=30) as api:
        download = api.get(f"/v1/certificates/{wait_for_certificate(api)}/download").raise_for_status().json()
    target = Path("out") / download["file_name"]
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(httpx.get(download["url"]).raise_for_status().content)  # the link needs no token
    print(f"Saved {target}")
    if sys.stdout.isatty():
        webbrowser.open(target.absolute().as_uri())


def wait_for_certificate(api: httpx.Client) -> str:
    """Poll the list of the company until it has the certificate; a portal waits for the announcement instead."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        page = api.get(f"/v1/companies/{COMPANY}/certificates").raise_for_status().json()
        for certificate in page["items"]:
            if certificate["enrollment_id"] == ENROLLMENT:
                return str(certificate["certificate_id"])
        time.sleep(0.5)
    raise TimeoutError(f"no certificate after {TIMEOUT_SECONDS} seconds; see the logs in .local/serve/")


if __name__ == "__main__":
    main()
