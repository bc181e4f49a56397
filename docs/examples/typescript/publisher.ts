// Posts events to Earned's queues. Copy this file and events.ts into the portal's backend.
import { randomUUID } from "node:crypto";
import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { PortalEvent } from "./events.ts";

export type { PortalEvent } from "./events.ts";

type QueueName = "directory" | "progress" | "attendance";
type Type = PortalEvent["type"];
type Data<T extends Type> = Extract<PortalEvent, { type: T }>["data"];

/** An event with its MessageGroupId. Store it before you send it; after a failure, send the same one again. */
export type Outgoing = { event: PortalEvent; group: string | undefined };

export type Options = {
  /** Pauses before a refused message is sent again, in milliseconds. */
  pauses?: readonly number[];
  sleep?: (milliseconds: number) => Promise<void>;
};

const MAX_BATCH = 10;
const MAX_BATCH_BYTES = 256 * 1024; // SQS takes 1 MiB since August 2025; queues and emulators from before take this
const MAX_EVENT_BYTES = 128 * 1024;
const SOURCE = "portal";
const QUEUES: Record<Type, QueueName> = {
  "portal.company.saved.v1": "directory",
  "portal.account.saved.v1": "directory",
  "portal.account.removed.v1": "directory",
  "portal.course.published.v1": "directory",
  "portal.live-event.scheduled.v1": "directory",
  "portal.live-event.cancelled.v1": "directory",
  "portal.enrollment.created.v1": "directory",
  "portal.enrollment.removed.v1": "directory",
  "portal.lesson.completed.v1": "progress",
  "portal.video.watched.v1": "progress",
  "portal.quiz.graded.v1": "progress",
  "portal.quiz.attempts-granted.v1": "progress",
  "portal.attendance.marked.v1": "attendance",
};

/** SQS did not confirm these events. Send the same events again: a repeated event changes nothing. */
export class NotSent extends Error {
  readonly failures: readonly { outgoing: Outgoing; reason: string }[];

  constructor(failures: readonly { outgoing: Outgoing; reason: string }[], of: number, cause?: unknown) {
    const named = failures.slice(0, 10).map(({ outgoing: { event }, reason }) => `${event.type} ${event.id} (${reason})`);
    const more = failures.length > 10 ? ` and ${failures.length - 10} more` : "";
    super(`${failures.length} of ${of} events were not sent: ${named.join(", ")}${more}`, { cause });
    this.failures = failures;
  }
}

/** `company` is the company_id of the person whom the event is about, if the data does not name it. */
export function event<T extends Type>(type: T, data: Data<T>, time: Date, company?: string): Outgoing {
  const group = company ?? text(data, "company_id") ?? text(data, "account_id");
  const envelope = {
    specversion: "1.0" as const,
    id: randomUUID(),
    source: SOURCE,
    type,
    time: time.toISOString(),
    datacontenttype: "application/json",
    data,
  };
  // TypeScript does not see that `data` is the data of `type`; the signature of this function says so.
  return { event: envelope as unknown as PortalEvent, group };
}

export class Publisher {
  readonly #client: SQSClient;
  readonly #queues: Readonly<Record<QueueName, string>>;
  readonly #pauses: readonly number[];
  readonly #sleep: (milliseconds: number) => Promise<void>;

  /** `queues` are the URLs of the three queues. */
  constructor(client: SQSClient, queues: Readonly<Record<QueueName, string>>, options: Options = {}) {
    this.#client = client;
    this.#queues = queues;
    this.#pauses = options.pauses ?? [200, 400, 800];
    this.#sleep = options.sleep ?? ((milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)));
  }

  /** Send each event to the queue of its type. Throws NotSent with the events that SQS did not confirm. */
  async send(...outgoing: readonly Outgoing[]): Promise<void> {
    const failures: { outgoing: Outgoing; reason: string }[] = [];
    let cause: unknown;
    for (const batch of batches(outgoing)) {
      const reasons = new Map<number, string>();
      if (cause === undefined) {
        cause = await this.#sendBatch(batch, reasons);
      } else {
        batch.forEach((_, number) => reasons.set(number, "not tried after the error of an earlier request"));
      }
      batch.forEach((one, number) => {
        const reason = reasons.get(number);
        if (reason !== undefined) failures.push({ outgoing: one, reason });
      });
    }
    if (failures.length > 0) throw new NotSent(failures, outgoing.length, cause);
  }

  /** Leaves the reason of each message that was not taken in `reasons`; returns the error of a failed request. */
  async #sendBatch(batch: readonly Outgoing[], reasons: Map<number, string>): Promise<unknown> {
    const url = this.#queues[queueOf(batch[0]!)];
    let waiting = batch.map((_, number) => number);
    for (const pause of [0, ...this.#pauses]) {
      if (pause > 0) await this.#sleep(pause);
      const entries = waiting.map((number) => entry(number, batch[number]!));
      let answer;
      try {
        answer = await this.#client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entries }));
      } catch (error) {
        for (const number of waiting) reasons.set(number, error instanceof Error ? error.name : String(error));
        return error;
      }
      // An empty `Failed` proves nothing: only what is in `Successful` was taken.
      const taken = new Set(answer.Successful?.map(({ Id }) => Number(Id)));
      const failed = new Map(answer.Failed?.map((failure) => [Number(failure.Id), failure]));
      for (const number of waiting) {
        if (taken.has(number)) reasons.delete(number);
        else reasons.set(number, failed.get(number)?.Code ?? "the answer was cut short");
      }
      waiting = waiting.filter((number) => !taken.has(number) && failed.get(number)?.SenderFault !== true);
      if (waiting.length === 0) break;
    }
    return undefined;
  }
}

/** The events of each queue in their order, as many to a batch as SQS takes. */
function batches(outgoing: readonly Outgoing[]): Outgoing[][] {
  const complete: Outgoing[][] = [];
  const open = new Map<QueueName, { batch: Outgoing[]; bytes: number }>();
  for (const one of outgoing) {
    const bytes = Buffer.byteLength(JSON.stringify(one.event));
    if (bytes > MAX_EVENT_BYTES) {
      throw new RangeError(`${one.event.type} ${one.event.id}: at most ${MAX_EVENT_BYTES} bytes, not ${bytes}`);
    }
    const queue = queueOf(one);
    let last = open.get(queue);
    if (last === undefined || last.batch.length === MAX_BATCH || last.bytes + bytes > MAX_BATCH_BYTES) {
      if (last !== undefined) complete.push(last.batch);
      last = { batch: [], bytes: 0 };
      open.set(queue, last);
    }
    last.batch.push(one);
    last.bytes += bytes;
  }
  return [...complete, ...[...open.values()].map(({ batch }) => batch)];
}

function entry(number: number, { event, group }: Outgoing) {
  const message = { Id: String(number), MessageBody: JSON.stringify(event) };
  return group === undefined ? message : { ...message, MessageGroupId: group };
}

function queueOf({ event }: Outgoing): QueueName {
  return QUEUES[event.type];
}

function text(data: object, name: string): string | undefined {
  const value: unknown = Object.entries(data).find(([key]) => key === name)?.[1];
  return typeof value === "string" ? value : undefined;
}
