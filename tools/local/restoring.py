"""The restore of a lost table, rehearsed: the stack goes on with the restored one, under its new name."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import yaml_parse

from tools.local import releases, sam
from tools.local.stack import LocalStack, StackFailed
from tools.operations.restore import prepare, restore, switch_consumers
from tools.operations.stacks import DeployedStack
from tools.package.shipping import stamp

WHAT_A_RESTORE_LOSES = ("TimeToLiveStatus", "PointInTimeRecoveryStatus")


def restore_records(directory: Path, running: LocalStack) -> None:
    """Stop the consumers, restore the records, empty the lost table, deploy with the restored one, and start them.

    The emulator restores no deleted table, so the lost one is emptied after the restore.
    """
    stack = DeployedStack.described(running)
    dynamodb, functions = stack.client("dynamodb"), stack.client("lambda")
    arns, lost = {stack.queue_arn(pair.source) for pair in stack.pairs.values()}, running.outputs["RecordsTableName"]
    switch_consumers(functions, arns, enabled=False)
    restored = restore(dynamodb, lost, None, running.outputs["KeyArn"])
    prepare(dynamodb, restored, {"service": "earned"}, protected=False)
    check(dynamodb, restored)
    empty(dynamodb, lost)
    releases.deploy(directory, running, stamped(directory), ExistingRecordsTable=restored)
    if switch_consumers(functions, arns, enabled=True) != len(arns):
        raise StackFailed("Not every queue is read again.")


def check(dynamodb: Any, table: str) -> None:
    """Raises StackFailed unless the table has what a restore loses."""
    live = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    found = {**live, **backups["PointInTimeRecoveryDescription"]}
    if lacking := [name for name in WHAT_A_RESTORE_LOSES if found.get(name) != "ENABLED"]:
        raise StackFailed(f"The restored table lacks {', '.join(lacking)}.")


def empty(dynamodb: Any, table: str) -> None:
    """Lose all items of a table: what still reads it finds nothing."""
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ProjectionExpression="pk, sk"):
        for key in page["Items"]:
            dynamodb.delete_item(TableName=table, Key=key)


def stamped(directory: Path) -> Path:
    """A copy of the build that makes a version of the API, as `make build` does."""
    built = directory / "restored"
    shutil.rmtree(built, ignore_errors=True)
    shutil.copytree(sam.BUILD, built)
    template = built / "template.yaml"
    text = yaml.safe_dump(stamp(yaml_parse(template.read_text()), datetime.now(UTC)), sort_keys=False)
    template.write_text(text)
    return built
