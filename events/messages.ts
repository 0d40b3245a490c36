/**
 * The edge: bytes from outside become something an actor can be told, or a reason why not.
 *
 * Past this file shapes are trusted. It sees every message, so schemas are compiled once and the
 * explanation of what was wrong is only put together when something was.
 */
import type { z } from "zod";
import { AtmTelemetry } from "./atm.ts";
import { type CommandName, COMMANDS } from "./device.ts";
import { CLOCK_AHEAD_MAX_MS, EARLIEST_INSTANT, formatInstant, parseInstant } from "./instant.ts";
import { MachineBearing, MachineReading, MachineRegistered } from "./machine.ts";
import { type Check, quickCheck } from "./quick_check.ts";
import { SensorReading } from "./sensor.ts";
import {
  explainUnreadable,
  pollsOf,
  StorePoll,
  StorePolls,
  StoreSchedule,
  UnreadableLine,
} from "./store.ts";
import type { Addressee, Json } from "./vocabulary.ts";

export const PAYLOAD_BYTES_MAX = 256 * 1024;

/** PostgreSQL's JSON parser recurses; nothing we understand nests deeper than this. */
const DEPTH_MAX = 64;

const ISSUES_SHOWN_MAX = 5;

/** A message an actor can be told; the runtime adds `now`. */
export type ParsedInput =
  | {
    readonly type: "Message";
    readonly message: string;
    readonly data: Json;
    readonly text: string;
    readonly at: number;
    readonly messageId: string | undefined;
  }
  | {
    readonly type: "Command";
    readonly command: string;
    readonly data: Json;
    readonly at: number;
    readonly messageId: string | undefined;
  };

export type ParsedMessage = { readonly ok: true; readonly input: ParsedInput };

/** Why a message was not understood: a stable code, and a sentence for whoever sent it. */
export interface Refusal {
  readonly ok: false;
  readonly code: string;
  readonly reason: string;
}

interface MessageKind {
  /** Only checks: what is recorded is the payload itself, with fields we do not know. */
  readonly schema: z.ZodType;
  /** The field that holds the device's own moment, in order of preference. */
  readonly moment: readonly string[];
  /** The field in which the sender may repeat the id the subject names. */
  readonly idField?: string;
  /** The field that names this very message. */
  readonly messageIdField?: string;
  /** For what reports many moments at once, in their order: the newest is the message's own. */
  readonly moments?: (data: Json) => readonly { readonly at: number }[];
  /** For what is only sent to be set aside: why. */
  readonly refusal?: (data: Json) => string;
}

const MESSAGES: Readonly<Record<Addressee, Readonly<Record<string, MessageKind>>>> = {
  atm: {
    telemetry: { schema: AtmTelemetry, moment: ["timestamp"], idField: "atm_id" },
  },
  machine: {
    registered: { schema: MachineRegistered, moment: ["timestamp"] },
    bearing: { schema: MachineBearing, moment: ["timestamp"], idField: "machineId" },
    reading: {
      schema: MachineReading,
      moment: ["timestamp"],
      idField: "machineId",
      messageIdField: "_id",
    },
  },
  store: {
    status: {
      schema: StorePoll,
      moment: ["timestamp", "timestamp_utc"],
      idField: "store_id",
    },
    polls: { schema: StorePolls, moment: ["polls"], moments: pollsOf, idField: "store_id" },
    unreadable: { schema: UnreadableLine, moment: [], refusal: explainUnreadable },
    schedule: { schema: StoreSchedule, moment: ["timestamp"], idField: "store_id" },
  },
  sensor: {
    reading: { schema: SensorReading, moment: ["timestamp"], idField: "sensor_id" },
  },
  /** Is told, and tells nothing. */
  model: {},
};

/** Made when a message first needs it: most processes see few kinds of message. */
const checks = new Map<z.ZodType, Check>();

function fits(schema: z.ZodType, data: Json): boolean {
  let check = checks.get(schema);
  if (check === undefined) {
    check = quickCheck(schema);
    checks.set(schema, check);
  }
  return check(data);
}

/** A byte order mark is part of the text here, so that what JSON does not allow is refused. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Puts U+FFFD where there is no UTF-8 instead of refusing it, in a third of the time. */
const anything = new TextDecoder("utf-8", { ignoreBOM: true });

/** Throws where the bytes are not UTF-8. */
function decode(payload: Uint8Array): string {
  const text = anything.decode(payload);
  return text.includes("\ufffd") ? utf8.decode(payload) : text;
}

/**
 * `receivedAt`: epoch ms of the broker's timestamp; the moment of a message that names none.
 * `headerMessageId`: the sender's Nats-Msg-Id.
 */
export function parseMessage(
  kind: Addressee,
  id: string,
  message: string,
  payload: Uint8Array,
  receivedAt: number,
  headerMessageId?: string,
): ParsedMessage | Refusal {
  const read = readJson(payload);
  if (!read.ok) return read;
  const { data, text } = read;
  if (message === "command") return parseCommand(data, receivedAt, headerMessageId);

  // A device may say "constructor"; that is not a message it inherits.
  const known = Object.hasOwn(MESSAGES[kind], message) ? MESSAGES[kind][message] : undefined;
  if (known === undefined) {
    const names = [...Object.keys(MESSAGES[kind]), "command"].join(", ");
    return refuse("unknown-message", `Unknown message "${message}": a ${kind} sends ${names}`);
  }
  if (!fits(known.schema, data)) {
    const parsed = known.schema.safeParse(data);
    if (!parsed.success) return refuse("wrong-shape", explain(parsed.error, data));
  }

  const mismatch = idMismatch(kind, id, known.idField, data);
  if (mismatch) return mismatch;
  if (known.refusal) return refuse("unreadable-line", known.refusal(data));
  const moment = known.moments
    ? newestMoment(known, data, receivedAt)
    : readMoment(known.moment, data, receivedAt);
  if (typeof moment !== "number") return moment;
  return {
    ok: true,
    input: {
      type: "Message",
      message,
      data,
      text,
      at: moment,
      // What the body calls itself is the same however often, and through whom, it is sent.
      messageId: ownMessageId(known.messageIdField, message, data) ?? headerMessageId,
    },
  };
}

type Read = { ok: true; data: Json; text: string } | Refusal;

function readJson(payload: Uint8Array): Read {
  if (payload.length === 0) return refuse("empty", "The payload is empty: expected a JSON object");
  if (payload.length > PAYLOAD_BYTES_MAX) {
    return refuse(
      "too-large",
      `The payload has ${payload.length} bytes: at most ${PAYLOAD_BYTES_MAX} are accepted`,
    );
  }
  let text: string;
  try {
    text = decode(payload);
  } catch {
    return refuse("not-utf8", "The payload is not UTF-8 text");
  }
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    return refuse("not-json", `The payload is not JSON: ${(error as Error).message}`);
  }
  if (typeof data !== "object" || data === null || Array.isArray(data)) {
    return refuse("not-an-object", `The payload is ${nameOf(data)}: expected a JSON object`);
  }
  return unstorable(data, DEPTH_MAX) ?? { ok: true, data: data as Json, text };
}

/** What JSON allows and the log does not, wherever in the payload it is. */
function unstorable(value: object, levels: number): Refusal | undefined {
  if (levels === 0) {
    return refuse("too-deep", `The payload nests deeper than ${DEPTH_MAX} levels`);
  }
  if (Array.isArray(value)) {
    // By place, not by key: an array may be a waveform.
    for (let i = 0; i < value.length; i++) {
      const refusal = unstorableItem(value[i], levels);
      if (refusal) return refusal;
    }
    return undefined;
  }
  for (const key in value) {
    const refusal = unstorableItem((value as Json)[key], levels);
    if (refusal) return refusal;
  }
  return undefined;
}

function unstorableItem(item: unknown, levels: number): Refusal | undefined {
  if (typeof item === "number") {
    if (Number.isFinite(item)) return undefined;
    return refuse("out-of-range", "The payload has a number beyond what a double holds (1.8e308)");
  }
  return typeof item === "object" && item !== null ? unstorable(item, levels - 1) : undefined;
}

function parseCommand(
  data: Json,
  receivedAt: number,
  messageId: string | undefined,
): ParsedMessage | Refusal {
  const { command, ...rest } = data;
  if (typeof command !== "string" || !Object.hasOwn(COMMANDS, command)) {
    return refuse(
      "unknown-command",
      `Unknown command ${
        JSON.stringify(command) ?? "(none)"
      }: expected {"command": …} with one of ${Object.keys(COMMANDS).join(", ")}`,
    );
  }
  const parsed = COMMANDS[command as CommandName].safeParse(rest);
  if (!parsed.success) return refuse("wrong-shape", explain(parsed.error, rest));
  return {
    ok: true,
    input: { type: "Command", command, data: parsed.data as Json, at: receivedAt, messageId },
  };
}

function idMismatch(
  kind: Addressee,
  id: string,
  field: string | undefined,
  data: Json,
): Refusal | undefined {
  const named = field === undefined ? undefined : data[field];
  if (named === undefined || named === null) return undefined;
  const same = kind === "atm" ? String(named).toUpperCase() === id : named === id;
  if (same) return undefined;
  return refuse(
    "id-mismatch",
    `${field} is ${JSON.stringify(named)}, but the subject names "${id}"`,
  );
}

/** All of them must be moments a device can report; the first that is none is named. */
function newestMoment(
  { moment: [field = ""], moments }: MessageKind,
  data: Json,
  receivedAt: number,
): number | Refusal {
  const reported = moments?.(data) ?? [];
  const oldest = reported[0]?.at ?? NaN;
  const newest = reported.at(-1)?.at ?? NaN;
  const latest = receivedAt + CLOCK_AHEAD_MAX_MS;
  if (oldest >= EARLIEST_INSTANT && newest <= latest && reported.every(({ at }) => at <= latest)) {
    return newest;
  }
  const texts = (data[field] as [string][]).map(([text], i) => [`${field}.${i}.0`, text]);
  const named = Object.fromEntries(texts);
  for (const name in named) {
    const at = readMoment([name], named, receivedAt);
    if (typeof at !== "number") return at;
  }
  return newest;
}

function readMoment(fields: readonly string[], data: Json, receivedAt: number): number | Refusal {
  for (const field of fields) {
    const text = data[field];
    if (text === undefined || text === null) continue;
    const at = typeof text === "string" ? parseInstant(text) : undefined;
    if (at === undefined) {
      return refuse(
        "bad-timestamp",
        `${field}: ${JSON.stringify(text)} is not an ISO 8601 instant such as 2026-01-31T12:00:00Z`,
      );
    }
    if (at < EARLIEST_INSTANT) {
      return refuse(
        "clock-behind",
        `${field}: ${text} is before ${
          formatInstant(EARLIEST_INSTANT)
        }: the device's clock is not set`,
      );
    }
    if (at > receivedAt + CLOCK_AHEAD_MAX_MS) {
      return refuse(
        "clock-ahead",
        `${field}: ${text} is more than a day after it was received (${formatInstant(receivedAt)})`,
      );
    }
    return at;
  }
  return receivedAt;
}

function ownMessageId(
  field: string | undefined,
  message: string,
  data: Json,
): string | undefined {
  const own = field === undefined ? undefined : data[field];
  return typeof own === "string" && own !== "" ? `${message}:${own}` : undefined;
}

/** Where it is wrong, what is there, what is expected; the first few of all that is wrong. */
function explain(error: z.ZodError, data: Json): string {
  const shown = error.issues.slice(0, ISSUES_SHOWN_MAX).map(({ path, message }) => {
    const where = path.length === 0 ? "the message" : path.join(".");
    return `${where}: ${message} (got ${preview(valueAt(data, path))})`;
  });
  const more = error.issues.length - shown.length;
  return shown.join("; ") + (more > 0 ? `; and ${more} more` : "");
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null
        ? (value as Record<PropertyKey, unknown>)[key]
        : undefined,
    data,
  );
}

function preview(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function nameOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
}

/** Reasons quote what was sent, and PostgreSQL's text holds neither NUL nor half a surrogate pair. */
function refuse(code: string, reason: string): Refusal {
  return { ok: false, code, reason: reason.toWellFormed().replace(CONTROL, "\ufffd") };
}

// deno-lint-ignore no-control-regex -- finding them is the point
const CONTROL = /[\0-\x1f\x7f]/g;
