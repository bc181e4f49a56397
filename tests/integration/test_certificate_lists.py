"""What a list of certificates asks of AWS, counted on the wire."""

from collections import Counter

from earned.testing.service import Service
from tests.integration.issued_records import enrolled, issue
from tools.costs.ledger import counting
from tools.costs.scenario import Scenario
from tools.story import Story

PEOPLE = 100


def test_a_list_of_a_hundred_certificates_takes_four_requests(service: Service, story: Story) -> None:
    """The viewer's account, the keys, the records, and the accounts of their holders."""
    story.directory()
    service.settle()
    for number in range(PEOPLE):
        issue(enrolled(story.id(f"enr-{number:03}"), story.id(f"acc-{number:03}"), story.company, story.course))
    admin = story.claims("admin", "company-admin")
    with counting() as ledger:
        status, page = service.get(f"/v1/companies/{story.company}/certificates", admin, limit=str(PEOPLE))
    assert (status, len(page["items"])) == (200, PEOPLE)
    assert Counter(ledger.operations) == {"dynamodb.Query": 1, "dynamodb.BatchGetItem": 3}


def test_an_enrollment_without_a_certificate_costs_no_read_of_its_account(service: Service, story: Story) -> None:
    """The viewer's kind, the viewer's account and the record."""
    enrolled(story.id("enr-1"), story.id("ada"), None)
    with counting() as ledger:
        _, page = service.get("/v1/certificates", story.claims("ada", "individual"))
    assert page["items"] == []
    assert Counter(ledger.operations) == {"dynamodb.Query": 1, "dynamodb.BatchGetItem": 3}


def test_a_list_of_certificates_receives_only_what_it_shows(service: Service) -> None:
    """Not the facts and proofs of its records, and of the holders' accounts only whether they are removed."""
    scene = Scenario(service, 5, seed="a list without facts")
    scene.invoke("record_directory", scene.join(1))
    scene.invoke("record_progress", scene.events(0))
    scene.invoke("generate_certificate", scene.waiting("Generation"))
    assert {"f", "p", "issue"} <= scene.record(0).keys()
    assert {"name", "email"} <= scene.account(0).keys()
    with counting() as ledger:
        _, page = service.get(f"/v1/companies/{scene.company}/certificates", scene.admin)
    received = {name for call in ledger.calls for name in call.received}
    assert len(page["items"]) == 1
    assert "issue" in received
    assert received & {"f", "p", "name", "email"} == set()
