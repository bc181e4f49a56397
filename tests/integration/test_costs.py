"""What DESIGN §9 allows, counted on the wire while the real handlers run; write units include those of indexes."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from earned.aws.dynamodb import enrollment_keys
from earned.domain.enrollment import EnrollmentKey
from earned.testing.service import Service
from tools.batched import batched
from tools.costs.capacity_units import Index, size, write_units
from tools.costs.ledger import counting
from tools.costs.scenario import Invocation, Scenario
from tools.story import cloud_event

pytestmark = pytest.mark.usefixtures("versions")

UNITS_PER_EVENT = {5: 1, 50: 1, 150: 2}  # on average
MOST_UNITS = {5: 1, 50: 1, 150: 3}


@pytest.fixture(params=UNITS_PER_EVENT)
def scene(service: Service, request: pytest.FixtureRequest) -> Scenario:
    """A course of so many steps, one person in it, and functions that have seen the course before."""
    scene = Scenario(service, request.param, seed=request.node.name)
    scene.invoke("record_directory", scene.join(1))
    scene.invoke("record_progress", [*scene.events(0, 0, 1)])
    return scene


def recorded(scene: Scenario, first: int, last: int | None = None, together: int = 1) -> list[Invocation]:
    return [scene.invoke("record_progress", batch) for batch in batched(scene.events(0, first, last), together)]


def operations(invocations: list[Invocation]) -> Counter[str]:
    return Counter(operation for one in invocations for operation in one.ledger.operations)


def test_an_event_is_one_update_of_a_write_unit_or_two_and_no_read_fresh_and_nearly_done(scene: Scenario) -> None:
    steps = len(scene.steps)
    fresh = recorded(scene, 0, 4)
    recorded(scene, 4, steps - 4, together=50)
    nearly_done = recorded(scene, steps - 4)
    assert operations(fresh) == {"dynamodb.UpdateItem": 4}
    assert operations(nearly_done) == {"dynamodb.UpdateItem": 4, "sqs.SendMessageBatch": 1}
    assert max(one.ledger.write_units for one in fresh + nearly_done) <= MOST_UNITS[steps]
    assert sum(one.ledger.read_units for one in fresh + nearly_done) == 0
    assert not any(call.index_writes for one in fresh + nearly_done for call in one.ledger.calls)


def test_the_events_of_a_course_take_a_write_unit_each_or_two_on_average(scene: Scenario) -> None:
    one_by_one = recorded(scene, 0)
    assert sum(one.ledger.write_units for one in one_by_one) <= UNITS_PER_EVENT[len(scene.steps)] * len(one_by_one)


def test_the_last_five_events_of_a_learner_in_one_batch_are_two_requests(scene: Scenario) -> None:
    recorded(scene, 0, len(scene.steps) - 5, together=50)
    [last] = recorded(scene, len(scene.steps) - 5, together=5)
    assert last.ledger.operations == ["dynamodb.UpdateItem", "sqs.SendMessageBatch"]


def test_of_one_event_in_a_batch_five_are_six_requests(service: Service) -> None:
    scene = Scenario(service, 5, seed=1)
    scene.invoke("record_directory", scene.join(2))
    recorded(scene, 0, 1)
    alone = [scene.invoke("record_progress", [event]) for event in scene.events(1)]
    assert sum(operations(alone).values()) / 5 <= 1.2


def test_a_certificate_is_four_requests(scene: Scenario) -> None:
    recorded(scene, 0, together=50)
    made = scene.invoke("generate_certificate", scene.waiting("Generation"))
    assert made.ledger.operations == [
        "dynamodb.BatchGetItem", "s3.PutObject", "dynamodb.UpdateItem", "eventbridge.PutEvents",
    ]  # fmt: skip
    assert made.ledger.write_units == {5: 1, 50: 2, 150: 4}[len(scene.steps)]


@pytest.mark.parametrize("what", ["download", "credential"])
def test_a_download_is_two_requests_for_three_items_and_a_note_of_who_got_it(service: Service, what: str) -> None:
    """The record first, which names the holder; then the viewer's account and the holder's in one request."""
    scene = Scenario(service, 5, seed=f"one {what}")
    scene.invoke("record_directory", scene.join(1))
    recorded(scene, 0)
    scene.invoke("generate_certificate", scene.waiting("Generation"))
    path = f"/v1/certificates/{scene.record(0)['c']['S']}/{what}"
    with counting() as ledger:
        status, _ = service.get(path, scene.admin)
    assert status == 200
    assert ledger.operations == ["dynamodb.Query", "dynamodb.BatchGetItem", "dynamodb.PutItem"]
    assert (ledger.read_units, ledger.write_units) == (3, 1)
    assert {"name", "email"} <= scene.account(0).keys()
    assert ledger.calls[1].received == {"pk", "kind", "company"}  # of the account: no name, no address


def test_an_enrollment_is_a_write_unit_and_one_for_each_of_two_indexes(service: Service) -> None:
    scene = Scenario(service, 5, seed=3)
    [enrolled] = [scene.invoke("record_directory", scene.join(1))]
    [update] = [call for call in enrolled.ledger.calls if call.write_units]
    assert (update.table_writes, update.index_writes) == (1, {"by-holder": 1, "by-training": 1})
    assert enrolled.ledger.operations == ["dynamodb.BatchGetItem", "dynamodb.Query", "dynamodb.UpdateItem"]


def test_a_page_of_a_list_is_four_requests_for_a_company_and_six_for_a_person(service: Service) -> None:
    scene = Scenario(service, 5, seed=4)
    for batch in batched(scene.join(40), 10):
        scene.invoke("record_directory", batch)
    with counting() as company:
        _, page = service.get(f"/v1/companies/{scene.company}/enrollments", scene.admin)
    assert len(page["items"]) == 40
    viewer = "dynamodb.BatchGetItem"
    assert company.operations == [viewer, "dynamodb.Query", "dynamodb.BatchGetItem", "dynamodb.BatchGetItem"]
    claims = {"sub": scene.people[0]["account_id"], "role": "employee", "company_id": scene.company}
    with counting() as own:
        _, page = service.get("/v1/enrollments", claims)
    assert len(page["items"]) == 1
    assert Counter(own.operations) == {"dynamodb.BatchGetItem": 4, "dynamodb.Query": 2}


def test_rewatching_every_day_for_a_year_costs_no_more(service: Service) -> None:
    scene = Scenario(service, 5, seed=5)
    scene.invoke("record_directory", scene.join(1))
    recorded(scene, 0, 4)
    video = scene.people[0] | {"step_id": scene.steps[1]["step_id"], "played": [[0, 600]]}
    began = datetime.now(UTC) - timedelta(days=365)
    days = [cloud_event("video.watched", video, began + timedelta(days=day)) for day in range(365)]
    year = [scene.invoke("record_progress", [day]) for day in days]
    spared = [one for one in year if one.ledger.operations.count("dynamodb.UpdateItem") > 1]  # facts were removed
    assert len(spared) in range(3, 7)
    assert max(one.ledger.write_units for one in year if one not in spared) <= 2
    assert size(scene.record(0)) < 2048
    recorded(scene, 4)
    assert len(scene.waiting("Generation")) == 1


def test_records_of_one_company_of_100_000_people_are_spread_evenly() -> None:
    keys = [enrollment_keys.row_key(EnrollmentKey(f"enr-{number}", f"acc-{number}"))[0] for number in range(100_000)]
    buckets = Counter(key.removeprefix("enrollment#")[:1] for key in keys)
    assert len(set(keys)) == len(keys)
    assert len(buckets) == 32
    assert max(buckets.values()) < 1.1 * len(keys) / len(buckets)


BY_LETTER = Index("by-letter", ("h",), ("h", "pk"))


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        (None, {"pk": {"S": "1"}, "h": {"S": "a"}}, 1),
        (None, {"pk": {"S": "1"}}, 0),
        ({"pk": {"S": "1"}, "h": {"S": "a"}}, {"pk": {"S": "1"}, "h": {"S": "a"}, "x": {"S": "y"}}, 0),
        ({"pk": {"S": "1"}, "h": {"S": "a"}}, {"pk": {"S": "1"}, "h": {"S": "b"}}, 2),
        ({"pk": {"S": "1"}, "h": {"S": "a"}}, {"pk": {"S": "1"}}, 1),
    ],
    ids=["new entry", "no entry", "nothing of it changed", "another key", "gone"],
)
def test_an_index_is_written_when_its_entry_changes(before: dict, after: dict, units: int) -> None:  # type: ignore[type-arg]  # of attribute values
    assert BY_LETTER.write_units(before, after) == units


def test_sizes_are_those_of_the_documentation() -> None:
    item = {
        "name": {"S": "Zoë"}, "n": {"N": "1700"}, "b": {"B": b"12"}, "k": {"BOOL": True},
        "l": {"L": [{"S": "ab"}]}, "f": {"BS": [b"123", b"45"]},
    }  # fmt: skip
    assert size(item) == (4 + 4) + (1 + 1 + 1) + (1 + 2) + (1 + 1) + (1 + 3 + 1 + 2) + (1 + 5)
    assert write_units({"s": {"S": "x" * 1023}}) == 1
    assert write_units({"s": {"S": "x" * 1024}}, {"s": {"S": ""}}) == 2
