"""Events in, certificate out."""

from earned.testing.service import Service
from tests.integration.pdf_text import pages
from tools.story import NOON, Story


def test_a_completed_course_gets_one_certificate_by_itself(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    service.settle()
    [certificate] = story.certificates()
    [document] = story.own_documents().values()
    assert certificate["holder"] == "Ada Sample"
    assert certificate["completed_on"] == NOON.date().isoformat()
    [page] = pages(document)
    assert "Ada Sample" in page
    assert "Leading Well" in page
