"""The one check of test/security/schemathesis.sh."""

import schemathesis


@schemathesis.check
def no_internal_error(ctx, response, case):
    """A status of 500 is a defect, whatever was sent."""
    assert response.status_code != 500, f"{case.method} {case.path} answered 500: {response.text[:300]}"
