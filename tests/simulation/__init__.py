"""The deployed handlers in virtual time, with faults; see README.md."""

import os

os.environ["POWERTOOLS_LOG_LEVEL"] = "CRITICAL"  # loggers read it when their modules are imported
