"""A story with every setting off its default; run in a process of its own, prints what came of it as JSON.

`python -m tests.integration.off_defaults`; the functions read their settings on import.
"""

import json
import sys
from datetime import timedelta
from io import BytesIO
from typing import Any

import pypdf

from earned.aws.dynamodb import enrollments
from earned.testing.service import Service, aws_in_process
from tools.story import NOON, Story, cloud_event

REGION = "us-west-2"
SIGN_IN = {
    "Issuer": "https://login.example.org/realms/portal",
    "Audience": "certificates",
    "ConsoleClientId": "client-of-the-pages",
    "ConsoleScope": "openid certificates",
    "SignInOrigins": "https://tokens.example.org",
}
PARAMETERS = SIGN_IN | {
    "OrderToleranceSeconds": "60",
    "PaperSize": "letter",
    "RoleClaim": "custom:role",
    "CompanyClaim": "custom:company",
    "ClientClaim": "azp",
    "VerifyBaseUrl": "https://example.org/papers/",
    "ReportBucket": "reports-of-the-provider",
}
LATE = timedelta(seconds=61)
JUST_IN_TIME = timedelta(seconds=59)


def play(service: Service, story: Story) -> None:
    """Ada works for a company, Ivo and Ida for none; Bea's and Ida's first step is dated after their second."""
    story.save_company()
    story.publish(language="ja", title="良い指導", timezone="Asia/Tokyo")
    for person in ("ada", "bea"):
        story.save_account(person)
    for person in ("ivo", "ida"):
        story.save_account(person, "individual", name=f"{person.capitalize()} Sample")
    for person in ("ada", "bea", "ivo", "ida"):
        story.enroll(person)
    service.settle()
    for person in ("ada", "ivo"):
        service.post("Progress", *story.do(person, "read", "watch", "quiz"))
    for person, earlier in (("bea", LATE), ("ida", JUST_IN_TIME)):
        service.post("Progress", *story.do(person, "read"), *story.do(person, "watch", "quiz", since=NOON - earlier))
    service.settle()


def claims(story: Story, account: str, role: str) -> dict[str, str]:
    """As the configured issuer names them, without the default names."""
    company = {} if role == "individual" else {"custom:company": story.company}
    return {"sub": story.id(account), "custom:role": role, "azp": "portal", "client_id": "", **company}


def observed(service: Service, story: Story) -> dict[str, Any]:
    admin = claims(story, "admin", "company-admin")
    ivo = claims(story, "ivo", "individual")
    _, of_company = service.get(f"/v1/companies/{story.company}/certificates", admin)
    _, own = service.get("/v1/certificates", ivo)
    [certificate] = own["items"]
    _, link = service.get(f"/v1/certificates/{certificate['certificate_id']}/download", ivo)
    [(_, document)] = service.documents(f"certificates/{certificate['certificate_id']}/").items()
    page = pypdf.PdfReader(BytesIO(document))
    record = enrollments.get_record(story.id("enr-ivo"))
    assert record is not None
    assert record.issue is not None
    _, bea = service.get(f"/v1/enrollments/{story.id('enr-bea')}", admin)
    default_names = {"sub": story.id("ivo"), "role": "individual", "client_id": "portal"}
    console = service.ask("GET", "/console", None, headers={"accept": "text/html"})
    return {
        "console without": [value for value in SIGN_IN.values() if value not in json.dumps(console)],
        "holders of the company": [item["account_id"].split("-")[0] for item in of_company["items"]],
        "holder without a company": certificate["holder"],
        "paper": [round(float(length)) for length in page.pages[0].mediabox[2:]],
        "language": page.trailer["/Root"]["/Lang"],  # type: ignore[index]  # pypdf knows no types of dictionaries
        "completed on": certificate["completed_on"],
        "address": record.issue.printed.verify_url.partition(certificate["certificate_id"])[0],
        "region of the link": link["url"].partition("X-Amz-Credential=")[2].split("%2F")[2],
        "host of the link": f".{REGION}." in link["url"].split("/")[2],
        "beyond the tolerance": [item["reason"] for item in bea["outstanding"]],
        "within the tolerance": len(service.get("/v1/certificates", claims(story, "ida", "individual"))[1]["items"]),
        "default claims": service.get("/v1/certificates", default_names)[0],
        "announced": sorted(event["type"].split(".")[2] for event in service.announcements()),
        "refused": refused(service, story),
    }


def refused(service: Service, story: Story) -> list[str]:
    """The reasons for lessons of tomorrow."""
    data = story.enrollment_of("bea") | {"step_id": "read"}
    service.post("Progress", cloud_event("lesson.completed", data, NOON + timedelta(days=40_000)))
    service.settle()
    return [reason for reason, _ in service.quarantined("Progress")]


if __name__ == "__main__":
    with aws_in_process(REGION):
        running = Service.start(PARAMETERS)
        told = Story(running)
        play(running, told)
        sys.stdout.write(json.dumps(observed(running, told)) + "\n")
