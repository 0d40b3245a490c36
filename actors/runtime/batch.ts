/**
 * One batch of messages becomes one batch of facts. No I/O: what came in, what the actors make of
 * it, and the bytes that will be stored.
 *
 * Every message ends as exactly one of: events, a recognised repeat, a quarantine row.
 */
import type { Answer } from "../../events/bus/publisher.ts";
import type { BusMessage } from "../../events/bus/follower.ts";
import { parseSubject } from "../../events/bus/subjects.ts";
import { schemaVersionOf } from "../../events/catalog.ts";
import type { Metadata, NewEvent, RecordedEvent } from "../../events/event.ts";
import { sqlInstant } from "../../events/log/database.ts";
import { eventLine, type QuarantineRow } from "../../events/log/rows.ts";
import { parseMessage } from "../../events/messages.ts";
import { CommandRejectedError, type Input } from "../decider.ts";
import type { Actor, Registry } from "./registry.ts";

/** A message may name a subject to which its outcome is sent after the commit. */
export const REPLY_HEADER = "Telltale-Reply";

export interface BatchStart {
  readonly partition: number;
  readonly partitions: number;
  readonly batch: number;
  readonly epoch: number;
  /** Offset of the last event before this batch. */
  readonly offset: number;
  readonly now: number;
}

export interface Decided {
  readonly events: RecordedEvent[];
  readonly eventLines: string;
  readonly repeats: number[];
  readonly quarantine: QuarantineRow[];
  /** Who waits for the outcome of a message, and the outcome. */
  readonly answers: { readonly subject: string; readonly answer: Answer }[];
}

export interface BatchBuilder {
  message(message: BusMessage): void;
  tick(actor: Actor, listeningSince: number): void;
  /** Facts about Telltale itself, decided by the runtime. */
  record(actor: Actor, event: NewEvent, metadata: Metadata): void;
  readonly offset: number;
  finish(): Decided;
}

export function startBatch(start: BatchStart, registry: Registry): BatchBuilder {
  const { partition, now } = start;
  const recordedAtSql = sqlInstant(now);
  const events: RecordedEvent[] = [];
  const lines: string[] = [];
  const repeats: number[] = [];
  const quarantine: QuarantineRow[] = [];
  const answers: Decided["answers"] = [];
  let offset = start.offset;

  function record(actor: Actor, fresh: NewEvent, metadata: Metadata): void {
    const event: RecordedEvent = {
      partition,
      offset: ++offset,
      stream: actor.stream,
      version: ++actor.version,
      type: fresh.type,
      schemaVersion: schemaVersionOf(fresh.type),
      data: fresh.data,
      metadata,
      messageId: metadata.messageId,
      occurredAt: fresh.occurredAt,
      recordedAt: now,
    };
    lines.push(
      eventLine(
        event,
        fresh.text ?? JSON.stringify(fresh.data),
        metadataText(metadata),
        recordedAtSql,
      ),
    );
    actor.state = actor.decider.evolve(actor.state, event);
    actor.offset = offset;
    actor.changed = true;
    events.push(event);
  }

  /** The events an actor makes of an input; the first one carries the message's own identity. */
  function decide(actor: Actor, input: Input, metadata: Metadata): number {
    const fresh = actor.decider.decide(actor.state, input);
    for (let i = 0; i < fresh.length; i++) {
      const event = fresh[i];
      if (event) record(actor, event, i === 0 ? metadata : withoutMessageId(metadata));
    }
    return fresh.length;
  }

  function setAside(message: BusMessage, code: string, reason: string): Answer {
    quarantine.push({
      partition,
      batch: start.batch,
      epoch: start.epoch,
      sequence: message.sequence,
      subject: message.subject,
      headers: Object.fromEntries(message.headers ?? []),
      payload: message.payload,
      code,
      reason,
      receivedAt: message.timeUs / 1000,
      recordedAt: now,
    });
    return { outcome: "quarantined", events: [], code, reason };
  }

  function handle(message: BusMessage): Answer | undefined {
    const address = parseSubject(message.subject);
    if (!address.ok) return setAside(message, address.code, address.reason);
    const { kind, id } = address;
    if (start.partitions > 1 && !message.subject.includes(`.${id}.`)) {
      return setAside(
        message,
        "bad-subject",
        `Cannot accept subject "${message.subject}": with several partitions an ATM's id must be upper-case, "${id}"`,
      );
    }

    const parsed = parseMessage(
      kind,
      id,
      address.message,
      message.payload,
      message.timeUs / 1000,
      message.headers?.get("Nats-Msg-Id"),
    );
    if (!parsed.ok) return setAside(message, parsed.code, parsed.reason);

    const actor = registry.actor(address.stream);
    const metadata = metadataOf(message, parsed.input.messageId);
    const before = events.length;
    try {
      const count = decide(actor, { ...parsed.input, id, now }, metadata);
      if (count === 0) repeats.push(message.sequence);
    } catch (error) {
      if (!(error instanceof CommandRejectedError)) {
        // A bug in an actor must not stop the partition, nor lose what the device said.
        return setAside(message, "actor-failed", `The ${kind} actor failed: ${error}`);
      }
      const { code, message: reason } = error;
      const command = parsed.input.type === "Command" ? parsed.input.command : "";
      record(actor, {
        type: "CommandRejected",
        data: { command, code, reason },
        occurredAt: parsed.input.at,
      }, metadata);
      return { outcome: "rejected", events: placesOf(before), code, reason };
    }
    if (message.headers === undefined || !message.headers.has(REPLY_HEADER)) return undefined;
    return events.length === before
      ? { outcome: "repeat", events: [] }
      : { outcome: "recorded", events: placesOf(before) };
  }

  function placesOf(from: number): Answer["events"] {
    return events.slice(from).map(({ type, stream, version, partition, offset }) => ({
      type,
      stream,
      version,
      partition,
      offset,
    }));
  }

  return {
    message(message) {
      const answer = handle(message);
      const subject = message.headers?.get(REPLY_HEADER);
      if (subject && answer) answers.push({ subject, answer });
    },
    tick(actor, listeningSince) {
      decide(actor, { type: "Tick", now, listeningSince }, {});
    },
    record,
    get offset() {
      return offset;
    },
    finish: () => ({ events, eventLines: lines.join(""), repeats, quarantine, answers }),
  };
}

function metadataOf(message: BusMessage, messageId: string | undefined): Metadata {
  const traceparent = message.headers?.get("traceparent");
  const correlation = message.headers?.get("Telltale-Correlation");
  const source = message.headers?.get("Telltale-Source");
  if (!traceparent && !correlation && !source) {
    return messageId === undefined
      ? { sequence: message.sequence }
      : { sequence: message.sequence, messageId };
  }
  return {
    sequence: message.sequence,
    ...(messageId === undefined ? {} : { messageId }),
    ...(correlation ? { correlation } : {}),
    ...(source ? { source } : {}),
    ...(traceparent ? { traceparent } : {}),
  };
}

function withoutMessageId(metadata: Metadata): Metadata {
  if (metadata.messageId === undefined) return metadata;
  const { messageId: _, ...rest } = metadata;
  return rest;
}

/** JSON of the metadata; the common shapes are written by hand, because every event has one. */
function metadataText(metadata: Metadata): string {
  return JSON.stringify(metadata);
}
