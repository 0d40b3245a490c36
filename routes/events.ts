/** The log itself: in pages, or the whole answer as a stream. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { RecordedEvent } from "../events/event.ts";
import { type LogFilter, type LogPlace, pageLog, scanLog } from "../events/log/query.ts";
import { KINDS, streamOf, SYSTEM_KIND } from "../events/vocabulary.ts";
import { decodeCursor, encodeCursor } from "../projections/cursor.ts";
import type { Deps } from "./deps.ts";
import { CSV_HEADER, eventCsv, EventJson, eventJson } from "./event_json.ts";
import { invalid } from "./problem.ts";
import { createRouter } from "./router.ts";
import {
  addressOf,
  CursorQuery,
  IdSchema,
  InstantQuery,
  json,
  LimitQuery,
  NextCursor,
  problems,
} from "./schemas.ts";
import { streamText } from "./streaming.ts";
import { refuseEmpty } from "./window.ts";

const list = createRoute({
  method: "get",
  path: "/events",
  operationId: "listEvents",
  summary: "Events by partition and offset",
  description:
    "JSON comes in pages. NDJSON and CSV stream every matching event there is when asked.",
  tags: ["Events"],
  request: {
    query: z.object({
      kind: z.enum([...KINDS, SYSTEM_KIND]).optional(),
      id: IdSchema.optional().openapi({ description: "Of a device of this `kind`." }),
      type: z.string().regex(/^[A-Za-z]{1,64}$/, "expected a type such as StatusChanged")
        .optional(),
      from: InstantQuery.optional().openapi({ description: "Occurred at this moment or later." }),
      to: InstantQuery.optional().openapi({ description: "Occurred before this moment." }),
      format: z.enum(["json", "ndjson", "csv"]).default("json"),
      limit: LimitQuery(100, 1_000).openapi({ description: "Of a page." }),
      cursor: CursorQuery,
    }),
  },
  responses: {
    200: {
      description: "A page (JSON), or everything (NDJSON, CSV)",
      content: {
        ...json(z.object({ events: z.array(EventJson), next: NextCursor }), "").content,
        "application/x-ndjson": { schema: z.string() },
        "text/csv": { schema: z.string() },
      },
    },
    ...problems(422, 503),
  },
});

export function eventRoutes({ sql, stopping }: Pick<Deps, "sql" | "stopping">): OpenAPIHono {
  const app = createRouter();

  app.openapi(list, async (c) => {
    const { format, limit, cursor, kind, id, ...range } = c.req.valid("query");
    const filter = { ...range, ...of(kind, id) };
    refuseEmpty(range);
    if (format === "json") {
      const after = cursor === undefined ? undefined : placeOf(cursor);
      const { events, next } = await pageLog(sql, { ...filter, after, limit });
      return c.json({
        events: events.map(eventJson),
        next: next === undefined ? null : cursorOf(next),
      }, 200);
    }
    if (cursor !== undefined) {
      throw invalid("query", "cursor", `expected none with format=${format}: it is not paged`);
    }
    const pages = scanLog(sql, filter);
    const texts = format === "csv" ? csv(pages) : ndjson(pages);
    return c.body(await streamText(texts, stopping), 200, {
      "content-type": format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson",
      ...(format === "csv" ? { "content-disposition": 'attachment; filename="events.csv"' } : {}),
    }) as never; // The route's type only knows how JSON is answered.
  });

  return app;
}

function of(kind: string | undefined, id: string | undefined): LogFilter {
  if (id === undefined) return { kind };
  if (kind === undefined) throw invalid("query", "id", "expected a `kind` with it");
  return { stream: streamOf(kind, addressOf({ kind, id }).id) };
}

async function* ndjson(pages: AsyncIterable<readonly RecordedEvent[]>): AsyncGenerator<string> {
  for await (const page of pages) {
    yield page.map((event) => `${JSON.stringify(eventJson(event))}\n`).join("");
  }
}

async function* csv(pages: AsyncIterable<readonly RecordedEvent[]>): AsyncGenerator<string> {
  yield CSV_HEADER;
  for await (const page of pages) yield page.map(eventCsv).join("");
}

function cursorOf({ partition, offset }: LogPlace): string {
  return encodeCursor([String(partition), String(offset)]);
}

const PLACE = [/^\d{1,6}$/, /^\d{1,15}$/];

function placeOf(cursor: string): LogPlace {
  const [partition = 0, offset = 0] = decodeCursor(cursor, PLACE).map(Number);
  return { partition, offset };
}
