"""Progress: enrollments, with what is outstanding in each (N3)."""

from earned.api.paging import Cursor, Fetch, Limit, page
from earned.api.problems import NOT_FOUND
from earned.api.responses import EnrollmentPage, EnrollmentView, enrollment_view
from earned.api.routes import Routes
from earned.aws.dynamodb import contexts, enrollment_lists, enrollments
from earned.domain.access import Operation, may, may_for_company

routes = Routes()


@routes.endpoint("GET", "/v1/enrollments", Operation.SEE_OWN_PROGRESS)
def own_enrollments(cursor: Cursor = None, limit: Limit = 50) -> EnrollmentPage:
    """Own enrollments."""
    own = routes.viewer.account_id
    return _page(lambda after, number: enrollment_lists.list_account_keys(own, after, number), cursor, limit)


@routes.endpoint("GET", "/v1/enrollments/<enrollment_id>", Operation.SEE_OWN_PROGRESS, Operation.SEE_PROGRESS)
def enrollment(enrollment_id: str) -> EnrollmentView:
    """One enrollment, strongly consistent."""
    completion = enrollments.get_record(enrollment_id)
    rows = (Operation.SEE_OWN_PROGRESS, Operation.SEE_PROGRESS)
    if completion is None or not any(may(routes.viewer, row, completion) for row in rows):
        raise NOT_FOUND
    case = contexts.get_contexts([completion])[0]
    if not case.is_active:
        raise NOT_FOUND
    return enrollment_view(case, routes.viewer, routes.now, routes.resources.tolerance)


@routes.endpoint("GET", "/v1/companies/<company_id>/enrollments", Operation.SEE_PROGRESS)
def company_enrollments(company_id: str, cursor: Cursor = None, limit: Limit = 50) -> EnrollmentPage:
    """The enrollments of a company's people."""
    if not may_for_company(routes.viewer, Operation.SEE_PROGRESS, company_id):
        raise NOT_FOUND
    return _page(lambda after, number: enrollment_lists.list_company_keys(company_id, after, number), cursor, limit)


def _page(fetch: Fetch, cursor: str | None, limit: int) -> EnrollmentPage:
    cases, following = page(fetch, cursor, limit, lambda _: True)
    viewer, now, tolerance = routes.viewer, routes.now, routes.resources.tolerance
    answer: EnrollmentPage = {"items": [enrollment_view(case, viewer, now, tolerance) for case in cases]}
    if following is not None:
        answer["next_cursor"] = following
    return answer
