"""What `make serve` writes for a shell."""

import subprocess
from pathlib import Path

from tools.local.stack import Stack

RUNNING = Stack(
    aws_endpoint="http://127.0.0.1:4566",
    region="eu-central-1",
    api="http://127.0.0.1:4566/_aws/execute-api/abc",
    queues={"progress": "http://127.0.0.1:4566/000000000000/a queue's"},
    bus="announcements",
    issuer="http://127.0.0.1:4567",
    audience="earned",
    outputs={},
)


def test_a_shell_that_reads_it_asks_the_local_stack_and_knows_its_queues(tmp_path: Path) -> None:
    file = tmp_path / "serve.sh"
    file.write_text(RUNNING.shell())
    command = f". {file} && printenv AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_DEFAULT_REGION PROGRESS API BUS"
    said = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"}
    )
    assert said.stdout.splitlines() == [
        RUNNING.aws_endpoint,
        "test",
        RUNNING.region,
        RUNNING.queues["progress"],
        RUNNING.api,
        RUNNING.bus,
    ]
