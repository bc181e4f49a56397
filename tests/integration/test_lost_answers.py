"""A connection that breaks amid an answer: the SDK then tells of success, and of nothing that succeeded."""

from earned.testing.service import Service
from tests.integration.wire_faults import cut_short
from tools.story import Story


def test_an_event_is_acknowledged_only_once_sqs_has_said_that_its_generation_message_was_taken(
    service: Service, story: Story
) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    with cut_short(service.apps["record_progress"].generation.client, "sqs.SendMessageBatch"):
        responses = service.deliver("record_progress")
    assert sum(len(response["batchItemFailures"]) for response in responses) == 3
    service.make_visible("Progress")
    service.settle()
    assert story.enrollment("ada")["certificate"]["status"] == "issued"
