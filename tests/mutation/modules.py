"""The modules whose mutants run, with the tests that are to find them."""

_UNIT, _INTEGRATION = "tests/unit", "tests/integration"
_RULES = tuple(f"{_UNIT}/domain/test_{name}.py" for name in ("rules", "evaluation", "redundant_facts"))

MODULES: dict[str, tuple[str, ...]] = {
    "earned.domain.rules": _RULES,
    "earned.domain.evaluation": _RULES,
    "earned.domain.diagnosis": (f"{_UNIT}/domain/test_diagnosis.py",),
    "earned.domain.access": (f"{_UNIT}/domain/test_access.py",),
    "earned.domain.attendance": (f"{_UNIT}/domain/test_attendance.py",),
    "earned.domain.exports": (f"{_UNIT}/domain/test_exports.py",),
    "earned.domain.sweep": (f"{_UNIT}/domain/test_findings.py", f"{_UNIT}/domain/test_sweep.py"),
    "earned.domain.file_names": (f"{_UNIT}/domain/test_file_names.py",),
    "earned.aws.publisher": (f"{_INTEGRATION}/test_publisher.py",),
    "earned.aws.dynamodb.exports": (f"{_INTEGRATION}/test_export_rows.py", f"{_INTEGRATION}/test_expiry.py"),
    "earned.statements": (f"{_UNIT}/test_statements.py",),
    "earned.api.negotiation": (f"{_UNIT}/api/test_negotiation.py",),
    "earned.aws.dynamodb.proofs": (f"{_UNIT}/aws/test_proofs.py",),
    "earned.document.tables": (f"{_UNIT}/document/test_tables.py",),
    "earned.messages.announcements": (f"{_UNIT}/messages/test_announcements.py",),
    "earned.messages.labels": (f"{_UNIT}/messages/test_announcements.py",),
    "earned.aws.settings": (f"{_UNIT}/test_settings.py",),
    "earned.aws.metrics": (f"{_UNIT}/test_metrics.py",),
    "earned.aws.sqs": (f"{_UNIT}/aws/test_batches.py",),
    "earned.aws.sqs_batch": (f"{_UNIT}/aws/test_batches.py",),
    "earned.aws.eventbridge": (f"{_UNIT}/aws/test_batches.py",),
    "earned.aws.dynamodb.access_log": (f"{_INTEGRATION}/test_expiry.py",),
    "earned.aws.dynamodb.support": (f"{_INTEGRATION}/test_expiry.py",),
    "earned.document.wording": (f"{_UNIT}/document/test_wording.py",),
    "earned.document.days": (f"{_UNIT}/document/test_wording.py",),
    "earned.api.certificates": (
        f"{_INTEGRATION}/test_filter_days.py",
        f"{_INTEGRATION}/test_links.py",
        f"{_INTEGRATION}/test_certificate_states.py",
        f"{_INTEGRATION}/test_certificate_lists.py",
        f"{_INTEGRATION}/test_credentials.py",
    ),
    "earned.usecases.check_texts": (f"{_INTEGRATION}/test_text_checks.py", f"{_INTEGRATION}/test_metrics.py"),
    "earned.api.wording": (f"{_UNIT}/api/test_wording.py",),
    "earned.api.parameters": (f"{_UNIT}/api/test_parameters.py",),
    "tools.operations.redrive": (f"{_UNIT}/tools/test_redriving.py",),
    "tools.operations.quarantine": (f"{_UNIT}/tools/test_redriving.py",),
    "tools.operations.mentions": (f"{_UNIT}/tools/test_mentions.py",),
    "earned.usecases.logos": (f"{_INTEGRATION}/test_logos.py",),
    "earned.api.exports": (
        f"{_UNIT}/api/test_parameters.py",
        f"{_INTEGRATION}/test_export_requests.py",
        f"{_INTEGRATION}/test_export_limits.py",
        f"{_INTEGRATION}/test_reports.py",
    ),
    "earned.api.paging": (
        f"{_UNIT}/api/test_paging.py",
        f"{_UNIT}/api/test_cursors.py",
        f"{_INTEGRATION}/test_listed_keys.py",
    ),
    "earned.api.verification": (f"{_INTEGRATION}/test_verification_states.py", f"{_INTEGRATION}/test_verification.py"),
    "tools.operations.erase": (f"{_INTEGRATION}/test_erasure_steps.py",),
    "earned.api.support": (
        f"{_INTEGRATION}/test_support.py",
        f"{_INTEGRATION}/test_document_versions.py",
        f"{_INTEGRATION}/test_metrics.py",
    ),
    "earned.usecases.sweep": (f"{_INTEGRATION}/test_sweep_runs.py",),
}

# Of these, mutants survive that nobody has looked at yet, so they run only when they are named.
UNFINISHED: dict[str, tuple[str, ...]] = {}
