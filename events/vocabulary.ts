/**
 * The nouns every other file speaks in: kinds of device, their ids, and the streams their events
 * are kept under.
 */

export const KINDS = ["atm", "machine", "store", "sensor"] as const;
export type Kind = typeof KINDS[number];

export function isKind(text: string): text is Kind {
  return (KINDS as readonly string[]).includes(text);
}

/** What serves a whole fleet is no device, and takes orders only: its models, by what they tell. */
export const MODEL_KIND = "model";
/** Whom a message may address. */
export type Addressee = Kind | typeof MODEL_KIND;
export const ADDRESSEES: readonly Addressee[] = [...KINDS, MODEL_KIND];

export function isAddressee(text: string): text is Addressee {
  return (ADDRESSEES as readonly string[]).includes(text);
}

/** What a device may be called: safe in a subject, a URL and a file name. */
export const DEVICE_ID = /^[A-Za-z0-9_:-]{1,64}$/;

/** The facts Telltale records about itself live in streams of this kind, `system-partition-0`. */
export const SYSTEM_KIND = "system";

/** The stream of one device's events: `atm-ATM-0042`. */
export function streamOf(kind: string, id: string): string {
  return `${kind}-${id}`;
}

/** The device whose stream this is. Ids may hold dashes, kinds may not. */
export function deviceOf(stream: string): { kind: string; id: string } {
  const dash = stream.indexOf("-");
  return { kind: stream.slice(0, dash), id: stream.slice(dash + 1) };
}

export type Json = Record<string, unknown>;
