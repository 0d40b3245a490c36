/**
 * One batch of messages becomes one batch of facts. No I/O: what came in, what the actors make of
 * it, and the bytes that will be stored.
 *
 * Every message ends as exactly one of: events, a recognised repeat, a quarantine row.
 */
import type { Answer } from "../../events/bus/publisher.ts";
import type { BusMessage } from "../../events/bus/follower.ts";
import { isReplySubject, parseSubject } from "../../events/bus/subjects.ts";
import { schemaVersionOf } from "../../events/catalog.ts";
import type { Foretold, Metadata, NewEvent, Noted, RecordedEvent } from "../../events/event.ts";
import { type Claim, deviceStreamOf, inferenceBeside } from "../../events/inference.ts";
import { sqlInstant } from "../../events/log/database.ts";
import { createLines } from "../../events/log/lines.ts";
import { eventLine, type QuarantineRow } from "../../events/log/rows.ts";
import { isUp } from "../../events/measures.ts";
import { parseMessage, type Refusal } from "../../events/messages.ts";
import { storable } from "../../events/text.ts";
import { deviceOf } from "../../events/vocabulary.ts";
import {
  type CommandInput,
  CommandRejectedError,
  type Conclusion,
  type Input,
  type MessageInput,
} from "../decider.ts";
import { type InferenceInput, TOLD_OF } from "../inference.ts";
import type { DeviceState } from "../mod.ts";
import type { Actor, Registry } from "./registry.ts";

/** A message may name a subject to which its outcome is sent after the commit. */
export const REPLY_HEADER = "Telltale-Reply";

/**
 * An actor could not take in its own event: its state is not what it should be, perhaps from a
 * snapshot of another build. The log is whole; the actors have to be folded from it again.
 */
export class ActorDamagedError extends Error {
  override readonly name = "ActorDamagedError";

  constructor(stream: string, cause: unknown) {
    super(`The state of "${stream}" is damaged (${cause}); folding the log again`, { cause });
  }
}

export interface BatchStart {
  readonly partition: number;
  readonly partitions: number;
  readonly batch: number;
  readonly epoch: number;
  /** Offset of the last event before this batch. */
  readonly offset: number;
  readonly now: number;
  /** What a reading of this stream and moment was foretold to be, where a model of it is in force. */
  foretell(stream: string, at: number): Foretold | undefined;
}

export interface Decided {
  readonly events: RecordedEvent[];
  /** As COPY lines (`events/log/rows.ts`). */
  readonly lines: Uint8Array<ArrayBuffer>;
  readonly repeats: number[];
  readonly quarantine: QuarantineRow[];
  /** Who waits for the outcome of a message, and the outcome. */
  readonly answers: { readonly subject: string; readonly answer: Answer }[];
}

export interface BatchBuilder {
  message(message: BusMessage): void;
  tick(actor: Actor, listeningSince: number): void;
  /** What a model says of a device, by its stream, as of a moment. */
  claim(device: string, claim: Claim, at: number): void;
  /** Facts about Telltale itself, decided by the runtime. */
  record(actor: Actor, event: NewEvent, metadata: Metadata): void;
  readonly offset: number;
  finish(): Decided;
}

export function startBatch(start: BatchStart, registry: Registry): BatchBuilder {
  const { partition, now } = start;
  const recordedAtSql = sqlInstant(now);
  const events: RecordedEvent[] = [];
  const lines = createLines();
  const repeats: number[] = [];
  const quarantine: QuarantineRow[] = [];
  const answers: Decided["answers"] = [];
  let offset = start.offset;

  function record(actor: Actor, fresh: NewEvent, metadata: Metadata): void {
    const event: Writable<RecordedEvent> = {
      partition,
      offset: ++offset,
      stream: actor.stream,
      version: ++actor.version,
      type: fresh.type,
      schemaVersion: schemaVersionOf(fresh.type),
      data: fresh.data,
      metadata: withForetold(actor, fresh, metadata),
      messageId: metadata.messageId,
      occurredAt: fresh.occurredAt,
      recordedAt: now,
    };
    const conclusion = takeIn(actor, event);
    if (conclusion !== undefined) event.metadata = { ...event.metadata, ...conclusion.noted };
    lines.add(
      eventLine(
        event,
        fresh.text ?? JSON.stringify(fresh.data),
        metadataText(event.metadata),
        recordedAtSql,
      ),
    );
    actor.offset = offset;
    actor.changed = true;
    events.push(event);
    const claims = foretold(actor, event);
    if (conclusion !== undefined) {
      for (const next of conclusion.events) record(actor, next, withoutMessageId(metadata));
    }
    for (const claim of claims) {
      hearClaim(actor.stream, claim, Math.min(event.occurredAt, now), metadata);
    }
    if (TOLD_OF.has(event.type)) tellBeside(actor.stream, event, metadata);
  }

  /** Its inference actor hears of a claim, if the device is in service. */
  function hearClaim(device: string, claim: Claim, at: number, metadata: Metadata): void {
    const state = registry.actors.get(device)?.state as DeviceState | undefined;
    if (state === undefined || state.decommissioned) return;
    const beside = registry.actor(inferenceBeside(device));
    hear(beside, { type: "Claimed", device, claim, at, now }, metadata);
  }

  /** A device of which nothing was ever claimed has nothing to be held against it. */
  function tellBeside(device: string, event: RecordedEvent, metadata: Metadata): void {
    const beside = registry.actors.get(inferenceBeside(device));
    if (beside !== undefined) hear(beside, { type: "DeviceTold", event, now }, metadata);
  }

  function hear(beside: Actor, input: InferenceInput, metadata: Metadata): void {
    recordAll(beside, decided(beside, input), withoutMessageId(metadata));
  }

  function isDown(stream: string): boolean {
    const device = deviceStreamOf(stream);
    const state = registry.actors.get(device)?.state as DeviceState | undefined;
    const status = state?.status ?? null;
    return status !== null && status !== "maintenance" && !isUp(deviceOf(device).kind, status);
  }

  function withForetold(
    actor: Actor,
    { type, occurredAt }: NewEvent,
    metadata: Metadata,
  ): Metadata {
    if (type !== "ReadingReported") return metadata;
    const foretold = start.foretell(actor.stream, occurredAt);
    return foretold === undefined ? metadata : { ...metadata, foretold };
  }

  /** Records what an actor decided; the first event carries the message's own identity. */
  function recordAll(actor: Actor, fresh: readonly NewEvent[], metadata: Metadata): void {
    for (let i = 0; i < fresh.length; i++) {
      const event = fresh[i];
      if (event) record(actor, event, i === 0 ? metadata : withoutMessageId(metadata));
    }
  }

  function setAside(message: BusMessage, code: string, reason: string): Answer {
    quarantine.push({
      partition,
      batch: start.batch,
      epoch: start.epoch,
      sequence: message.sequence,
      subject: storable(message.subject),
      headers: Object.fromEntries(message.headers ?? []),
      payload: message.payload,
      code,
      reason: storable(reason),
      receivedAt: message.timeUs / 1000,
      recordedAt: now,
    });
    return { outcome: "quarantined", events: [], code, reason };
  }

  function handle(message: BusMessage): Answer | undefined {
    const told = understand(message);
    if (!told.ok) return setAside(message, told.code, told.reason);
    const { actor, input, fresh } = told;
    const metadata = metadataOf(message, input.messageId);
    if (fresh instanceof CommandRejectedError) {
      const { code, message: reason } = fresh;
      const command = input.type === "Command" ? input.command : "";
      const rejected = {
        type: "CommandRejected",
        data: { command, code, reason },
        occurredAt: input.at,
      };
      const before = events.length;
      record(actor, rejected, metadata);
      return { outcome: "rejected", events: placesOf(before), code, reason };
    }
    const before = events.length;
    recordAll(actor, fresh, metadata);
    if (fresh.length === 0) repeats.push(message.sequence);
    if (message.headers === undefined || !message.headers.has(REPLY_HEADER)) return undefined;
    return fresh.length === 0
      ? { outcome: "repeat", events: [] }
      : { outcome: "recorded", events: placesOf(before) };
  }

  /** What the message says, to whom, and what its actor makes of it. Changes nothing. */
  function understand(message: BusMessage): Understood | Refusal {
    const address = parseSubject(message.subject);
    if (!address.ok) return address;
    const { kind, id, stream } = address;
    if (start.partitions > 1 && !message.subject.includes(`.${id}.`)) {
      return {
        ok: false,
        code: "bad-subject",
        reason:
          `Cannot accept subject "${message.subject}": with several partitions an ATM's id must be upper-case, "${id}"`,
      };
    }
    try {
      const parsed = parseMessage(
        kind,
        id,
        address.message,
        message.payload,
        message.timeUs / 1000,
        message.headers?.get("Nats-Msg-Id"),
      );
      if (!parsed.ok) return parsed;
      const actor = registry.actor(stream);
      const input = { ...parsed.input, id, now };
      return { ok: true, actor, input, fresh: decideOrReject(actor, input) };
    } catch (error) {
      // A bug of ours must not stop the partition, nor lose what the device said.
      return { ok: false, code: "actor-failed", reason: `The ${kind} actor failed: ${error}` };
    }
  }

  function placesOf(from: number): Answer["events"] {
    return events.slice(from).map(
      ({ type, stream, version, partition, offset, occurredAt, metadata }) => ({
        type,
        stream,
        version,
        partition,
        offset,
        occurredAt,
        ...notedIn(metadata),
      }),
    );
  }

  return {
    message(message) {
      const answer = handle(message);
      const subject = message.headers?.get(REPLY_HEADER);
      if (subject && answer && isReplySubject(subject)) answers.push({ subject, answer });
    },
    tick(actor, listeningSince) {
      const tick = { type: "Tick", now, listeningSince } as const;
      const { stream } = actor;
      const beside = deviceStreamOf(stream) !== stream;
      const input = beside ? { ...tick, isDown: isDown(stream) } : tick;
      recordAll(actor, actor.decider.decide(actor.state, input), {});
    },
    claim: (device, claim, at) => hearClaim(device, claim, at, {}),
    record,
    get offset() {
      return offset;
    },
    finish: () => ({ events, lines: lines.bytes(), repeats, quarantine, answers }),
  };
}

/** A message, its actor, and what that decided: events, or a refusal of an order. */
interface Understood {
  readonly ok: true;
  readonly actor: Actor;
  readonly input: MessageInput | CommandInput;
  readonly fresh: readonly NewEvent[] | CommandRejectedError;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The actor learns of its own event, and says what follows. */
function takeIn(actor: Actor, event: RecordedEvent): Conclusion | undefined {
  try {
    actor.state = actor.decider.evolve(actor.state, event);
    return actor.decider.conclude?.(actor.state, event);
  } catch (error) {
    throw new ActorDamagedError(actor.stream, error);
  }
}

const NO_CLAIMS: readonly Claim[] = [];

/** What a method makes of what the actor has just taken in. */
function foretold({ decider, state, stream }: Actor, event: RecordedEvent): readonly Claim[] {
  if (decider.foretell === undefined) return NO_CLAIMS;
  try {
    return decider.foretell(state, event);
  } catch (error) {
    throw new ActorDamagedError(stream, error);
  }
}

function decided({ decider, state, stream }: Actor, input: InferenceInput): readonly NewEvent[] {
  try {
    return decider.decide(state, input);
  } catch (error) {
    throw new ActorDamagedError(stream, error);
  }
}

function notedIn({ score, anomaly }: Metadata): Noted {
  return { ...(score === undefined ? {} : { score }), ...(anomaly ? { anomaly } : {}) };
}

function decideOrReject(
  { decider, state }: Actor,
  input: Input,
): readonly NewEvent[] | CommandRejectedError {
  try {
    return decider.decide(state, input);
  } catch (error) {
    if (error instanceof CommandRejectedError) return error;
    throw error;
  }
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

/** JSON of the metadata. Most events have a sequence and nothing else. */
function metadataText(metadata: Metadata): string {
  for (const key in metadata) {
    if (key !== "sequence") return JSON.stringify(metadata);
  }
  return metadata.sequence === undefined ? "{}" : `{"sequence":${metadata.sequence}}`;
}
