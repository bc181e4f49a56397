// From a company to a PDF on the stack of `make serve`. Usage: node first_certificate.ts TOKEN
// TOKEN is the access token of an admin of the company co-1. A second run finds the certificate of the first one.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { SQSClient } from "@aws-sdk/client-sqs";
import { event, Publisher } from "./publisher.ts";

type Stack = {
  aws_endpoint: string;
  region: string;
  api: string;
  queues: { directory: string; progress: string; attendance: string };
};
type Certificates = { items: { certificate_id: string; enrollment_id: string }[] };
type Download = { url: string; expires_at: string; file_name: string };

const TIMEOUT_SECONDS = 60;
const company_id = "co-1";
const person = { enrollment_id: "enr-1", account_id: "acc-1" };
const now = new Date();

const token = process.argv[2];
if (token === undefined) throw new Error("usage: node first_certificate.ts TOKEN");
const description = process.env["EARNED_STACK"] ?? new URL("../../../out/serve.json", import.meta.url);
const stack = JSON.parse(await readFile(description, "utf8")) as Stack;
const sqs = new SQSClient({
  endpoint: stack.aws_endpoint,
  region: stack.region,
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
});

await new Publisher(sqs, stack.queues).send(
  event("portal.company.saved.v1", { company_id, name: "Sample Lanterns" }, now),
  event(
    "portal.account.saved.v1",
    { account_id: "acc-1", kind: "employee", name: "Ada Sample", email: "ada@example.com", company_id },
    now,
  ),
  event(
    "portal.course.published.v1",
    {
      course_id: "course-1",
      version: 1,
      title: "Leading Well",
      steps: [
        { step_id: "lesson-1", kind: "lesson", title: "Listening" },
        { step_id: "video-1", kind: "video", title: "Leading", duration: 90 },
      ],
    },
    now,
  ),
  event("portal.enrollment.created.v1", { ...person, training_id: "course-1", company_id }, now),
  event("portal.lesson.completed.v1", { ...person, step_id: "lesson-1" }, now, company_id),
  event("portal.video.watched.v1", { ...person, step_id: "video-1", played: [[0, 50], [50, 90]] }, now, company_id),
);

const certificate = await waitForCertificate();
const download = await get<Download>(`/v1/certificates/${certificate}/download`);
const document = await fetch(download.url); // the link needs no token
if (!document.ok) throw new Error(`the link answers ${document.status}`);
await mkdir("out", { recursive: true });
const target = `out/${download.file_name}`;
await writeFile(target, Buffer.from(await document.arrayBuffer()));
console.log(`Saved ${target}: open ${pathToFileURL(target).href}`);

/** Poll the company's list; a portal waits for the announcement instead. */
async function waitForCertificate(): Promise<string> {
  for (const deadline = Date.now() + TIMEOUT_SECONDS * 1000; Date.now() < deadline; await sleep(500)) {
    const { items } = await get<Certificates>(`/v1/companies/${company_id}/certificates`);
    const found = items.find((item) => item.enrollment_id === person.enrollment_id);
    if (found !== undefined) return found.certificate_id;
  }
  throw new Error(`no certificate after ${TIMEOUT_SECONDS} seconds; see the logs in .local/serve/`);
}

async function get<Body>(path: string): Promise<Body> {
  const answer = await fetch(stack.api + path, { headers: { Authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Body;
}
