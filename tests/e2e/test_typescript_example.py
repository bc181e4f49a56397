"""The TypeScript example: its types are those of the schemas, it compiles, and it earns a certificate."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from earned.messages.events import QUEUES
from tests.e2e.portal import Portal
from tools.local.stack import ROOT

NODE = ROOT / ".venv" / "node"
EXAMPLE = Path("docs/examples/typescript")
SEND = """
import type { SQSClient } from "@aws-sdk/client-sqs";
import { event, NotSent, Publisher, type Outgoing } from "./publisher.ts";

const requests: string[][] = [];
const groups = new Set<string>();
const pauses: number[] = [];
type Entry = { Id: string; MessageGroupId?: string };
const refuse = (refused: string[], senderFault: boolean) => ({
  send: async (command: { input: { Entries: Entry[] } }) => {
    const entries = command.input.Entries;
    requests.push(entries.map(({ Id }) => Id));
    for (const { MessageGroupId } of entries) groups.add(MessageGroupId ?? "");
    return {
      Successful: entries.filter(({ Id }) => !refused.includes(Id)),
      Failed: entries.filter(({ Id }) => refused.includes(Id))
        .map(({ Id }) => ({ Id, Code: "InternalError", SenderFault: senderFault })),
    };
  },
}) as unknown as SQSClient;
const broken = { send: async () => { throw new TypeError("down"); } } as unknown as SQSClient;
const queues = { directory: "d", progress: "p", attendance: "a" };
const lesson = (title = "read") => event("portal.lesson.completed.v1",
  { enrollment_id: "enr-1", account_id: "acc-1", step_id: title }, new Date(), "co-1");
const large = () => event("portal.video.watched.v1",
  { enrollment_id: "enr-1", account_id: "acc-1", step_id: "x".repeat(100_000), played: [[0, 1]] }, new Date(), "co-1");
const send = async (client: SQSClient, ...outgoing: Outgoing[]) => {
  requests.length = pauses.length = 0;
  const options = { pauses: [1, 2], sleep: async (pause: number) => void pauses.push(pause) };
  const failure = await new Publisher(client, queues, options).send(...outgoing).catch((error: unknown) => error);
  const unsent = failure instanceof NotSent
    ? failure.failures.map(({ outgoing: one, reason }) => [outgoing.indexOf(one), reason]) : [];
  const message = failure instanceof Error ? failure.message.slice(0, 30) : "";
  return JSON.stringify({ requests, pauses, unsent, message });
};
const lessons = (count: number) => Array.from({ length: count }, () => lesson());
console.log(await send(refuse([], false), ...lessons(12)));
console.log(await send(refuse([], false), large(), large(), large()));
console.log(await send(refuse(["1"], false), ...lessons(2)));
console.log(await send(refuse(["1"], true), ...lessons(2)));
console.log(await send(broken, ...lessons(11)));
console.log([...groups].join());
"""
SENT = """\
{"requests":[["0","1","2","3","4","5","6","7","8","9"],["0","1"]],"pauses":[],"unsent":[],"message":""}
{"requests":[["0","1"],["0"]],"pauses":[],"unsent":[],"message":""}
{"requests":[["0","1"],["1"],["1"]],"pauses":[1,2],"unsent":[[1,"InternalError"]],\
"message":"1 of 2 events were not sent: p"}
{"requests":[["0","1"]],"pauses":[],"unsent":[[1,"InternalError"]],"message":"1 of 2 events were not sent: p"}
"""


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A copy of the example, as `npm ci` leaves it."""
    shutil.copytree(ROOT / EXAMPLE, tmp_path / EXAMPLE, ignore=shutil.ignore_patterns("node_modules", "out"))
    shutil.copytree(ROOT / "docs" / "events", tmp_path / "docs" / "events")
    (tmp_path / EXAMPLE / "node_modules").symlink_to(NODE / "typescript" / "node_modules")
    return tmp_path / EXAMPLE


def run(example: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PATH": f"{NODE / 'bin'}{os.pathsep}{os.environ['PATH']}"} | variables
    return subprocess.run(
        command, cwd=example, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_types_are_those_of_the_schemas(example: Path) -> None:
    """If not: `npm ci && npm run generate` in docs/examples/typescript."""
    committed = (example / "events.ts").read_text("utf-8")
    generated = run(example, "npm", "run", "--silent", "generate")
    assert generated.returncode == 0, generated.stderr
    assert (example / "events.ts").read_text("utf-8") == committed


def test_the_types_are_exact() -> None:
    types = re.sub(r"(?s)/\*.*?\*/", "", (ROOT / EXAMPLE / "events.ts").read_text("utf-8"))
    assert re.findall(r"\b(?:any|unknown|object)\b", types) == []
    assert re.findall(r"\w+\d+ \{|\[k: ", types.replace("V1 {", "")) == []  # a second type of the same name
    assert "played: [number, number][];" in types


def test_the_publisher_knows_the_queue_of_every_type() -> None:
    source = (ROOT / EXAMPLE / "publisher.ts").read_text("utf-8")
    known = dict(re.findall(r'"(portal\.[\w.-]+)": "(\w+)",', source))
    assert known == {type_: queue for queue, models in QUEUES.items() for type_ in models}


def test_the_example_compiles_strictly(example: Path) -> None:
    assert '"strict": true' in (example / "tsconfig.json").read_text("utf-8")
    compiled = run(example, "npm", "run", "--silent", "check")
    assert (compiled.returncode, compiled.stdout) == (0, "")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("kind: \"video\"", "kind: \"film\""),
        ("played: [[0, 50], [50, 90]]", "played: [[0, 50], [50]]"),
        ("step_id: \"video-1\", played", "step: \"video-1\", played"),
        ("\"portal.company.saved.v1\"", "\"portal.company.saved.v2\""),
    ],
)  # fmt: skip
def test_the_compiler_refuses_an_event_that_earned_would_refuse(example: Path, right: str, wrong: str) -> None:
    source = (example / "first_certificate.ts").read_text("utf-8")
    assert right in source
    (example / "first_certificate.ts").write_text(source.replace(right, wrong), "utf-8")
    compiled = run(example, "npm", "run", "--silent", "check")
    assert compiled.returncode != 0
    assert "first_certificate.ts" in compiled.stdout


def test_the_publisher_sends_in_batches_and_names_what_was_not_sent(example: Path) -> None:
    (example / "send.ts").write_text(SEND, "utf-8")
    assert run(example, "npm", "run", "--silent", "check").stdout == ""
    sent = run(example, "node", "send.ts")
    assert sent.stderr == ""
    *lines, broken, groups = sent.stdout.splitlines()
    assert lines == SENT.splitlines()
    assert '[0,"TypeError"]' in broken
    assert '[10,"not tried after the error of an earlier request"]' in broken
    assert groups == "co-1"


@pytest.mark.stack
def test_the_example_saves_a_certificate(portal: Portal, example: Path, tmp_path: Path) -> None:
    described = tmp_path / "serve.json"
    portal.stack.write(described)
    token = portal.token("company-admin", "admin-1", "co-1")
    done = run(example, "node", "first_certificate.ts", token, EARNED_STACK=str(described))
    assert done.returncode == 0, done.stderr
    saved = re.match(r"Saved (out/.+\.pdf): open file://", done.stdout)
    assert saved, done.stdout
    assert (example / saved[1]).read_bytes().startswith(b"%PDF-")
