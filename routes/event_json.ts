/** How an event leaves the house: as JSON, and as a line of CSV. */
import { z } from "@hono/zod-openapi";
import type { RecordedEvent } from "../events/event.ts";
import { formatInstant } from "../events/instant.ts";
import { deviceStreamOf } from "../events/inference.ts";
import { deviceOf } from "../events/vocabulary.ts";
import { Fields, Instant } from "./schemas.ts";

export const EventJson = z.object({
  partition: z.int(),
  offset: z.int(),
  stream: z.string(),
  kind: z.string(),
  id: z.string(),
  version: z.int(),
  type: z.string(),
  occurred_at: Instant.openapi({ description: "By the device's clock." }),
  recorded_at: Instant.openapi({ description: "By ours." }),
  metadata: Fields,
  data: Fields.openapi({ description: "For a device's report, its own fields." }),
}).openapi("Event");

export function eventJson(event: RecordedEvent): z.infer<typeof EventJson> {
  return {
    partition: event.partition,
    offset: event.offset,
    stream: event.stream,
    // What is foretold of a device is about that device.
    ...deviceOf(deviceStreamOf(event.stream)),
    version: event.version,
    type: event.type,
    occurred_at: formatInstant(event.occurredAt),
    recorded_at: formatInstant(event.recordedAt),
    metadata: event.metadata as Record<string, unknown>,
    data: event.data,
  };
}

export const CSV_HEADER =
  "partition,offset,stream,kind,id,version,type,occurred_at,recorded_at,data\r\n";

/** RFC 4180, one line. */
export function eventCsv(event: RecordedEvent): string {
  const { kind, id } = deviceOf(deviceStreamOf(event.stream));
  return [
    event.partition,
    event.offset,
    csvField(event.stream),
    csvField(kind),
    csvField(id),
    event.version,
    csvField(event.type),
    formatInstant(event.occurredAt),
    formatInstant(event.recordedAt),
    csvField(JSON.stringify(event.data)),
  ].join(",") + "\r\n";
}

/**
 * Text as one field. A spreadsheet would run a text that begins like a formula, and an id may begin
 * with "-": a leading apostrophe makes it text again.
 */
export function csvField(text: string): string {
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
