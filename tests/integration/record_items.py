"""Where the records table keeps an enrollment."""

from earned.aws.dynamodb import enrollment_keys
from earned.domain.enrollment import EnrollmentKey
from tools.story import Story


def key_of(story: Story, account: str) -> dict[str, str]:
    """The item key of a person's enrollment, whether it is there or not."""
    pk, sk = enrollment_keys.row_key(EnrollmentKey(**story.enrollment_of(account)))
    return {"pk": pk, "sk": sk}
