"""A company's progress, summarized by training."""

from typing_extensions import TypedDict

from earned.api.problems import Hidden, TooMany
from earned.api.responses import TrainingView, training_view
from earned.api.routes import Routes
from earned.domain.access import Operation, may_for_company
from earned.domain.summary import TrainingSummary
from earned.domain.timestamps import rfc_3339
from earned.messages.schema_types import Instant
from earned.usecases.company_summary import TooManyEnrollments, summarize_company

routes = Routes()


class WaitingView(TypedDict):
    """People by the party that must act on their first outstanding requirement."""

    learner: int
    administrator: int
    support: int
    nobody: int


class TrainingSummaryView(TypedDict):
    """A training with the number of its enrollments, of the completed ones, and of the certificates that stand."""

    training: TrainingView
    enrolled: int
    completed: int
    certificates: int
    waiting: WaitingView


class CompanySummaryView(TypedDict):
    """A company's trainings in the order of their ids, as of `as_of`."""

    items: list[TrainingSummaryView]
    as_of: Instant


@routes.endpoint("GET", "/v1/companies/<company_id>/summary", Operation.SEE_PROGRESS, problems=(TooMany,))
def get_company_summary(company_id: str) -> CompanySummaryView:
    """How far a company's people are in each training: the enrollments of its list, counted.

    `waiting` counts a person once for each party, whatever the number of their enrollments in the training.
    """
    if not may_for_company(routes.viewer, Operation.SEE_PROGRESS, company_id):
        raise Hidden
    try:
        summaries = summarize_company(company_id, routes.now, routes.dependencies.tolerance)
    except TooManyEnrollments:
        raise TooMany from None
    return {"items": [_view(summary) for summary in summaries], "as_of": rfc_3339(routes.now)}


def _view(summary: TrainingSummary) -> TrainingSummaryView:
    people = {party.value: len(accounts) for party, accounts in summary.waiting.items()}
    return {
        "training": training_view(summary.training_id, summary.training),
        "enrolled": summary.enrolled,
        "completed": summary.completed,
        "certificates": summary.certificates,
        "waiting": {
            "learner": people["learner"],
            "administrator": people["administrator"],
            "support": people["support"],
            "nobody": people["nobody"],
        },
    }
