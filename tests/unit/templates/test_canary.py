"""A release of the API: behind an alias, shifted in steps, taken back by alarms, started from a snapshot."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from samtranslator.translator.transform import transform

from earned.testing.cloudformation import (
    INFRA,
    REQUIRED,
    ROOT,
    Invented,
    environment,
    functions,
    parameters,
    read_template,
)
from tests.unit.test_template import NoManagedPolicies, chosen
from tools.package.shipping import stamp

LOCAL_PATHS = re.compile(r'"((?:layers|functions|infra)/[^"$]+)"')
ALIAS = {"Ref": "ServeApiAliaslive"}
Resources = dict[str, dict[str, Any]]


@pytest.fixture
def expand(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Resources]:
    """The resources after SAM's transform; `edit` changes the text of the template before, the rest are parameters."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")

    def expanded(edit: Callable[[str], str] = str, **parameters: str) -> Resources:
        text = LOCAL_PATHS.sub(r'"s3://bucket/\1"', json.dumps(read_template()))
        found: Resources = transform(json.loads(edit(text)), REQUIRED | parameters, NoManagedPolicies())["Resources"]
        return found

    return expanded


def version(resources: Resources) -> str:
    [name] = [name for name, one in resources.items() if one["Type"] == "AWS::Lambda::Version"]
    return name


def test_the_api_calls_the_alias_and_never_the_newest_code(expand: Callable[..., Resources]) -> None:
    resources = expand()
    integrations = [one for one in resources.values() if one["Type"] == "AWS::ApiGatewayV2::Integration"]
    assert [one["Properties"]["IntegrationUri"] for one in integrations] == [ALIAS]
    assert resources["ApiPermission"]["Properties"]["FunctionName"] == ALIAS
    assert resources["ServeApiAliaslive"]["Properties"]["FunctionVersion"] == {
        "Fn::GetAtt": [version(resources), "Version"]
    }


@pytest.mark.parametrize("changed", ["functions/serve_api", "layers/core", "layers/dependencies"])
def test_a_release_of_the_code_or_of_a_layer_makes_a_version(expand: Callable[..., Resources], changed: str) -> None:
    """SAM looks at a layer only if the layer says so: a release of the package alone would never reach the API."""
    newer = expand(lambda text: text.replace(f's3://bucket/{changed}"', f's3://bucket/{changed}-2"'))
    assert version(newer) != version(expand())


def test_a_release_of_another_function_makes_no_version_of_the_api(expand: Callable[..., Resources]) -> None:
    newer = expand(lambda text: text.replace('s3://bucket/functions/sweep"', 's3://bucket/functions/sweep-2"'))
    assert version(newer) == version(expand())


def test_every_build_makes_a_version(expand: Callable[..., Resources]) -> None:
    """SAM does not see a changed parameter: the alias would stay on a version with the value before."""
    built = datetime(2026, 11, 30, 22, tzinfo=UTC)
    first, second = (
        expand(lambda text, at=at: json.dumps(stamp(json.loads(text), at)))
        for at in (built, built + timedelta(seconds=1))
    )
    assert version(first) != version(second)
    assert [name for name, one in first.items() if one["Properties"].get("Description", "").startswith("Built")] == [
        "ServeApi"
    ]


def test_a_version_stays_for_the_way_back(expand: Callable[..., Resources]) -> None:
    resources = expand()
    assert resources[version(resources)]["DeletionPolicy"] == "Retain"


def test_a_release_gets_a_tenth_of_the_requests_for_longer_than_an_alarm_needs(
    expand: Callable[..., Resources],
) -> None:
    group = expand()["ServeApiDeploymentGroup"]["Properties"]
    minutes = re.search(
        r"Canary10Percent(\d+)Minutes", json.dumps(chosen(group["DeploymentConfigName"], "ShiftsGradually"))
    )
    assert minutes
    for name in rolling_back(group):
        alarm = named_alarms()[name]
        assert alarm["Period"] * alarm["EvaluationPeriods"] < int(minutes[1]) * 60


def rolling_back(group: dict[str, Any]) -> set[str]:
    configured = chosen(group["AlarmConfiguration"], "ShiftsGradually")
    assert configured["Enabled"] is True
    return {one["Name"]["Fn::Sub"].replace("${AWS::StackName}", "${Service}") for one in configured["Alarms"]}


def named_alarms() -> dict[str, dict[str, Any]]:
    """The alarms with a name of their own, by that name; Service is the name of the stack."""
    resources = read_template(INFRA / "observability.yaml")["Resources"].values()
    alarms = [one["Properties"] for one in resources if "AlarmName" in one.get("Properties", {})]
    return {one["AlarmName"]["Fn::Sub"]: one for one in alarms}


def test_crashes_and_failed_answers_take_a_release_back(expand: Callable[..., Resources]) -> None:
    group = expand()["ServeApiDeploymentGroup"]["Properties"]
    watched = {named_alarms()[name]["MetricName"] for name in rolling_back(group)}
    assert watched == {"Errors", "5xx"}
    assert group["AutoRollbackConfiguration"]["Enabled"] is True
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
    service = read_template()["Resources"]["Observability"]["Properties"]["Parameters"]["Service"]
    assert service == {"Ref": "AWS::StackName"}


def test_a_repair_of_a_failing_api_is_not_stopped_by_the_alarms_that_it_ends(expand: Callable[..., Resources]) -> None:
    group = expand()["ServeApiDeploymentGroup"]["Properties"]
    assert chosen(group["AlarmConfiguration"]) == {}
    assert "AllAtOnce" in json.dumps(chosen(group["DeploymentConfigName"]))
    assert read_template()["Parameters"]["ShiftApi"]["Default"] == "gradually"


def test_codedeploy_may_shift_this_alias_and_nothing_else(expand: Callable[..., Resources]) -> None:
    resources = expand()
    assert resources["ServeApiDeploymentGroup"]["Properties"]["ServiceRoleArn"] == {
        "Fn::GetAtt": ["ShiftApiRole", "Arn"]
    }
    [policy] = resources["ShiftApiRole"]["Properties"]["Policies"]
    shifting, watching = policy["PolicyDocument"]["Statement"]
    assert shifting["Action"] == ["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"]
    assert shifting["Resource"] == [{"Fn::GetAtt": ["ServeApi", "Arn"]}, {"Fn::Sub": "${ServeApi.Arn}:*"}]
    assert watching["Action"] == "cloudwatch:DescribeAlarms"


def test_an_emulator_has_the_alias_without_codedeploy(expand: Callable[..., Resources]) -> None:
    resources = expand(OnAws="false")
    assert "ServeApiAliaslive" in resources
    assert [name for name, one in resources.items() if one["Type"].startswith("AWS::CodeDeploy::")] == []
    assert "UpdatePolicy" not in resources["ServeApiAliaslive"]


def test_the_api_starts_from_a_snapshot_on_aws_if_it_is_paid_for(expand: Callable[..., Resources]) -> None:
    function = expand()["ServeApi"]["Properties"]
    assert chosen(function["SnapStart"], "StartsFromSnapshot") == {"ApplyOn": "PublishedVersions"}
    assert chosen(function["SnapStart"]) == {"ApplyOn": "None"}
    assert read_template()["Conditions"]["StartsFromSnapshot"] == {
        "Fn::And": [{"Condition": "IsOnAws"}, {"Fn::Equals": [{"Ref": "ApiSnapshot"}, "true"]}]
    }
    assert read_template()["Parameters"]["PythonRuntime"]["Default"] in {"python3.12", "python3.13"}
    assert not {"EphemeralStorage", "FileSystemConfigs"} & function.keys()  # SnapStart refuses them


WATCHED_IMPORT = '''
import json, socket, sys

OURS = sys.argv[1:]
sys.path[:0] = OURS
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter"}
CHANCE = {"urandom", "getrandbits", "random", "uuid1", "uuid4", "token_bytes", "token_hex"}
found = []

def callers(frame):
    """The frames from the call to the first import, which begins the body of another module."""
    while frame and "importlib._bootstrap" not in frame.f_code.co_filename:
        yield frame.f_code.co_filename
        frame = frame.f_back

def watch(frame, event, argument):
    name = argument.__name__ if event == "c_call" else frame.f_code.co_name if event == "call" else ""
    if name in CLOCKS | CHANCE and any(path.startswith(tuple(OURS)) for path in callers(frame)):
        found.append(name)

def refuse(*_):
    raise OSError("a connection at import")

socket.socket.connect = refuse
sys.setprofile(watch)
import app
sys.setprofile(None)
print(json.dumps(sorted(set(found))))
'''


def imported(folder: Path) -> list[str]:
    """The clocks and sources of chance that an import of a function's `app` asks."""
    variables = environment(functions()["ServeApi"].variables, Invented(parameters()))
    core = ROOT / "layers" / "core"
    done = subprocess.run(
        [sys.executable, "-c", WATCHED_IMPORT, str(folder), str(core)],
        env={
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "key",
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = yaml.safe_load(done.stdout)
    return found


def test_a_snapshot_holds_no_time_no_chance_and_no_connection() -> None:
    """Every sandbox starts with what the import computed, hours or weeks later: equal ids, and a time that stands."""
    assert imported(ROOT / functions()["ServeApi"].code_uri) == []


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("from datetime import UTC, datetime\nSTARTED = datetime.now(UTC)", "now"),
        ("import time\nSTARTED = time.time()", "time"),
        ("import secrets\nSANDBOX = secrets.token_hex(8)", "token_hex"),
        ("import uuid\nSANDBOX = uuid.uuid4()", "uuid4"),
    ],
)
def test_the_watch_over_the_import_sees_what_a_snapshot_must_not_hold(tmp_path: Path, code: str, asked: str) -> None:
    (tmp_path / "app.py").write_text(code)
    assert asked in imported(tmp_path)
