"""The shell variables that `make serve` writes."""

import subprocess
from pathlib import Path

from tools.local.stack import LocalStack

RUNNING = LocalStack(
    aws_endpoint="http://127.0.0.1:4566",
    region="eu-central-1",
    api="http://127.0.0.1:4566/_aws/execute-api/abc",
    console="http://127.0.0.1:4566/_aws/execute-api/abc/console/",
    public="http://127.0.0.1:4567",
    queues={"progress": "http://127.0.0.1:4566/000000000000/a queue's"},
    bus="announcements",
    issuer="http://127.0.0.1:4567",
    audience="earned",
    outputs={},
)


def test_a_shell_that_sources_the_file_uses_the_local_stack(tmp_path: Path) -> None:
    file = tmp_path / "serve.sh"
    file.write_text(RUNNING.shell())
    command = f". {file} && printenv AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_DEFAULT_REGION PROGRESS API BUS"
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"}
    )
    assert done.stdout.splitlines() == [
        RUNNING.aws_endpoint,
        "test",
        RUNNING.region,
        RUNNING.queues["progress"],
        RUNNING.api,
        RUNNING.bus,
    ]
