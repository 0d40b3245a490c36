/**
 * The way in for what does not speak NATS: onto the same subjects, so there is one write path.
 *
 * A message is checked before it is published, by the very code that reads it on the other side:
 * who sent it is told at once what is wrong, and quarantine is left to those who cannot be told.
 */
import { z } from "@hono/zod-openapi";
import { subjectOf } from "../events/bus/subjects.ts";
import {
  type AnsweredEvent,
  BusUnavailableError,
  type Publisher,
} from "../events/bus/publisher.ts";
import { parseMessage } from "../events/messages.ts";
import { DEVICE_ID, isKind, KINDS } from "../events/vocabulary.ts";
import { atATime } from "./at_a_time.ts";
import { addressOf } from "./schemas.ts";

export interface IncomingMessage {
  readonly kind: unknown;
  readonly id: unknown;
  readonly message: unknown;
  readonly payload: Uint8Array;
  readonly messageId?: unknown;
}

/** It becomes a header on the bus. */
export const MESSAGE_ID = /^[\x21-\x7e]{1,200}$/;

/** The header by which a client gives it. */
export const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header",
  schema: { type: "string", maxLength: 200 },
} as const;

export const AcceptedJson = z.object({
  ok: z.literal(true),
  sequence: z.int().openapi({ description: "Its place on the bus." }),
  duplicate: z.boolean().openapi({ description: "The bus has it already, by its message id." }),
  outcome: z.enum(["recorded", "repeat"]).optional()
    .openapi({ description: "Once it is in the log." }),
  events: z.array(z.object({
    type: z.string(),
    stream: z.string(),
    version: z.int(),
    partition: z.int(),
    offset: z.int(),
    score: z.number().optional()
      .openapi({ description: "Of a sensor's reading: how unusual it was, 0 to 1." }),
    anomaly: z.literal(true).optional(),
  })).optional().openapi({ description: "What it became there." }),
}).openapi("Accepted");
export type Accepted = z.infer<typeof AcceptedJson>;

export const RefusedJson = z.object({
  ok: z.literal(false),
  code: z.string(),
  reason: z.string(),
}).openapi("Refused");
export type Refused = z.infer<typeof RefusedJson>;

export interface IngestOptions {
  readonly waitForLog: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Publishes one message, or says why not. Throws BusUnavailableError. */
export async function ingest(
  publisher: Publisher,
  incoming: IncomingMessage,
  now: number,
  { waitForLog, headers }: IngestOptions,
): Promise<Accepted | Refused> {
  const checked = check(incoming, now);
  if (!checked.ok) return checked;
  const { sequence, duplicate, answer } = await publisher.publish(
    checked.subject,
    incoming.payload,
    { waitForLog, ...(headers && { headers }), ...messageIdOf(incoming) },
  );
  if (answer === undefined) return { ok: true, sequence, duplicate };
  const { outcome, events, code, reason } = answer;
  if (outcome === "quarantined" || outcome === "rejected") {
    return refuse(code ?? outcome, reason ?? `The message was ${outcome}`);
  }
  return { ok: true, sequence, duplicate, outcome, events: recordedJson(events) };
}

/** Where an event went; when it occurred its sender knows. */
export function recordedJson(events: readonly AnsweredEvent[]): NonNullable<Accepted["events"]> {
  return events.map(({ occurredAt: _, ...event }) => event);
}

function messageIdOf({ messageId }: IncomingMessage): { messageId?: string } {
  return typeof messageId === "string" ? { messageId } : {};
}

type Checked = { readonly ok: true; readonly subject: string } | Refused;

function check({ kind, id, message, payload, messageId }: IncomingMessage, now: number): Checked {
  if (typeof kind !== "string" || !isKind(kind)) {
    return refuse("wrong-kind", `"kind" is one of ${KINDS.join(", ")}; got ${show(kind)}`);
  }
  if (typeof id !== "string" || !DEVICE_ID.test(id)) {
    return refuse("wrong-id", `"id" is 1 to 64 letters, digits, "_", ":" or "-"; got ${show(id)}`);
  }
  if (typeof message !== "string" || !/^[a-z_-]{1,32}$/.test(message)) {
    return refuse("unknown-message", `"message" is what is reported; got ${show(message)}`);
  }
  if (message === "command") {
    return refuse("unknown-message", `Commands go to /api/v1/devices/${kind}/${id}/commands`);
  }
  if (messageId !== undefined && (typeof messageId !== "string" || !MESSAGE_ID.test(messageId))) {
    return refuse("wrong-message-id", "A message id is 1 to 200 printable ASCII characters");
  }
  const address = addressOf({ kind, id });
  const parsed = parseMessage(address.kind, address.id, message, payload, now, messageId);
  if (!parsed.ok) return refuse(parsed.code, parsed.reason);
  return { ok: true, subject: subjectOf(address.kind, address.id, message) };
}

function refuse(code: string, reason: string): Refused {
  return { ok: false, code, reason };
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 80);
}

/** Enough to keep the broker busy; more would only wait in memory. */
const UNDER_WAY_MAX = 512;

/**
 * Many messages: one answer each, in order, a bad one harming no other. Messages leave in their
 * order. Once the bus is gone the rest are not tried, and answered as such.
 */
export async function ingestAll(
  publisher: Publisher,
  count: number,
  itemAt: (index: number) => IncomingMessage | Refused,
  now: number,
  options: IngestOptions,
): Promise<{ results: (Accepted | Refused)[]; lost: BusUnavailableError | undefined }> {
  const results = new Array<Accepted | Refused>(count);
  let lost: BusUnavailableError | undefined;
  await atATime(UNDER_WAY_MAX, count, async (index) => {
    try {
      if (lost !== undefined) throw lost;
      const item = itemAt(index);
      results[index] = "ok" in item ? item : await ingest(publisher, item, now, options);
    } catch (error) {
      if (!(error instanceof BusUnavailableError)) throw error;
      lost = error;
      results[index] = refuse(error.code, error.message);
    }
  });
  return { results, lost };
}
