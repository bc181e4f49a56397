"""Enrollments, each with its outstanding requirements."""

from earned.api.paging import Cursor, EnrollmentList, Limit, account_list, company_list, page
from earned.api.problems import Hidden, NotFound
from earned.api.responses import EnrollmentPage, EnrollmentView, enrollment_view
from earned.api.routes import Routes
from earned.aws.dynamodb import contexts, enrollments
from earned.domain.access import Operation, may_any, may_for_company

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
    return enrollment_view(context, routes.viewer, routes.now, routes.dependencies.tolerance)


@routes.endpoint("GET", "/v1/companies/<company_id>/enrollments", Operation.SEE_PROGRESS)
def list_company_enrollments(company_id: str, cursor: Cursor = None, limit: Limit = 50) -> EnrollmentPage:
    """The enrollments of a company's people, grouped by account."""
    if not may_for_company(routes.viewer, Operation.SEE_PROGRESS, company_id):
        raise Hidden
    return _page(company_list("enrollments", company_id), cursor, limit)


def _page(listed: EnrollmentList, cursor: str | None, limit: int) -> EnrollmentPage:
    found, next_cursor = page(listed, cursor, limit, lambda _: True)
    viewer, now, tolerance = routes.viewer, routes.now, routes.dependencies.tolerance
    answer: EnrollmentPage = {"items": [enrollment_view(context, viewer, now, tolerance) for context in found]}
    if next_cursor is not None:
        answer["next_cursor"] = next_cursor
    return answer
