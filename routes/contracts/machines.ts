/** The plant's machines under their own paths: what there is, and how it vibrates. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { formatInstant } from "../../events/instant.ts";
import type { RecordedEvent } from "../../events/event.ts";
import { readStream } from "../../events/log/read.ts";
import { streamOf } from "../../events/vocabulary.ts";
import type { Analyst } from "../../models/waveforms/analyst.ts";
import { listBearings, newestVersions } from "../../projections/bearings.ts";
import { getDevice } from "../../projections/devices.ts";
import { listMachines, machineOf } from "../../projections/machines.ts";
import { findVibration, listVibration, readVibration } from "../../projections/vibration.ts";
import type { Deps } from "../deps.ts";
import type { OwnWrites } from "../own_writes.ts";
import { ProblemError } from "../problem.ts";
import { createRouter } from "../router.ts";
import { IdSchema, Instant, json, LimitQuery, problems } from "../schemas.ts";
import { samplesOf, spectrumIn, SpectrumJson, spectrumOfSamples } from "../spectra.ts";
import {
  BearingJson,
  bearingJson,
  MachineJson,
  machineJson,
  ReadingJson,
  readingJson,
  spanOf,
  SpanQuery,
  StatusSchema,
} from "./machine_json.ts";
import { machineDashboardRoutes } from "./machine_dashboard.ts";

const TAGS = ["Machines"];
const LIMIT_MAX = 10_000;

const words = z.string().min(1).max(200).optional();

const list = createRoute({
  method: "get",
  path: "/api/machines",
  operationId: "listMachines",
  summary: "Machines, by id",
  description: "The dates are of `ingestedDate`.",
  tags: TAGS,
  request: { query: SpanQuery },
  responses: { 200: json(z.array(MachineJson), "The machines"), ...problems(422, 503) },
});

const search = createRoute({
  method: "get",
  path: "/api/machines/search",
  operationId: "searchMachines",
  summary: "Machines by part of their customer, area, subarea or name, in any case",
  description: "`status` must be the very one. The dates are of `ingestedDate`.",
  tags: TAGS,
  request: {
    query: SpanQuery.extend({
      customer: words,
      area: words,
      subarea: words,
      machine_name: words,
      status: StatusSchema.optional(),
    }),
  },
  responses: { 200: json(z.array(MachineJson), "The machines"), ...problems(422, 503) },
});

const one = createRoute({
  method: "get",
  path: "/api/machines/{id}",
  operationId: "getMachine",
  summary: "A machine",
  tags: TAGS,
  request: { params: z.object({ id: IdSchema }) },
  responses: { 200: json(MachineJson, "The machine"), ...problems(404, 422, 503) },
});

const latest = createRoute({
  method: "get",
  path: "/api/machines/{id}/latest-readings",
  operationId: "getLatestMachineReadings",
  summary: "The newest reading of each bearing, with its spectrum where it came with one",
  tags: TAGS,
  request: { params: z.object({ id: IdSchema }) },
  responses: { 200: json(z.array(ReadingJson), "The readings"), ...problems(404, 422, 503) },
});

const METRICS = {
  acceleration: "acceleration_rms",
  velocity: "velocity_rms",
  temperature: "temperature",
} as const;

const timeseries = createRoute({
  method: "get",
  path: "/api/machines/{id}/timeseries",
  operationId: "getMachineTimeseries",
  summary: "One measure over time, the newest first",
  description: "RMS of acceleration (g) or velocity (mm/s), or temperature (°C).",
  tags: TAGS,
  request: {
    params: z.object({ id: IdSchema }),
    query: SpanQuery.extend({
      bearing_id: words,
      metric: z.enum(["acceleration", "velocity", "temperature"]).default("velocity"),
      limit: LimitQuery(1_000, LIMIT_MAX),
    }),
  },
  responses: {
    200: json(z.array(z.object({ timestamp: Instant, value: z.number() })), "The series"),
    ...problems(404, 422, 503),
  },
});

const bearings = createRoute({
  method: "get",
  path: "/api/bearings",
  operationId: "listBearings",
  summary: "Bearings, of one machine or of all",
  tags: TAGS,
  request: { query: z.object({ machine_id: IdSchema.optional() }) },
  responses: { 200: json(z.array(BearingJson), "The bearings"), ...problems(422, 503) },
});

const query = createRoute({
  method: "get",
  path: "/api/data/query",
  operationId: "queryMachineReadings",
  summary: "Readings, the newest first",
  description: "Of spectra only the dominant frequency: `/api/readings/{id}/fft` has the rest.",
  tags: TAGS,
  request: {
    query: SpanQuery.extend({
      bearing_id: words,
      machine_id: IdSchema.optional(),
      limit: LimitQuery(1_000, LIMIT_MAX),
    }),
  },
  responses: { 200: json(z.array(ReadingJson), "The readings"), ...problems(422, 503) },
});

const fft = createRoute({
  method: "get",
  path: "/api/readings/{id}/fft",
  operationId: "getReadingSpectrum",
  summary: "The amplitude spectrum of a reading",
  tags: TAGS,
  request: { params: z.object({ id: z.string().min(1).max(300) }) },
  responses: {
    200: json(z.object({ fft_data: SpectrumJson }), "In g over Hz"),
    ...problems(404, 503),
  },
});

export interface MachineDeps extends Deps {
  readonly ownWrites: OwnWrites;
  readonly analyst: Analyst;
}

export function machineRoutes(deps: MachineDeps): OpenAPIHono {
  const { sql, ownWrites, analyst } = deps;
  const app = createRouter();
  for (const path of ["/api/machines", "/api/bearings", "/api/data", "/api/readings"]) {
    app.use(`${path}/*`, ownWrites.beforeReading);
  }

  async function requireMachine(id: string) {
    const machine = await getDevice(sql, "machine", id);
    if (machine === undefined) {
      throw new ProblemError(404, "machine-unknown", `Machine not found: there is no "${id}"`);
    }
    return machineOf(machine);
  }

  app.openapi(list, async (c) => {
    const span = spanOf(c.req.valid("query"));
    return c.json((await listMachines(sql, span)).map(machineJson), 200);
  });

  app.openapi(search, async (c) => {
    const { machine_name: name, start_date, end_date, ...filter } = c.req.valid("query");
    const span = spanOf({ start_date, end_date });
    return c.json((await listMachines(sql, { ...filter, ...span, name })).map(machineJson), 200);
  });

  app.openapi(one, async (c) => {
    return c.json(machineJson(await requireMachine(c.req.valid("param").id)), 200);
  });

  app.openapi(latest, async (c) => {
    const { id } = await requireMachine(c.req.valid("param").id);
    const versions = await newestVersions(sql, id);
    const stream = streamOf("machine", id);
    const events = await Promise.all(
      versions.map((version) => readStream(sql, stream, version, 1)),
    );
    return c.json(events.flat().map(wholeReading), 200);
  });

  app.openapi(timeseries, async (c) => {
    const { bearing_id: bearing, metric, limit, ...dates } = c.req.valid("query");
    const span = spanOf(dates);
    const { id: machineId } = await requireMachine(c.req.valid("param").id);
    const having = METRICS[metric];
    const rows = await listVibration(sql, { machineId, bearing, ...span, having, limit });
    const series = rows.map((row) => ({
      timestamp: formatInstant(row.at),
      value: row[having] as number,
    }));
    return c.json(series, 200);
  });

  app.openapi(bearings, async (c) => {
    const found = await listBearings(sql, c.req.valid("query").machine_id);
    return c.json(found.map(bearingJson), 200);
  });

  app.openapi(query, async (c) => {
    const { bearing_id: bearing, machine_id: machineId, limit, ...dates } = c.req.valid("query");
    const rows = await listVibration(sql, { machineId, bearing, ...spanOf(dates), limit });
    return c.json(rows.map(readingJson), 200);
  });

  app.openapi(fft, async (c) => {
    const row = await findVibration(sql, c.req.valid("param").id);
    if (row === undefined) throw new ProblemError(404, "reading-unknown", "Reading not found");
    const [event] = await readStream(sql, row.stream, row.version, 1);
    const spectrum = event &&
      (await spectrumOfSamples(analyst, await samplesOf(sql, event), event) ??
        spectrumIn(event.data));
    if (spectrum === undefined) {
      throw new ProblemError(404, "fft-unavailable", "FFT data not available for this reading");
    }
    return c.json({ fft_data: spectrum }, 200);
  });

  app.route("/", machineDashboardRoutes(deps));
  return app;
}

function wholeReading(event: RecordedEvent): z.infer<typeof ReadingJson> {
  const reading = readingJson(readVibration(event));
  return { ...reading, fftData: spectrumIn(event.data) ?? reading.fftData };
}
