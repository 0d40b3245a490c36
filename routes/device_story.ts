/** What happened to one device, and what its actor knew at any moment. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { formatInstant } from "../events/instant.ts";
import { inferenceStreamOf } from "../events/inference.ts";
import { readStory } from "../events/log/query.ts";
import { readStream } from "../events/log/read.ts";
import { type Kind, streamOf } from "../events/vocabulary.ts";
import type { Deps } from "./deps.ts";
import { EventJson, eventJson } from "./event_json.ts";
import { ProblemError, unknownDevice } from "./problem.ts";
import { createRouter } from "./router.ts";
import {
  addressOf,
  DeviceParams,
  Fields,
  Instant,
  InstantQuery,
  json,
  LimitQuery,
  problems,
} from "./schemas.ts";

const VersionQuery = z.string().max(100)
  .transform((text) => /^\d{1,15}$/.test(text) ? Number(text) : undefined)
  .optional();

const Of = z.enum(["device", "foretold"]).default("device");

const events = createRoute({
  method: "get",
  path: "/devices/{kind}/{id}/events",
  operationId: "listDeviceEvents",
  summary: "The events of one device, in order of version",
  description: "What was foretold of it has an order and versions of its own: `of=foretold`.",
  tags: ["Devices"],
  request: {
    params: DeviceParams,
    query: z.object({
      after: VersionQuery.openapi({
        type: "string",
        description: "Only events after this version; an offset waits, as everywhere.",
      }),
      before: z.string().regex(/^\d{1,15}$/, "expected a version").transform(Number).optional()
        .openapi({ type: "integer", description: "Only events before this version." }),
      of: Of,
      order: z.enum(["asc", "desc"]).default("asc"),
      limit: LimitQuery(100, 1_000),
    }),
  },
  responses: {
    200: json(
      z.object({
        events: z.array(EventJson),
        next: z.int().nullable().openapi({
          description: "What to give as `after` (as `before` with order=desc) for the next page.",
        }),
      }),
      "A page of events",
    ),
    ...problems(404, 422, 503),
  },
});

const state = createRoute({
  method: "get",
  path: "/devices/{kind}/{id}/state",
  operationId: "getDeviceState",
  summary: "The actor, folded from everything recorded up to a moment",
  tags: ["Devices"],
  request: {
    params: DeviceParams,
    query: z.object({
      at: InstantQuery.optional(),
      of: Of.openapi({ description: "Of the device, or of what is foretold of it." }),
    }),
  },
  responses: {
    200: json(
      z.object({
        kind: z.string(),
        id: z.string(),
        at: Instant,
        version: z.int().openapi({ description: "Of the last event folded in." }),
        as_of: Instant.openapi({ description: "When that event was recorded." }),
        state: Fields,
      }),
      "The state",
    ),
    ...problems(404, 422, 503),
  },
});

export function deviceStoryRoutes(
  { sql, stateAt, now }: Pick<Deps, "sql" | "stateAt" | "now">,
): OpenAPIHono {
  const app = createRouter();

  app.openapi(events, async (c) => {
    const { kind, id } = addressOf(c.req.valid("param"));
    const query = c.req.valid("query");
    const { after = -1, before = Number.MAX_SAFE_INTEGER, of, order, limit } = query;
    const range = { after, before, order, limit: limit + 1 };
    const page = await readStory(sql, storyOf({ kind, id }, of), range);
    if (page.length === 0 && (await readStream(sql, streamOf(kind, id), 0, 1)).length === 0) {
      throw unknownDevice(kind, id);
    }
    const shown = page.slice(0, limit);
    const next = page.length > limit ? shown.at(-1)?.version ?? null : null;
    return c.json({ events: shown.map(eventJson), next }, 200);
  });

  app.openapi(state, async (c) => {
    const { kind, id } = addressOf(c.req.valid("param"));
    const { at = now(), of } = c.req.valid("query");
    const found = await stateAt(storyOf({ kind, id }, of), at);
    if (found === undefined) {
      if (of === "device") throw unknownDevice(kind, id);
      throw new ProblemError(
        404,
        "not-foretold",
        `Nothing was foretold of ${kind} "${id}" by then`,
      );
    }
    const { state, version, asOf } = found;
    return c.json({
      kind,
      id,
      at: formatInstant(at),
      version,
      as_of: formatInstant(asOf),
      state: state as Record<string, unknown>,
    }, 200);
  });

  return app;
}

function storyOf({ kind, id }: { kind: Kind; id: string }, of: z.infer<typeof Of>): string {
  return of === "device" ? streamOf(kind, id) : inferenceStreamOf(kind, id);
}
