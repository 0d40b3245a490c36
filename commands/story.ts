/** An event of a story, as a line for people or for programs. */
import type { RecordedEvent } from "../events/event.ts";
import { formatInstant } from "../events/instant.ts";

/** A line is for reading; who wants everything asks for JSON. */
const FIELD_MAX = 60;
const FIELDS_MAX = 8;

/** `12  2026-03-01T12:00:00.000Z  StatusChanged  from=online to=offline`. */
export function eventText({ version, occurredAt, type, data }: RecordedEvent): string {
  const fields = Object.entries(data).filter(([, value]) => value !== null && value !== undefined);
  const shown = fields.slice(0, FIELDS_MAX).map(([name, value]) =>
    `${fieldText(name)}=${fieldText(value)}`
  );
  if (fields.length > FIELDS_MAX) shown.push("…");
  const columns = [
    String(version).padStart(6),
    formatInstant(occurredAt),
    type.padEnd(20),
    shown.join(" "),
  ];
  return columns.join("  ").trimEnd();
}

export function eventJson(event: RecordedEvent): string {
  const { partition, offset, stream, version, type, data, metadata } = event;
  return JSON.stringify({
    partition,
    offset,
    stream,
    version,
    type,
    occurredAt: formatInstant(event.occurredAt),
    recordedAt: formatInstant(event.recordedAt),
    data,
    metadata,
  });
}

/** What a device wrote must not move the cursor of the terminal it is shown on. */
function fieldText(value: unknown): string {
  const text = typeof value === "string" && /^[\w.:+-]+$/.test(value)
    ? value
    : JSON.stringify(value);
  // JSON escapes the controls below 32, and none of the others.
  const inert = text.replace(/[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, "�");
  return inert.length > FIELD_MAX ? `${inert.slice(0, FIELD_MAX - 1)}…` : inert;
}
