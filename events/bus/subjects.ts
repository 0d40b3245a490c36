/** Where things are said: `devices.<kind>.<id>.<message>`. */
import { type Addressee, ADDRESSEES, DEVICE_ID, isAddressee, streamOf } from "../vocabulary.ts";

export const STREAM_NAME = "DEVICES";

/** Everything below `devices` is taken in, so that a malformed subject is quarantined, not lost. */
export const ALL_SUBJECTS = "devices.>";

export function subjectOf(kind: string, id: string, message: string): string {
  return `devices.${kind}.${id}.${message}`;
}

export type Address =
  | {
    readonly ok: true;
    readonly kind: Addressee;
    readonly id: string;
    readonly message: string;
    readonly stream: string;
  }
  | { readonly ok: false; readonly code: string; readonly reason: string };

/** Subjects understood before: a device says the same thing on the same subject all its life. */
const known = new Map<string, Address>();
const KNOWN_MAX = 50_000;

/** Whom a subject addresses. ATM ids are upper-cased, as their contract says. */
export function parseSubject(subject: string): Address {
  const before = known.get(subject);
  if (before !== undefined) return before;
  const address = read(subject);
  if (known.size >= KNOWN_MAX) known.clear();
  if (address.ok) known.set(subject, address);
  return address;
}

function read(subject: string): Address {
  const parts = subject.split(".");
  if (parts.length !== 4 || parts[0] !== "devices") {
    return refuse(`Cannot read subject "${subject}": expected devices.<kind>.<id>.<message>`);
  }
  const [, kind = "", token = "", message = ""] = parts;
  if (!isAddressee(kind)) {
    return refuse(`Cannot read subject "${subject}": kind is one of ${ADDRESSEES.join(", ")}`);
  }
  if (!DEVICE_ID.test(token)) {
    return refuse(
      `Cannot read subject "${subject}": an id is 1 to 64 letters, digits, "_", ":" or "-"`,
    );
  }
  const id = kind === "atm" ? token.toUpperCase() : token;
  return { ok: true, kind, id, message, stream: streamOf(kind, id) };
}

function refuse(reason: string): Address {
  return { ok: false, code: "bad-subject", reason };
}

/**
 * What one partition listens to. With one partition that is everything; with more, JetStream has
 * prefixed each subject with its partition, and the first also takes what fits no pattern.
 */
export function filtersOf(partition: number, partitions: number): string[] {
  if (partitions === 1) return [];
  return partition === 0 ? ["p.0.>", ALL_SUBJECTS] : [`p.${partition}.>`];
}

const REPLY = /^(?!\$|devices\.|p\.)[^\s.*>]+(\.[^\s.*>]+)*$/;
const REPLY_LENGTH_MAX = 256;

/**
 * Whether an answer may be sent there. Anybody who may publish names the subject, and we publish
 * with our rights: it must not be the broker's own API (`$…`) nor what a device says.
 */
export function isReplySubject(subject: string): boolean {
  return subject.length <= REPLY_LENGTH_MAX && REPLY.test(subject);
}

/** The subject as it was published, without the prefix JetStream gave it. */
export function publishedSubject(subject: string): string {
  if (!subject.startsWith("p.")) return subject;
  return subject.slice(subject.indexOf(".", 2) + 1);
}
