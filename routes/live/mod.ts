/** What happens, as it happens: by SSE, or by WebSocket at the same path. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { Gauge } from "prom-client";
import { readHeads } from "../../events/log/query.ts";
import type { Deps, Offsets } from "../deps.ts";
import { parseOffsets } from "../offsets.ts";
import { invalid } from "../problem.ts";
import { reportJson } from "../report_schemas.ts";
import { createRouter } from "../router.ts";
import { addressOf, IdSchema, KindSchema, problems } from "../schemas.ts";
import { type Encoding, sse, webSocket } from "./encoding.ts";
import { followOrEnd, type Receiver } from "./follow.ts";
import type { Hub, Interest } from "./hub.ts";
import { SSE_HEADERS, sseResponse } from "./sse.ts";
import { REPORTS_TOPIC, TOPICS } from "./topics.ts";
import { wantsWebSocket, webSocketResponse } from "./web_socket.ts";

const live = createRoute({
  method: "get",
  path: "/live",
  operationId: "watchLive",
  summary: "Events as they are recorded, by SSE or WebSocket",
  description:
    "By SSE each event's id is a cursor; `Last-Event-ID` goes on from there, without a " +
    "gap. A reader too slow to follow is sent `event: dropped` with the reason, and may reconnect. " +
    "A report that has ended is told as `event: report`, without an id: no place in the log. " +
    "By WebSocket messages are `{type: event | heartbeat | report | dropped, …}`, and the cursor of the " +
    "last one goes into `last_event_id`.",
  tags: ["Events"],
  request: {
    query: z.object({
      topics: z.string().default("all")
        .transform((text) => [...new Set(text.split(","))].sort())
        .refine((topics) => topics.every((topic) => TOPICS.includes(topic)), {
          message: `expected one or more of ${TOPICS.join(", ")}`,
        })
        .openapi({ type: "string", example: "alarms,status", description: TOPICS.join(", ") }),
      kind: KindSchema.optional(),
      id: IdSchema.optional(),
      last_event_id: z.string().max(1_000).optional()
        .openapi({ description: "For clients that cannot send the header." }),
    }),
    headers: z.object({ "last-event-id": z.string().max(1_000).optional() }),
  },
  responses: {
    200: {
      description: "The feed, without end",
      content: { "text/event-stream": { schema: z.string() } },
    },
    101: { description: "The feed, over a WebSocket" },
    ...problems(422, 503),
  },
});

export type LiveDeps =
  & Pick<
    Deps,
    "sql" | "readEvents" | "register" | "report" | "reports"
  >
  & { readonly hub: Hub };

export function liveRoutes(deps: LiveDeps): OpenAPIHono {
  const { sql, hub, readEvents, register, report, reports } = deps;
  const app = createRouter();
  reports.subscribe((ended) => hub.announce(REPORTS_TOPIC, "report", reportJson(ended)));
  new Gauge({
    name: "live_feeds_active",
    help: "Readers of the live feed",
    registers: [register],
    collect() {
      this.set(hub.watchers());
    },
  });

  app.openapi(live, async (c) => {
    const { last_event_id: resumeAt, ...interest } = addressOf(c.req.valid("query"));
    // Known before the answer begins, so that a database that is away is a 503 and not a dead feed.
    const from = await startOf(c.req.valid("header")["last-event-id"] ?? resumeAt);
    // Nobody would ever read the feed itself.
    if (c.req.method === "HEAD") return new Response(null, { headers: SSE_HEADERS });
    if (wantsWebSocket(c)) {
      return webSocketResponse(c.req.raw, (receiver) => start(interest, webSocket, receiver, from));
    }
    return sseResponse((receiver) => start(interest, sse, receiver, from));
  });

  /** Where the feed begins: after what was seen last, or now. */
  async function startOf(seen: string | undefined): Promise<Offsets> {
    const heads = await readHeads(sql);
    if (seen === undefined || seen === "") return heads;
    const offsets = parseOffsets(seen);
    if (offsets === undefined) {
      throw invalid("header", "Last-Event-ID", `expected the id of an event, got "${seen}"`);
    }
    // A cursor ahead of the log is of another log: what it has not seen here is what comes now.
    return new Map([...heads].map(([partition, head]) => [
      partition,
      Math.min(offsets.get(partition) ?? head, head),
    ]));
  }

  function start(
    interest: Interest,
    encoding: Encoding,
    receiver: Receiver,
    from: Offsets,
  ): Promise<() => void> {
    return followOrEnd({ hub, readEvents, interest, encoding, receiver, from }, report);
  }

  return app;
}
