/** What sensors read: taken in and scored, one or many at once; and read back. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Histogram } from "prom-client";
import { subjectOf } from "../../events/bus/subjects.ts";
import { BusUnavailableError } from "../../events/bus/publisher.ts";
import { parseMessage } from "../../events/messages.ts";
import { DEVICE_ID } from "../../events/vocabulary.ts";
import { listReadings, type Reading } from "../../projections/readings.ts";
import { JSON_TYPES, mediaType, readBody, textOf } from "../body.ts";
import { atATime } from "../at_a_time.ts";
import type { Deps } from "../deps.ts";
import { parseJson } from "../json_text.ts";
import type { OwnWrites } from "../own_writes.ts";
import { invalid, ProblemError, refusal, refused, unavailable } from "../problem.ts";
import { createRouter } from "../router.ts";
import { IdSchema, InstantQuery, json, LimitQuery, OffsetQuery, problems } from "../schemas.ts";
import { ReadingJson, readingJson } from "./sensor_json.ts";

const BODY_BYTES_MAX = 64 * 1024 * 1024;
const ITEMS_MAX = 10_000;
/** Enough to keep the log busy; more would only wait in memory. */
const UNDER_WAY_MAX = 1_000;

const words = (max: number) => z.string().min(1).max(max);

/** What the contract asks for; a sensor on the bus need only say a value. */
const Posted = z.object({
  sensor_id: words(50).regex(DEVICE_ID, `expected letters, digits, "_", ":" or "-"`),
  sensor_type: words(50),
  value: z.number(),
  unit: z.string().max(20),
  location: z.string().max(100).nullish(),
  metadata: z.unknown().optional(),
  timestamp: z.string().nullish(),
}).openapi("PostedSensorReading");

const FailedItem = z.object({
  error: z.object({ code: z.string(), detail: z.string() }),
}).openapi("FailedSensorReading");

type ItemAnswer = z.infer<typeof ReadingJson> | z.infer<typeof FailedItem>;

const post = createRoute({
  method: "post",
  path: "/sensors/data",
  operationId: "postSensorData",
  summary: "A reading, or up to 10,000; answered when in the log and scored",
  description: "An array is answered by an array, an item for each reading in its order: the " +
    "reading as it was recorded, or what is wrong with it.",
  tags: ["Sensors"],
  requestBody: {
    required: true,
    content: {
      "application/json": {
        schema: {
          oneOf: [
            { $ref: "#/components/schemas/PostedSensorReading" },
            {
              type: "array",
              maxItems: ITEMS_MAX,
              items: { $ref: "#/components/schemas/PostedSensorReading" },
            },
          ],
        },
      },
    },
  },
  responses: {
    200: json(
      z.union([ReadingJson, z.array(z.union([ReadingJson, FailedItem]))]),
      "Recorded and scored",
    ),
    ...problems(400, 413, 415, 422, 503),
  },
});

const list = createRoute({
  method: "get",
  path: "/sensors/data",
  operationId: "listSensorData",
  summary: "Readings, the newest first",
  tags: ["Sensors"],
  request: {
    query: z.object({
      sensor_id: IdSchema.optional(),
      sensor_type: words(50).optional(),
      location: words(100).optional(),
      start: InstantQuery.optional(),
      end: InstantQuery.optional(),
      limit: LimitQuery(100, 10_000),
      offset: OffsetQuery,
    }),
  },
  responses: { 200: json(z.array(ReadingJson), "The readings"), ...problems(422, 503) },
});

const latest = createRoute({
  method: "get",
  path: "/sensors/data/{id}/latest",
  operationId: "getLatestSensorData",
  summary: "A sensor's newest reading, by its own clock",
  tags: ["Sensors"],
  request: { params: z.object({ id: IdSchema }) },
  responses: { 200: json(ReadingJson, "The reading"), ...problems(404, 422, 503) },
});

export interface SensorDataDeps extends Pick<Deps, "sql" | "publisher" | "now"> {
  readonly ownWrites: OwnWrites;
  /** Seconds from the arrival of a reading to its answer. */
  readonly processing: Histogram;
}

export function sensorDataRoutes(deps: SensorDataDeps): OpenAPIHono {
  const { sql, ownWrites, processing } = deps;
  const app = createRouter();
  app.openAPIRegistry.register("PostedSensorReading", Posted);

  app.openapi(post, async (c) => {
    mediaType(c, JSON_TYPES);
    const body = parseJson(textOf(await readBody(c, BODY_BYTES_MAX)));
    const took = processing.startTimer();
    if (!Array.isArray(body)) {
      const reading = await takeIn(deps, body, c.req.header("idempotency-key"));
      took();
      return c.json(readingJson(reading), 200);
    }
    if (body.length > ITEMS_MAX) {
      throw new ProblemError(
        413,
        "too-many-items",
        `The batch has ${body.length} readings: expected at most ${ITEMS_MAX}`,
      );
    }
    return c.json(await takeInAll(body), 200);
  });

  /** One answer each, in order. Throws only where the bus took none of them. */
  async function takeInAll(items: readonly unknown[]): Promise<ItemAnswer[]> {
    const answers = new Array<ItemAnswer>(items.length);
    let taken = 0;
    let lost: BusUnavailableError | undefined;
    await atATime(UNDER_WAY_MAX, items.length, async (index) => {
      try {
        if (lost !== undefined) throw lost;
        const took = processing.startTimer();
        answers[index] = readingJson(await takeIn(deps, items[index]));
        taken++;
        took();
      } catch (error) {
        if (error instanceof BusUnavailableError) lost = error;
        answers[index] = failed(error);
      }
    });
    if (lost !== undefined && taken === 0) throw unavailable(lost.code, lost.message);
    return answers;
  }

  app.use("/sensors/data/*", ownWrites.beforeReading);
  app.use("/sensors/data", ownWrites.beforeReading);

  app.openapi(list, async (c) => {
    const { sensor_id: sensorId, sensor_type: sensorType, location, start, end, limit, offset } = c
      .req.valid("query");
    if (start !== undefined && end !== undefined && start > end) {
      throw invalid("query", "start", "expected a moment that is not after `end`");
    }
    const found = await listReadings(sql, {
      sensorId,
      sensorType,
      location,
      from: start,
      to: end,
      limit,
      offset,
    });
    return c.json(found.map(readingJson), 200);
  });

  app.openapi(latest, async (c) => {
    const { id: sensorId } = c.req.valid("param");
    const [reading] = await listReadings(sql, { sensorId, limit: 1 });
    if (reading === undefined) {
      throw new ProblemError(404, "sensor-unknown", `Sensor "${sensorId}" has never reported`);
    }
    return c.json(readingJson(reading), 200);
  });

  return app;
}

function failed(error: unknown): z.infer<typeof FailedItem> {
  if (error instanceof ProblemError || error instanceof BusUnavailableError) {
    return { error: { code: error.code, detail: error.message } };
  }
  throw error;
}

/** Resolves once the reading is in the log, with what its actor made of it. Throws ProblemError. */
async function takeIn(
  { sql, publisher, ownWrites, now }: SensorDataDeps,
  body: unknown,
  messageId?: string,
): Promise<Reading> {
  // The text keeps every digit of a number; what is checked are numbers as we understand them.
  const text = JSON.stringify(body);
  const posted = Posted.safeParse(JSON.parse(text));
  if (!posted.success) throw refusal("body", posted.error);
  const { sensor_id: sensorId, sensor_type: sensorType, unit, location = null } = posted.data;
  const payload = new TextEncoder().encode(text);
  const parsed = parseMessage("sensor", sensorId, "reading", payload, now(), messageId);
  if (!parsed.ok) throw refused(parsed, payload);

  const { answer } = await publisher.publish(
    subjectOf("sensor", sensorId, "reading"),
    payload,
    { waitForLog: true, ...(messageId === undefined ? {} : { messageId }) },
  );
  const { outcome, events = [], code, reason } = answer ?? {};
  if (outcome === "rejected" || outcome === "quarantined") {
    throw refused({ code: code ?? outcome, reason: reason ?? `It was ${outcome}` }, payload);
  }
  ownWrites.note(events);
  const recorded = events.find(({ type }) => type === "ReadingReported");
  const { value } = posted.data;
  if (recorded !== undefined) {
    const { occurredAt: at, version, score = null, anomaly = false } = recorded;
    return { sensorId, sensorType, unit, location, at, value, score, anomaly, version };
  }
  return await recordedBefore(sql, sensorId, parsed.input.at, value);
}

/** The reading that this one repeats. */
async function recordedBefore(
  sql: Deps["sql"],
  sensorId: string,
  at: number,
  value: number,
): Promise<Reading> {
  const same = await listReadings(sql, { sensorId, from: at, to: at, limit: 100 });
  const reading = same.find((one) => one.value === value);
  if (reading !== undefined) return reading;
  throw new ProblemError(409, "known-already", "A message with this key was recorded before");
}
