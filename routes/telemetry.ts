/** What devices report, over HTTP: one message, or up to ten thousand. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { PAYLOAD_BYTES_MAX } from "../events/messages.ts";
import { itemId, linesOf, readItem, readLine } from "./batch.ts";
import { JSON_TYPES, mediaType, NDJSON_TYPES, readBody, textOf } from "./body.ts";
import { acceptAtmTelemetry, AtmTelemetryAccepted } from "./contracts/atm_telemetry.ts";
import type { Deps } from "./deps.ts";
import {
  type Accepted,
  AcceptedJson,
  IDEMPOTENCY_KEY,
  ingest,
  ingestAll,
  type IngestOptions,
  type Refused,
  RefusedJson,
} from "./ingest.ts";
import { parseJson } from "./json_text.ts";
import type { OwnWrites } from "./own_writes.ts";
import { ProblemError, refused, unavailable } from "./problem.ts";
import { createRouter } from "./router.ts";
import { json, problems } from "./schemas.ts";

const BATCH_BYTES_MAX = 64 * 1024 * 1024;
const BATCH_ITEMS_MAX = 10_000;

const BatchAnswer = z.object({
  accepted: z.int(),
  refused: z.int(),
  results: z.array(z.union([AcceptedJson, RefusedJson]))
    .openapi({ description: "One for each item, in their order." }),
}).openapi("BatchAnswer");

const WaitQuery = z.object({
  wait: z.enum(["log"]).optional()
    .openapi({ description: "Answer after the commit, with the events it became." }),
});

const KEY = {
  ...IDEMPOTENCY_KEY,
  description: "The same sent again with the same key changes nothing.",
};

// Bodies are described, not parsed, by the router: their bytes go on as they came.
const one = createRoute({
  method: "post",
  path: "/telemetry/{kind}/{id}/{message}",
  operationId: "postMessage",
  summary: "One message of one device",
  tags: ["Telemetry"],
  parameters: [KEY],
  requestBody: {
    required: true,
    content: { "application/json": { schema: { type: "object" } } },
  },
  request: {
    params: z.object({ kind: z.string(), id: z.string(), message: z.string() }),
    query: WaitQuery,
  },
  responses: {
    200: json(AcceptedJson, "In the log (wait=log)"),
    202: json(AcceptedJson, "On the bus"),
    ...problems(400, 413, 415, 422, 503),
  },
});

const many = createRoute({
  method: "post",
  path: "/telemetry",
  operationId: "postMessages",
  summary: "Up to 10,000 messages, or one report of an ATM",
  description: "An array, or NDJSON, of messages: each has its own result, in order. " +
    "A plain object is one report of an ATM.",
  tags: ["Telemetry"],
  parameters: [KEY],
  requestBody: {
    required: true,
    content: {
      "application/json": {
        schema: {
          oneOf: [
            {
              type: "array",
              maxItems: BATCH_ITEMS_MAX,
              items: {
                type: "object",
                required: ["kind", "id", "message", "data"],
                properties: {
                  kind: { type: "string" },
                  id: { type: "string" },
                  message: { type: "string" },
                  data: { type: "object" },
                  messageId: { type: "string" },
                },
              },
            },
            { type: "object", required: ["atm_id", "timestamp", "status"] },
          ],
        },
      },
      "application/x-ndjson": { schema: { type: "string" } },
    },
  },
  request: { query: WaitQuery },
  responses: {
    200: json(z.union([BatchAnswer, AtmTelemetryAccepted]), "In the log; or an ATM's report"),
    202: json(BatchAnswer, "On the bus"),
    ...problems(400, 413, 415, 422, 503),
  },
});

/** What decides how a machine's next reading is judged: a waveform posted now is judged by it. */
const JUDGED_BY: ReadonlySet<string> = new Set(["MachineDescribed", "BearingDescribed"]);

export interface TelemetryDeps extends Pick<Deps, "publisher" | "now"> {
  readonly ownWrites: OwnWrites;
}

export function telemetryRoutes({ publisher, now, ownWrites }: TelemetryDeps): OpenAPIHono {
  const app = createRouter();

  function note(result: Accepted | Refused): void {
    const events = result.ok ? result.events ?? [] : [];
    ownWrites.note(events.filter(({ type }) => JUDGED_BY.has(type)));
  }

  app.openapi(one, async (c) => {
    mediaType(c, JSON_TYPES);
    const payload = await readBody(c, PAYLOAD_BYTES_MAX);
    const incoming = { ...c.req.valid("param"), payload, messageId: idempotencyKey(c) };
    const options = optionsOf(c, c.req.valid("query").wait);
    const result = await ingest(publisher, incoming, now(), options);
    if (!result.ok) throw refused(result, payload);
    note(result);
    return c.json(result, options.waitForLog ? 200 : 202);
  });

  app.openapi(many, async (c) => {
    const isLines = NDJSON_TYPES.includes(mediaType(c, [...JSON_TYPES, ...NDJSON_TYPES]) ?? "");
    const text = textOf(await readBody(c, BATCH_BYTES_MAX));
    const options = optionsOf(c, c.req.valid("query").wait);
    const key = idempotencyKey(c);
    const items = isLines ? linesOf(text) : parseJson(text);
    if (!Array.isArray(items)) {
      const report = { body: items, messageId: key, now: now() };
      return c.json(await acceptAtmTelemetry(publisher, report, options), 200);
    }
    if (items.length > BATCH_ITEMS_MAX) throw tooMany(items.length);

    const read = isLines ? readLine : readItem;
    const itemAt = (index: number) => read(items[index], itemId(key, index));
    const { results, lost } = await ingestAll(publisher, items.length, itemAt, now(), options);
    const accepted = results.filter(({ ok }) => ok).length;
    results.forEach(note);
    if (lost !== undefined && accepted === 0) throw unavailable(lost.code, lost.message);
    return c.json(
      { accepted, refused: results.length - accepted, results },
      options.waitForLog ? 200 : 202,
    );
  });

  return app;
}

function idempotencyKey(c: Context): string | undefined {
  return c.req.header("idempotency-key");
}

/** W3C trace context; whatever else a client calls by that name stays outside. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

function optionsOf(c: Context, wait: "log" | undefined): IngestOptions {
  const traceparent = c.req.header("traceparent") ?? "";
  return {
    waitForLog: wait === "log",
    ...(TRACEPARENT.test(traceparent) ? { headers: { traceparent } } : {}),
  };
}

function tooMany(items: number): ProblemError {
  return new ProblemError(
    413,
    "too-many-items",
    `The batch has ${items} items: expected at most ${BATCH_ITEMS_MAX}`,
  );
}
