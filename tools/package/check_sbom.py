"""Checks files against the JSON schema of CycloneDX 1.6; runs in checkov's environment, which has it."""

import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion  # type: ignore[import-not-found]  # lives in checkov's environment
from cyclonedx.validation.json import JsonStrictValidator  # type: ignore[import-not-found]  # as above

validator = JsonStrictValidator(SchemaVersion.V1_6)
invalid = {path: error for path in sys.argv[1:] if (error := validator.validate_str(Path(path).read_text("utf-8")))}
for path, error in invalid.items():
    sys.stdout.write(f"{path}: {str(error)[:500]}\n")
sys.stdout.write(f"{len(sys.argv) - 1 - len(invalid)} of {len(sys.argv) - 1} files are valid CycloneDX 1.6\n")
sys.exit(bool(invalid))
