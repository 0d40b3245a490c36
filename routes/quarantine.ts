/** Messages that could not be understood: what they said, why not, and a way to send them again. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { parseSubject, subjectOf } from "../events/bus/subjects.ts";
import { formatInstant } from "../events/instant.ts";
import { parseMessage } from "../events/messages.ts";
import {
  getQuarantined,
  listQuarantine,
  markResubmitted,
  type Quarantined,
} from "../projections/quarantine.ts";
import { JSON_TYPES, mediaType, readBody, textOf } from "./body.ts";
import type { Deps } from "./deps.ts";
import { AcceptedJson, recordedJson } from "./ingest.ts";
import { parseJson } from "./json_text.ts";
import { ProblemError, refusal, refused } from "./problem.ts";
import { createRouter } from "./router.ts";
import { Instant, instantOrNull, json, NextCursor, PageQuery, problems } from "./schemas.ts";

const QuarantinedJson = z.object({
  id: z.string(),
  subject: z.string(),
  headers: z.record(z.string(), z.string()),
  payload: z.string().openapi({ description: "Text where it is UTF-8, else base64." }),
  encoding: z.enum(["utf-8", "base64"]),
  code: z.string(),
  reason: z.string(),
  received_at: Instant,
  recorded_at: Instant,
  resubmitted_as: z.int().nullable(),
  resubmitted_at: Instant.nullable(),
}).openapi("Quarantined");

function quarantinedJson(message: Quarantined): z.infer<typeof QuarantinedJson> {
  const { id, subject, headers, payload, encoding, code, reason, resubmittedAs } = message;
  return {
    id,
    subject,
    headers: { ...headers },
    payload,
    encoding,
    code,
    reason,
    received_at: formatInstant(message.receivedAt),
    recorded_at: formatInstant(message.recordedAt),
    resubmitted_as: resubmittedAs,
    resubmitted_at: instantOrNull(message.resubmittedAt),
  };
}

const list = createRoute({
  method: "get",
  path: "/quarantine",
  operationId: "listQuarantine",
  summary: "Messages that could not be understood, the newest first",
  tags: ["Quarantine"],
  request: {
    query: z.object({
      code: z.string().min(1).max(64).optional(),
      resubmitted: z.enum(["true", "false"]).default("false")
        .openapi({ description: "Also those that were sent again." }),
      ...PageQuery(50, 500),
    }),
  },
  responses: {
    200: json(z.object({ messages: z.array(QuarantinedJson), next: NextCursor }), "A page"),
    ...problems(422, 503),
  },
});

const IdParam = z.object({ id: z.string().openapi({ example: "0-0-1234" }) });

const get = createRoute({
  method: "get",
  path: "/quarantine/{id}",
  operationId: "getQuarantined",
  summary: "One message that could not be understood",
  tags: ["Quarantine"],
  request: { params: IdParam },
  responses: { 200: json(QuarantinedJson, "The message"), ...problems(404, 503) },
});

const Fix = z.object({
  subject: z.string().max(256).optional(),
  payload: z.record(z.string(), z.unknown()).optional(),
}).strict();

const resubmit = createRoute({
  method: "post",
  path: "/quarantine/{id}/resubmit",
  operationId: "resubmitQuarantined",
  summary: "Send it again: as it was, or corrected",
  description: "Without a body it is sent as it came, for when Telltale was what needed the fix. " +
    "Sent again twice, the second changes nothing.",
  tags: ["Quarantine"],
  requestBody: {
    required: false,
    content: {
      "application/json": {
        schema: {
          type: "object",
          properties: { subject: { type: "string" }, payload: { type: "object" } },
          additionalProperties: false,
        },
      },
    },
  },
  request: { params: IdParam },
  responses: {
    200: json(AcceptedJson, "In the log"),
    ...problems(400, 404, 409, 413, 415, 422, 503),
  },
});

const FIX_BYTES_MAX = 300 * 1024;

export function quarantineRoutes(
  { sql, publisher, now }: Pick<Deps, "sql" | "publisher" | "now">,
): OpenAPIHono {
  const app = createRouter();

  app.openapi(list, async (c) => {
    const { resubmitted, ...query } = c.req.valid("query");
    const page = await listQuarantine(sql, {
      ...query,
      includeResubmitted: resubmitted === "true",
    });
    return c.json({ messages: page.messages.map(quarantinedJson), next: page.next ?? null }, 200);
  });

  app.openapi(get, async (c) => c.json(quarantinedJson(await find(c.req.valid("param").id)), 200));

  app.openapi(resubmit, async (c) => {
    const { id } = c.req.valid("param");
    const message = await find(id);
    if (message.resubmittedAs !== null) {
      throw new ProblemError(
        409,
        "already-resubmitted",
        `Message ${id} was sent again already, as message ${message.resubmittedAs}`,
      );
    }
    mediaType(c, JSON_TYPES);
    const { subject, payload } = corrected(message, await readBody(c, FIX_BYTES_MAX));
    const address = parseSubject(subject);
    if (!address.ok) throw refused(address, payload);
    const parsed = parseMessage(address.kind, address.id, address.message, payload, now());
    if (!parsed.ok) throw refused(parsed, payload);

    const { sequence, duplicate, answer } = await publisher.publish(
      subjectOf(address.kind, address.id, address.message),
      payload,
      { messageId: parsed.input.messageId ?? `quarantine-${id}`, waitForLog: true },
    );
    if (answer?.outcome === "rejected" || answer?.outcome === "quarantined") {
      throw new ProblemError(409, answer.code ?? answer.outcome, answer.reason ?? answer.outcome);
    }
    await markResubmitted(sql, id, sequence);
    const events = recordedJson(answer?.events ?? []);
    return c.json(
      { ok: true as const, sequence, duplicate, outcome: answer?.outcome, events },
      200,
    );
  });

  async function find(id: string): Promise<Quarantined> {
    const message = await getQuarantined(sql, id);
    if (message !== undefined) return message;
    throw new ProblemError(404, "message-unknown", `There is no quarantined message "${id}"`);
  }

  return app;
}

/** What to send: the message as it came, but for what the body corrects. */
function corrected(
  message: Quarantined,
  body: Uint8Array,
): { subject: string; payload: Uint8Array } {
  const fix = body.length === 0 ? {} : parseFix(textOf(body));
  const original = message.encoding === "base64"
    ? Uint8Array.fromBase64(message.payload)
    : new TextEncoder().encode(message.payload);
  return {
    subject: fix.subject ?? message.subject,
    payload: fix.payload === undefined
      ? original
      : new TextEncoder().encode(JSON.stringify(fix.payload)),
  };
}

function parseFix(text: string): z.infer<typeof Fix> {
  const parsed = Fix.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw refusal("body", parsed.error);
}
