"""Progress: enrollments, with what is outstanding in each (N3)."""

from earned import store
from earned.access import Operation, may, may_for_company
from earned.api.routes import Routes
from earned.paging import Cursor, Fetch, Limit, page
from earned.problems import NOT_FOUND
from earned.views import EnrollmentPage, EnrollmentView, enrollment_view

routes = Routes()


@routes.serves("GET", "/v1/enrollments", Operation.SEE_OWN_PROGRESS)
def own_enrollments(cursor: Cursor = None, limit: Limit = 50) -> EnrollmentPage:
    """Own enrollments."""
    own = routes.viewer.account_id
    return _page(lambda after, number: store.keys_of_account(own, after, number), cursor, limit)


@routes.serves("GET", "/v1/enrollments/<enrollment_id>", Operation.SEE_OWN_PROGRESS, Operation.SEE_PROGRESS)
def enrollment(enrollment_id: str) -> EnrollmentView:
    """One enrollment, strongly consistent."""
    completion = store.enrollment(enrollment_id)
    rows = (Operation.SEE_OWN_PROGRESS, Operation.SEE_PROGRESS)
    if completion is None or not any(may(routes.viewer, row, completion) for row in rows):
        raise NOT_FOUND
    case = store.cases([completion])[0]
    if not case.stands:
        raise NOT_FOUND
    return enrollment_view(case, routes.viewer, routes.now, routes.resources.tolerance)


@routes.serves("GET", "/v1/companies/<company_id>/enrollments", Operation.SEE_PROGRESS)
def company_enrollments(company_id: str, cursor: Cursor = None, limit: Limit = 50) -> EnrollmentPage:
    """The enrollments of a company's people."""
    if not may_for_company(routes.viewer, Operation.SEE_PROGRESS, company_id):
        raise NOT_FOUND
    return _page(lambda after, number: store.keys_of_company(company_id, after, number), cursor, limit)


def _page(fetch: Fetch, cursor: str | None, limit: int) -> EnrollmentPage:
    cases, following = page(fetch, cursor, limit, lambda _: True)
    viewer, now, tolerance = routes.viewer, routes.now, routes.resources.tolerance
    answer: EnrollmentPage = {"items": [enrollment_view(case, viewer, now, tolerance) for case in cases]}
    if following is not None:
        answer["next_cursor"] = following
    return answer
