"""What the model assumes of AWS: each value with its source, or a note that nobody measured it."""

from dataclasses import dataclass

from tools.load.model import Pollers, Units

_GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg"
_DYNAMODB = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide"
_NOT_MEASURED = "assumed; nothing was measured on AWS"


@dataclass(frozen=True)
class Assumption:
    value: float
    unit: str
    source: str


ASSUMPTIONS = {
    "batches of a queue at once, at first": Assumption(5, "", f"{_GUIDE}/services-sqs-scaling.html"),
    "more of them, while messages wait": Assumption(300, "a minute", f"{_GUIDE}/services-sqs-scaling.html"),
    "batches at once of a provisioned poller": Assumption(10, "", f"{_GUIDE}/services-sqs-scaling.html"),
    "MB of memory that give one processor": Assumption(1769, "MB", f"{_GUIDE}/configuration-memory.html"),
    "writes of a new table": Assumption(4_000, "units a second", f"{_DYNAMODB}/warm-throughput.html"),
    "reads of a new table": Assumption(12_000, "units a second", f"{_DYNAMODB}/warm-throughput.html"),
    "documents of a bucket that is new or was idle": Assumption(
        3_500,
        "puts a second",
        "a prefix takes so many, and S3 splits it only under load: "
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html",
    ),
    "announcements of an account": Assumption(
        2_400,
        "a second",
        "PutEvents, by region 600 to 10,000; `make preflight` asks for it: "
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html",
    ),
    "announcements of an account, once the quota is raised": Assumption(
        10_000,
        "a second",
        "what the largest regions have: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html",
    ),
    "prefixes of a bucket that S3 has split": Assumption(4, "", "assumed; S3 splits by load, and tells nobody"),
    "a new worker, before it imports": Assumption(0.3, "s", _NOT_MEASURED),
    "handing a batch to a worker": Assumption(0.02, "s, mean", _NOT_MEASURED),
    "a DynamoDB request": Assumption(
        0.005, "s, mean", f"single-digit milliseconds, says {_DYNAMODB}/Introduction.html; {_NOT_MEASURED}"
    ),
    "an SQS or EventBridge request": Assumption(0.015, "s, mean", _NOT_MEASURED),
    "an S3 put": Assumption(0.03, "s, mean", _NOT_MEASURED),
    "an S3 put on a bad day": Assumption(
        0.1,
        "s, mean",
        "small objects take 100 to 200 ms, says "
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html",
    ),
    "write units of a mark, and of an issue": Assumption(1, "", "counted by tests/integration/test_costs.py"),
    "read units of a certificate": Assumption(3, "", "counted: two items of its own, two of all its batch"),
    "processors": Assumption(1, "of this machine's", "Lambda's are taken to be as fast as the one measured on"),
}


def value(name: str) -> float:
    return ASSUMPTIONS[name].value


def default_pollers(max_concurrency: int) -> Pollers:
    """Lambda's default pollers, up to `max_concurrency` batches at a time."""
    return Pollers(
        first=int(value("batches of a queue at once, at first")),
        growth=value("more of them, while messages wait") / 60,
        limit=max_concurrency,
    )


def provisioned_pollers(pollers: int) -> Pollers:
    ready = pollers * int(value("batches at once of a provisioned poller"))
    return Pollers(first=ready, growth=0, limit=ready)


def units(reads: float, writes: float) -> Units:
    """What AWS grants per second to a table with this throughput and to the stack around it."""
    puts, events = value("documents of a bucket that is new or was idle"), value("announcements of an account")
    return Units(reads, writes, puts, events)


NEW_TABLE = units(value("reads of a new table"), value("writes of a new table"))
