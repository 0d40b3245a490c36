/** Orders from people to one actor, and its answer after the commit. */
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { subjectOf } from "../events/bus/subjects.ts";
import type { Answer, Publisher } from "../events/bus/publisher.ts";
import { COMMANDS } from "../events/device.ts";
import { parseMessage } from "../events/messages.ts";
import type { Addressee } from "../events/vocabulary.ts";
import { JSON_TYPES, mediaType, readBody, textOf } from "./body.ts";
import type { Deps } from "./deps.ts";
import { AcceptedJson, IDEMPOTENCY_KEY, MESSAGE_ID, recordedJson } from "./ingest.ts";
import { parseJson } from "./json_text.ts";
import { ProblemError, refused } from "./problem.ts";
import { createRouter } from "./router.ts";
import { addressOf, DeviceParams, json, problems } from "./schemas.ts";

const COMMAND_BYTES_MAX = 64 * 1024;

const post = createRoute({
  method: "post",
  path: "/devices/{kind}/{id}/commands",
  operationId: "postCommand",
  summary: "An order to one device's actor; answered after the commit",
  tags: ["Devices"],
  parameters: [{
    ...IDEMPOTENCY_KEY,
    description: "The same order sent again with the same key changes nothing.",
  }],
  requestBody: {
    required: true,
    content: {
      "application/json": {
        schema: {
          type: "object",
          required: ["command"],
          properties: { command: { type: "string", enum: Object.keys(COMMANDS) } },
          additionalProperties: true,
        },
        example: { command: "AcknowledgeAlarm", reason: "offline", by: "night shift" },
      },
    },
  },
  request: { params: DeviceParams },
  responses: {
    200: json(
      AcceptedJson.pick({ outcome: true, events: true }).required(),
      "Obeyed, or known already",
    ),
    ...problems(400, 409, 413, 415, 422, 503),
  },
});

export function orderRoutes({ publisher, now }: Pick<Deps, "publisher" | "now">): OpenAPIHono {
  const app = createRouter();

  app.openapi(post, async (c) => {
    const address = addressOf(c.req.valid("param"));
    mediaType(c, JSON_TYPES);
    const body = parseJson(textOf(await readBody(c, COMMAND_BYTES_MAX)));
    const messageId = c.req.header("idempotency-key");
    const { outcome, events } = await order(publisher, { ...address, body, messageId, now: now() });
    return c.json({ outcome, events: recordedJson(events) }, 200);
  });

  return app;
}

export interface Order {
  readonly kind: Addressee;
  readonly id: string;
  /** `{"command": <name>, …}`. */
  readonly body: unknown;
  readonly messageId?: string | undefined;
  readonly now: number;
}

/** Resolves once it is obeyed and in the log. Throws ProblemError: 422 for what it is, 409 refused. */
export async function order(
  publisher: Publisher,
  { kind, id, body, messageId, now }: Order,
): Promise<Answer & { outcome: "recorded" | "repeat" }> {
  if (messageId !== undefined && !MESSAGE_ID.test(messageId)) {
    throw new ProblemError(
      422,
      "wrong-message-id",
      "An Idempotency-Key is 1 to 200 printable ASCII characters",
    );
  }
  const payload = new TextEncoder().encode(JSON.stringify(body));
  const parsed = parseMessage(kind, id, "command", payload, now, messageId);
  if (!parsed.ok) throw refused(parsed, payload);
  const { answer } = await publisher.publish(subjectOf(kind, id, "command"), payload, {
    waitForLog: true,
    ...(messageId === undefined ? {} : { messageId }),
  });
  if (answer === undefined) throw new Error(`No answer to an order for ${kind} "${id}"`);
  const { outcome, code, reason } = answer;
  if (outcome === "rejected" || outcome === "quarantined") {
    throw new ProblemError(409, code ?? outcome, reason ?? `The order was ${outcome}`);
  }
  return { ...answer, outcome };
}

export type OrderDeps = Pick<Deps, "publisher" | "waitFor" | "now">;

const CAUGHT_UP_MS = 5_000;

/** The same, and the read models show what it did. Throws ProblemError: also 503, not to be seen yet. */
export async function orderShown(
  { publisher, waitFor, now }: OrderDeps,
  what: Omit<Order, "now">,
): Promise<void> {
  const { events } = await order(publisher, { ...what, now: now() });
  const reached = new Map(events.map(({ partition, offset }) => [partition, offset]));
  if (await waitFor(reached, CAUGHT_UP_MS)) return;
  throw new ProblemError(
    503,
    "not-caught-up",
    "The order is obeyed and recorded, but what is shown has not caught up with it yet",
  );
}
