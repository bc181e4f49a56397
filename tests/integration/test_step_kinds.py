"""Each kind of step in the table of docs/contract.md §2: what completes it, and what the service says about it."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from earned.domain.training import StepKind
from earned.portal import PublishedStep
from earned.statements import ADL, VIDEO, Step, translate
from earned.testing.service import Service
from tests.integration.pdf_text import pages
from tests.unit.messages.published_schemas import VALIDATORS
from tools.contracts import ROOT
from tools.story import DOING, NOON, Story, cloud_event

ROW = re.compile(r"^  \| (`.+`) \| `portal\.(.+)\.v1` \|(.*)\|$", re.MULTILINE)
VALUES = {"duration": 60, "passing_score": 80}
TABLE = {
    kind: (event, [field for field in VALUES if field in fields])
    for kinds, event, fields in ROW.findall((ROOT / "docs/contract.md").read_text("utf-8"))
    for kind in re.findall("`([^`]+)`", kinds)
}
COMPLETING: dict[str, dict[str, Any]] = dict(DOING.values())
UNTIL_THEN = {
    "lesson.completed": "not-completed",
    "video.watched": "not-watched-to-the-end",
    "quiz.graded": "not-passed",
}
TIMELINE = {"lesson.completed": "completed", "video.watched": "watched", "quiz.graded": "graded"}
STATEMENT = {
    "id": "6690e6c9-3ef0-4ed3-8b37-7f3964730bee",
    "verb": {"id": f"{ADL}completed"},
    "timestamp": NOON.isoformat(),
    "result": {
        "score": {"raw": 90},
        "extensions": {f"{VIDEO}extensions/time": 60, f"{VIDEO}extensions/played-segments": "0[.]60"},
    },
}


def step_of(kind: str) -> dict[str, Any]:
    needed = {field: VALUES[field] for field in TABLE[kind][1]}
    return {"step_id": "one", "kind": kind, "title": "The one step"} | needed


def outstanding(story: Story) -> list[tuple[str, str, str]]:
    return [(one["kind"], one["id"], one["reason"]) for one in story.enrollment("ada")["outstanding"]]


def test_the_table_of_the_contract_has_every_kind_of_step() -> None:
    assert TABLE.keys() == set(StepKind)


@pytest.mark.parametrize("kind", TABLE)
def test_a_step_of_each_kind_is_completed_by_its_event_alone(service: Service, story: Story, kind: str) -> None:
    event, _ = TABLE[kind]
    events = {
        name: cloud_event(name, story.enrollment_of("ada") | {"step_id": "one"} | data, NOON)
        for name, data in COMPLETING.items()
    }
    story.save_company()
    story.save_account("ada")
    story.enroll("ada")
    story.publish(1, [step_of(kind)])
    service.post("Progress", *(one for name, one in events.items() if name != event))
    service.settle()
    assert outstanding(story) == [(kind, "one", UNTIL_THEN[event])]
    assert story.certificates() == []

    service.post("Progress", events[event])
    service.settle()
    assert outstanding(story) == []
    (document,) = story.own_documents().values()
    assert any("Leading Well" in page for page in pages(document))


@pytest.mark.parametrize("kind", TABLE)
def test_support_sees_what_was_done_in_a_step_of_each_kind(service: Service, story: Story, kind: str) -> None:
    event, _ = TABLE[kind]
    done = story.enrollment_of("ada") | {"step_id": "one"} | COMPLETING[event]
    story.save_account("ada")
    story.enroll("ada")
    story.publish(1, [step_of(kind), step_of(kind) | {"step_id": "two", "title": "The other step"}])
    service.post("Progress", cloud_event(event, done, NOON + timedelta(minutes=1)))
    service.settle()

    _, answer = service.get("/v1/diagnoses", story.claims("sup", "support"), account_id=story.id("ada"))
    (found,) = answer["items"]
    blocking = found["blocking"]
    assert (blocking["kind"], blocking["id"], blocking["reason"]) == (kind, "two", UNTIL_THEN[event])
    last = found["completion"]["timeline"][-1]
    assert (last["what"], last["subject"], last["title"]) == (TIMELINE[event], "one", "The one step")


@pytest.mark.parametrize("kind", TABLE)
def test_a_step_of_each_kind_is_published_with_the_fields_of_the_table(kind: str) -> None:
    step = step_of(kind)
    validator = VALIDATORS["portal.course.published.v1"].evolve(schema=_schema_of_a_step())
    PublishedStep.model_validate_json(json.dumps(step))
    assert validator.is_valid(step)
    for field in TABLE[kind][1]:
        less = {name: value for name, value in step.items() if name != field}
        assert not validator.is_valid(less)
        with pytest.raises(ValidationError, match=f"a {kind} needs a {field}"):
            PublishedStep.model_validate_json(json.dumps(less))


def _schema_of_a_step() -> Any:
    whole = VALIDATORS["portal.course.published.v1"].schema
    return {"$ref": "#/$defs/PublishedStep", "$defs": whole["$defs"]}


@pytest.mark.parametrize("kind", TABLE)
def test_a_statement_about_a_step_of_each_kind_becomes_its_event(kind: str) -> None:
    event, _ = TABLE[kind]
    assert translate(STATEMENT, Step("en-1", "acc-1", "one", StepKind(kind))).type == f"portal.{event}.v1"
