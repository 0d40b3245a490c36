/**
 * ATMs as they change, over WebSockets of their own: the fleet's statuses, one ATM with what it has
 * just reported, or alerts. Each begins with what is true now.
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { Gauge } from "prom-client";
import { errorOf } from "../../events/errors.ts";
import { formatInstant } from "../../events/instant.ts";
import { parseLossless } from "../../events/json.ts";
import { atOneMoment, readHeads } from "../../events/log/query.ts";
import type { Sql } from "../../events/log/database.ts";
import { getDevice } from "../../projections/devices.ts";
import { countAtmAlerts, listAtmAlerts } from "../../projections/atm_alerts.ts";
import type { Deps, Offsets } from "../deps.ts";
import type { Encoding } from "../live/encoding.ts";
import { followOrEnd, type Receiver } from "../live/follow.ts";
import type { Hub, Interest } from "../live/hub.ts";
import { type Talk, wantsWebSocket, webSocketResponse } from "../live/web_socket.ts";
import { ProblemError, unavailable } from "../problem.ts";
import { requireDevice } from "../require_device.ts";
import { createRouter } from "../router.ts";
import { IdSchema, problems } from "../schemas.ts";
import { atmAlertJson } from "./atm_alert_json.ts";
import { readHistory } from "./atm_history.ts";
import { alertUpdates, atmChanges, statusChanges } from "./atm_live_messages.ts";

const HISTORY_AT_FIRST = 100;
const HISTORY_HOURS = 24;
const HISTORY_MAX = 1_000;
const ALERTS_AT_FIRST = 100;
const SAID_LENGTH_MAX = 4 * 1024;
const CAUGHT_UP_MS = 5_000;

const CONNECTION_TYPES = ["dashboard", "atm", "alerts"] as const;
type ConnectionType = typeof CONNECTION_TYPES[number];

const RESPONSES = {
  101: { description: "Messages, each a JSON object with its `type`" },
  ...problems(422, 503),
};

const dashboard = createRoute({
  method: "get",
  path: "/ws/dashboard",
  operationId: "watchAtmFleet",
  summary: "WebSocket: changes of ATMs' statuses",
  description: "`connection_established`, then `atm_status_change`.",
  tags: ["ATM monitoring"],
  responses: RESPONSES,
});

const one = createRoute({
  method: "get",
  path: "/ws/atm/{id}",
  operationId: "watchAtm",
  summary: "WebSocket: what one ATM reports",
  description: "`atm_initial` with the latest reports, then `telemetry_update` and " +
    "`atm_status_change`. A client may say `ping`, and " +
    '`{"type": "request_history", "hours": 24, "limit": 100}`, answered by `history`.',
  tags: ["ATM monitoring"],
  request: { params: z.object({ id: IdSchema }) },
  responses: { ...RESPONSES, ...problems(404) },
});

const alerts = createRoute({
  method: "get",
  path: "/ws/alerts",
  operationId: "watchAtmAlerts",
  summary: "WebSocket: alerts of ATMs",
  description: "`alerts_initial` with those that are open, then `alert_update`.",
  tags: ["ATM monitoring"],
  responses: RESPONSES,
});

const HistoryRequest = z.object({
  hours: z.int().min(1).max(168).default(HISTORY_HOURS),
  limit: z.int().min(1).max(HISTORY_MAX).default(HISTORY_AT_FIRST),
});

export interface AtmLiveDeps
  extends Pick<Deps, "sql" | "readEvents" | "waitFor" | "register" | "report" | "now"> {
  readonly hub: Hub;
}

export function atmLiveRoutes(deps: AtmLiveDeps): OpenAPIHono {
  const { sql, readEvents, waitFor, register, report, now, hub } = deps;
  const app = createRouter();
  const connected: Record<ConnectionType, number> = { dashboard: 0, atm: 0, alerts: 0 };
  new Gauge({
    name: "websocket_connections_active",
    help: "WebSockets of the ATM monitoring that are open",
    labelNames: ["connection_type"],
    registers: [register],
    collect() {
      for (const type of CONNECTION_TYPES) this.set({ connection_type: type }, connected[type]);
    },
  });
  const encodings = {
    dashboard: statusChanges(now),
    atm: atmChanges(now),
    alerts: alertUpdates(now),
  };

  app.openapi(dashboard, (c) =>
    open(c, {
      type: "dashboard",
      interest: { topics: ["status"], kind: "atm" },
      first: async () => ({
        from: await readHeads(sql),
        greeting: message("connection_established", { message: "Changes of status follow" }),
      }),
    }));

  app.openapi(one, async (c) => {
    const id = c.req.valid("param").id.toUpperCase();
    await requireDevice(sql, "atm", id);
    return await open(c, {
      type: "atm",
      interest: { topics: ["readings", "status"], kind: "atm", id },
      // Of one moment, so that no report is told twice, and none not at all.
      first: () =>
        atOneMoment(sql, async (then) => {
          const from = await readHeads(then);
          const asked = { hours: HISTORY_HOURS, limit: HISTORY_AT_FIRST };
          const history = await historyOf(then, id, asked);
          // An ATM that was quiet for a day still has a latest report.
          const latest = history[0] ?? (await getDevice(then, "atm", id))?.latest ?? null;
          return { from, greeting: message("atm_initial", { atm_id: id, latest, history }) };
        }),
      async ask(request) {
        const { hours, limit } = request;
        const history = await historyOf(sql, id, { hours, limit });
        return message("history", { atm_id: id, hours, history });
      },
    });
  });

  app.openapi(alerts, (c) =>
    open(c, {
      type: "alerts",
      interest: { topics: ["alarms"], kind: "atm" },
      async first() {
        const from = await readHeads(sql);
        // What the log has must be in the list, or follow; some of what follows may be in it, too.
        if (!await waitFor(from, CAUGHT_UP_MS)) {
          throw unavailable("not-caught-up", "The alerts are not caught up with the log");
        }
        const [found, total] = await Promise.all([
          listAtmAlerts(sql, { status: "open", page: 0, limit: ALERTS_AT_FIRST }),
          countAtmAlerts(sql, { status: "open" }),
        ]);
        const alerts = found.map(atmAlertJson);
        return { from, greeting: message("alerts_initial", { alerts, total }) };
      },
    }));

  async function historyOf(
    sql: Sql,
    id: string,
    asked: z.infer<typeof HistoryRequest>,
  ): Promise<readonly unknown[]> {
    return (await readHistory(sql, id, { ...asked, now: now() })).map(parseLossless);
  }

  interface Opened {
    readonly type: ConnectionType;
    readonly interest: Interest;
    /** What is true when it begins, and from where on what happens follows. */
    first(): Promise<{ readonly greeting: string; readonly from: Offsets }>;
    /** Answers a request for history; absent where there is none. */
    ask?(request: z.infer<typeof HistoryRequest>): Promise<string>;
  }

  /** What is not known before the answer begins is a problem over HTTP, and no dead feed. */
  async function open(c: Context, { type, interest, first, ask }: Opened): Promise<Response> {
    if (!wantsWebSocket(c)) {
      throw new ProblemError(426, "upgrade-required", "This is a WebSocket: connect with ws://", {
        headers: { upgrade: "websocket", connection: "upgrade" },
      });
    }
    const { greeting, from } = await first();
    const encoding: Encoding = encodings[type];
    const response = webSocketResponse(c.req.raw, (receiver) => {
      receiver.send([greeting]);
      return followOrEnd({ hub, readEvents, interest, encoding, receiver, from }, report);
    }, { ...listen(ask), left: () => connected[type]-- });
    connected[type]++;
    return response;
  }

  /** Whatever a client says is answered, and never ends the feed. */
  function listen(ask: Opened["ask"]): Talk {
    let answering = false;

    async function answer(said: unknown): Promise<string> {
      const request = readRequest(said);
      if (request.type === "ping") return message("pong", {});
      if (request.type !== "request_history" || ask === undefined) {
        return refusal("unknown-message", `There is no message "${request.type}" here`);
      }
      const parsed = HistoryRequest.safeParse(request);
      if (!parsed.success) {
        return refusal("wrong-shape", "hours is 1 to 168, limit is 1 to 1,000");
      }
      if (answering) return refusal("busy", "The history asked for before comes first");
      answering = true;
      try {
        return await ask(parsed.data);
      } finally {
        answering = false;
      }
    }

    return {
      hear(said: unknown, receiver: Receiver) {
        answer(said).catch((error) => {
          if (error instanceof UnreadableError) return refusal("not-json", error.message);
          report(errorOf(error));
          return refusal("internal", "Something failed on our side; try again shortly");
        }).then((text) => receiver.send([text]));
      },
    };
  }

  function refusal(code: string, reason: string): string {
    return message("error", { code, reason });
  }

  function message(type: string, data: unknown): string {
    return JSON.stringify({ type, data, timestamp: formatInstant(now()) });
  }

  return app;
}

class UnreadableError extends Error {
  override readonly name = "UnreadableError";
}

/** A client's message: a JSON object with its type, or the type alone. */
function readRequest(said: unknown): { readonly type: string } {
  if (typeof said !== "string" || said.length > SAID_LENGTH_MAX) {
    throw new UnreadableError(`A message is text of at most ${SAID_LENGTH_MAX} characters`);
  }
  if (/^[a-z_]{1,40}$/.test(said)) return { type: said };
  const expected = 'Expected a JSON object such as {"type": "ping"}';
  try {
    const parsed: unknown = JSON.parse(said);
    if (typeof parsed === "object" && parsed !== null && "type" in parsed) {
      return { ...parsed, type: String(parsed.type).slice(0, 40) };
    }
  } catch {
    throw new UnreadableError(expected);
  }
  throw new UnreadableError(expected);
}
