"""Enrollments, each with its outstanding requirements."""

from collections.abc import Callable
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Query

from earned.api.paging import Cursor, EnrollmentList, Limit, account_list, company_list, page
from earned.api.problems import Hidden, NotFound
from earned.api.responses import EnrollmentPage, EnrollmentView, enrollment_view
from earned.api.routes import Routes
from earned.api.wording import wording
from earned.aws.dynamodb import contexts, enrollments
from earned.domain.access import Operation, may_any, may_for_company
from earned.domain.enrollment import CompletionRecord, EnrollmentContext

routes = Routes()


@routes.endpoint("GET", "/v1/enrollments", Operation.SEE_OWN_PROGRESS)
def list_own_enrollments(cursor: Cursor = None, limit: Limit = 50) -> EnrollmentPage:
    """The enrollments of the token's account, in the order of their ids."""
    return _page(account_list("enrollments", routes.viewer.account_id), cursor, limit)


@routes.endpoint("GET", "/v1/enrollments/<enrollment_id>", Operation.SEE_OWN_PROGRESS, Operation.SEE_PROGRESS)
def get_enrollment(enrollment_id: str) -> EnrollmentView:
    """One enrollment. The read is strongly consistent: it includes every event that the service has recorded."""
    record = enrollments.get_record(enrollment_id)
    if record is None:
        raise NotFound
    if not may_any(routes.viewer, (Operation.SEE_OWN_PROGRESS, Operation.SEE_PROGRESS), record):
        raise Hidden
    context = contexts.get_contexts([record])[0]
    if not context.is_active:
        raise Hidden
    return _view(context)


@routes.endpoint("GET", "/v1/companies/<company_id>/enrollments", Operation.SEE_PROGRESS)
def list_company_enrollments(
    company_id: str,
    cursor: Cursor = None,
    limit: Limit = 50,
    training_id: Annotated[str | None, Query(description="Only enrollments in this training.")] = None,
    account_id: Annotated[str | None, Query(description="Only enrollments of this account.")] = None,
    status: Annotated[
        Literal["in-progress", "completed"] | None, Query(description="Only enrollments with this status.")
    ] = None,
    who: Annotated[
        Literal["learner", "administrator", "support", "nobody"] | None,
        Query(description="Only enrollments with an outstanding requirement for which this party must act."),
    ] = None,
) -> EnrollmentPage:
    """The enrollments of a company's people, grouped by account.

    With filters, a page may have fewer than `limit` items, or none, before the last page. A cursor is bound to the
    filters of the page that it came with.
    """
    if not may_for_company(routes.viewer, Operation.SEE_PROGRESS, company_id):
        raise Hidden

    filters = {"training_id": training_id, "account_id": account_id, "status": status, "who": who}

    def includes(record: CompletionRecord) -> bool:
        return training_id in (None, record.training_id)

    def matches(view: EnrollmentView) -> bool:
        return status in (None, view["status"]) and (
            who is None or any(one["who"] == who for one in view["outstanding"])
        )

    return _page(company_list("enrollments", company_id, filters, includes), cursor, limit, matches)


def _page(
    listed: EnrollmentList,
    cursor: str | None,
    limit: int,
    matches: Callable[[EnrollmentView], bool] = lambda _: True,
) -> EnrollmentPage:
    def view(context: EnrollmentContext) -> EnrollmentView | None:
        viewed = _view(context) if context.is_active else None
        return viewed if viewed is not None and matches(viewed) else None

    items, next_cursor = page(listed, cursor, limit, view)
    answer: EnrollmentPage = {"items": items}
    if next_cursor is not None:
        answer["next_cursor"] = next_cursor
    return answer


def _view(context: EnrollmentContext) -> EnrollmentView:
    tolerance, texts = routes.dependencies.tolerance, wording(routes.language)
    return enrollment_view(context, routes.viewer, routes.now, tolerance, texts)
