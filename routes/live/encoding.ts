/** How a live feed is written: as Server-Sent Events, or as WebSocket messages. */
import type { RecordedEvent } from "../../events/event.ts";
import { eventJson } from "../event_json.ts";

export interface Encoding {
  readonly name: string;
  /** One event; `cursor` is where a feed stands after it. */
  event(event: RecordedEvent, cursor: string): unknown;
  /** Several events as one chunk to send. */
  join(messages: readonly unknown[]): unknown;
  /** Says that nothing has happened, and how far that is known. */
  heartbeat(cursor: string): unknown;
  /** Something that is no event of the log, and no place to resume at, as a chunk to send. */
  notice(name: string, data: unknown): unknown;
  ended(code: string, reason: string): unknown;
}

const encoder = new TextEncoder();

/** An event's JSON is the same for everybody who is sent it in the same moment. */
const texts = new WeakMap<RecordedEvent, string>();

function textOf(event: RecordedEvent): string {
  const known = texts.get(event);
  if (known !== undefined) return known;
  const text = JSON.stringify(eventJson(event));
  texts.set(event, text);
  return text;
}

export const sse: Encoding = {
  name: "sse",
  event: (event, cursor) => `id: ${cursor}\ndata: ${textOf(event)}\n\n`,
  join: (messages) => encoder.encode(messages.join("")),
  // A block of only an id moves a client's Last-Event-ID and shows it nothing.
  heartbeat: (cursor) => encoder.encode(`: heartbeat\nid: ${cursor}\n\n`),
  notice: (name, data) => encoder.encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`),
  ended: (code, reason) =>
    encoder.encode(
      `event: ${code === "too-slow" ? "dropped" : "closing"}\ndata: ${
        JSON.stringify({ code, reason })
      }\n\n`,
    ),
};

export const webSocket: Encoding = {
  name: "websocket",
  event: (event, cursor) =>
    `{"type":"event","cursor":${JSON.stringify(cursor)},"event":${textOf(event)}}`,
  join: (messages) => messages,
  heartbeat: (cursor) => [JSON.stringify({ type: "heartbeat", cursor })],
  notice: (name, data) => [JSON.stringify({ type: name, [name]: data })],
  ended: (code, reason) => [
    JSON.stringify({ type: code === "too-slow" ? "dropped" : "closing", code, reason }),
  ],
};
