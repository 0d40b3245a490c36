/** Waveforms longer than a message: analysed here, put aside, and told to the machine's actor. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { subjectOf } from "../events/bus/subjects.ts";
import { keepWaveforms } from "../events/log/waveforms.ts";
import { parseMessage } from "../events/messages.ts";
import { type Json, streamOf } from "../events/vocabulary.ts";
import type { Analyst } from "../models/waveforms/analyst.ts";
import { circumstancesOf } from "../projections/bearings.ts";
import { JSON_TYPES, mediaType, readBody } from "./body.ts";
import type { Deps } from "./deps.ts";
import { AcceptedJson, recordedJson } from "./ingest.ts";
import type { OwnWrites } from "./own_writes.ts";
import { invalid, refused, unavailable } from "./problem.ts";
import { createRouter } from "./router.ts";
import { Fields, IdSchema, json, problems } from "./schemas.ts";

const BODY_BYTES_MAX = 16 * 1024 * 1024;
/** Each holds its body, and some ten times as much while it is looked at. */
const WAITING_MAX = 4;
const BINARY = "application/octet-stream";

const number = z.string().transform((text, context) => {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  context.addIssue({ code: "custom", message: "expected a number" });
  return z.NEVER;
}).openapi({ type: "number" }).optional();

/** What bytes cannot say of themselves. */
const ReadingQuery = z.object({
  _id: z.string().max(200).optional()
    .openapi({
      description: "The same one twice changes nothing. Without it the samples name it.",
    }),
  timestamp: z.string().optional().openapi({ format: "date-time" }),
  encoding: z.enum(["int16", "float32"]).optional(),
  scale: number,
  SR: number,
  rpm: number,
  fMax: number,
  Axis_Id: z.string().max(50).optional(),
  temperature: number,
});

const post = createRoute({
  method: "post",
  path: "/machines/{id}/bearings/{bearing}/waveforms",
  operationId: "postWaveform",
  summary: "The raw samples of one reading, up to 16 MiB",
  description: "JSON like a reading on the bus, with `rawData`; or the bytes themselves, " +
    "little-endian, with the rest in the query. Answered when the findings are in the log.",
  tags: ["Machines"],
  requestBody: {
    required: true,
    content: {
      "application/json": { schema: { type: "object", required: ["rawData"] } },
      [BINARY]: { schema: { type: "string", format: "binary" } },
    },
  },
  request: {
    params: z.object({ id: IdSchema, bearing: z.string().min(1).max(64) }),
    query: ReadingQuery,
  },
  responses: {
    200: json(
      z.object({
        outcome: z.enum(["recorded", "repeat"]),
        reading: Fields.openapi({ description: "As it was recorded." }),
        events: AcceptedJson.shape.events,
      }),
      "In the log",
    ),
    ...problems(413, 415, 422, 503),
  },
});

export interface WaveformDeps extends Pick<Deps, "sql" | "publisher" | "now"> {
  readonly ownWrites: OwnWrites;
  readonly analyst: Analyst;
}

export function waveformRoutes(
  { sql, publisher, now, ownWrites, analyst }: WaveformDeps,
): OpenAPIHono {
  const app = createRouter();

  app.openapi(post, async (c) => {
    const { id, bearing } = c.req.valid("param");
    const query = c.req.valid("query");
    const binary = mediaType(c, [...JSON_TYPES, BINARY]) === BINARY;
    if (binary && query.encoding === undefined) {
      throw invalid("query", "encoding", "expected int16 or float32 for a body of bytes");
    }
    const body = await readBody(c, BODY_BYTES_MAX);
    if (analyst.waiting >= WAITING_MAX) {
      throw unavailable("too-busy", `${WAITING_MAX} waveforms are waiting already`);
    }
    const reading: Json = { ...query, machineId: id, bearingId: bearing };
    await ownWrites.shown();
    const circumstances = await circumstancesOf(sql, id, bearing);
    const analysed = await analyst.posted({ body, binary, reading, circumstances });
    if (typeof analysed === "string") throw invalid("body", "", analysed);

    const { waveform } = analysed;
    const findings = { _id: `${bearing}-${waveform.sha256.slice(0, 24)}`, ...analysed.reading };
    const payload = new TextEncoder().encode(JSON.stringify(findings));
    // Samples of a reading that would be refused are not kept.
    const parsed = parseMessage("machine", id, "reading", payload, now());
    if (!parsed.ok) throw refused(parsed, payload);
    await keepWaveforms(sql, [{ stream: streamOf("machine", id), waveform }]);
    const { answer } = await publisher.publish(subjectOf("machine", id, "reading"), payload, {
      waitForLog: true,
    });
    const { outcome, events = [], code, reason } = answer ?? {};
    if (outcome === undefined || outcome === "rejected" || outcome === "quarantined") {
      throw refused({ code: code ?? "refused", reason: reason ?? "It was refused" }, payload);
    }
    ownWrites.note(events);
    return c.json({ outcome, reading: findings, events: recordedJson(events) }, 200);
  });

  return app;
}
