/** One reading of a bearing looked at closely: its spectra, and where damage would show in them. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { RecordedEvent } from "../events/event.ts";
import { readStream } from "../events/log/read.ts";
import { streamOf } from "../events/vocabulary.ts";
import { type FaultOrders, faultOrdersOf, ZONE_BOUNDARIES } from "../models/vibration/mod.ts";
import type { Analyst } from "../models/waveforms/analyst.ts";
import { circumstancesOf, getBearing } from "../projections/bearings.ts";
import { findVibration, readVibration } from "../projections/vibration.ts";
import { ReadingJson, readingJson } from "./contracts/machine_json.ts";
import type { Deps } from "./deps.ts";
import type { OwnWrites } from "./own_writes.ts";
import { ProblemError } from "./problem.ts";
import { createRouter } from "./router.ts";
import { IdSchema, json, problems } from "./schemas.ts";
import { samplesOf, spectrumIn, spectrumOfSamples } from "./spectra.ts";

/** A screen has no more; a finer spectrum shows the highest line of each stretch. */
const LINES_MAX = 2_000;

const hertz = z.number().openapi({ description: "Hz" });

const AnalysisJson = z.object({
  reading: ReadingJson,
  machine_class: z.string().nullable(),
  zone_boundaries: z.array(z.number()).nullable()
    .openapi({ description: "Where zones B, C and D begin: velocity RMS in mm/s." }),
  rpm: z.number().nullable(),
  shaft_hz: hertz.nullable(),
  fault_frequencies: z.array(z.object({ part: z.string(), expected_hz: hertz }))
    .openapi({ description: "From geometry and speed; empty where either is not known." }),
  spectrum: z.object({
    unit: z.enum(["g"]).nullable().openapi({ description: "Null as sent: nobody says." }),
    frequencies: z.array(hertz),
    amplitudes: z.array(z.number()),
  }).nullable(),
  envelope: z.object({
    frequencies: z.array(hertz),
    prominences: z.array(z.number()).openapi({ description: "dB above the noise around." }),
  }).nullable().openapi({ description: "How often something strikes; needs the samples." }),
}).openapi("ReadingAnalysis");

const analysis = createRoute({
  method: "get",
  path: "/machines/{id}/bearings/{bearing}/analysis",
  operationId: "getReadingAnalysis",
  summary: "A bearing's newest reading, or another, with its spectra and fault frequencies",
  tags: ["Machines"],
  request: {
    params: z.object({ id: IdSchema, bearing: z.string().min(1).max(64) }),
    query: z.object({ reading: z.string().min(1).max(300).optional() }),
  },
  responses: { 200: json(AnalysisJson, "What it shows"), ...problems(404, 422, 503) },
});

export interface ReadingAnalysisDeps extends Pick<Deps, "sql"> {
  readonly ownWrites: OwnWrites;
  readonly analyst: Analyst;
}

export function readingAnalysisRoutes(
  { sql, ownWrites, analyst }: ReadingAnalysisDeps,
): OpenAPIHono {
  const app = createRouter();

  async function findReading(
    id: string,
    bearing: string,
    readingId: string | undefined,
  ): Promise<RecordedEvent> {
    const stream = streamOf("machine", id);
    const found = readingId === undefined ? undefined : await findVibration(sql, readingId);
    const version = readingId === undefined
      ? (await getBearing(sql, id, bearing))?.lastVersion
      : found?.stream === stream && found.bearing === bearing
      ? found.version
      : undefined;
    const [event] = version ? await readStream(sql, stream, version, 1) : [];
    if (event === undefined) {
      throw new ProblemError(
        404,
        "reading-unknown",
        `There is no such reading of bearing "${bearing}" of machine "${id}"`,
      );
    }
    return event;
  }

  app.openapi(analysis, async (c) => {
    const { id, bearing } = c.req.valid("param");
    await ownWrites.shown();
    const event = await findReading(id, bearing, c.req.valid("query").reading);
    const { machineClass, geometry } = await circumstancesOf(sql, id, bearing);
    const rpm = typeof event.data.rpm === "number" && event.data.rpm > 0 ? event.data.rpm : null;
    const samples = await samplesOf(sql, event);
    const [own, envelope] = await Promise.all([
      spectrumOfSamples(analyst, samples, event),
      samples && rpm && geometry ? analyst.envelope({ packed: samples, rpm, geometry }) : undefined,
    ]);
    const shown = own ?? spectrumIn(event.data);
    return c.json({
      reading: readingJson(readVibration(event)),
      machine_class: machineClass ?? null,
      zone_boundaries: machineClass ? [...ZONE_BOUNDARIES[machineClass]] : null,
      rpm,
      shaft_hz: rpm && rpm / 60,
      fault_frequencies: faultFrequencies(geometry ? faultOrdersOf(geometry) : undefined, rpm),
      spectrum: shown === undefined ? null : {
        unit: own ? "g" as const : null,
        ...thinned({ frequencies: shown.frequencies, amplitudes: shown.amplitudes }, "amplitudes"),
      },
      envelope: envelope === undefined ? null : thinned({ ...envelope }, "prominences"),
    }, 200);
  });

  return app;
}

function faultFrequencies(
  orders: FaultOrders | undefined,
  rpm: number | null,
): { part: string; expected_hz: number }[] {
  if (orders === undefined || rpm === null) return [];
  return (["outer", "inner", "ball", "cage"] as const)
    .map((part) => ({ part, expected_hz: orders[part] * rpm / 60 }));
}

type Lines<Height extends string> = Record<"frequencies" | Height, number[]>;

/** The highest line of each stretch. */
function thinned<Height extends string>(lines: Lines<Height>, height: Height): Lines<Height> {
  const heights: number[] = lines[height];
  const stretch = Math.ceil(heights.length / LINES_MAX);
  const kept: number[] = [];
  for (let first = 0; first < heights.length; first += stretch) {
    let highest = first;
    for (let line = first; line < Math.min(first + stretch, heights.length); line++) {
      if ((heights[line] ?? 0) > (heights[highest] ?? 0)) highest = line;
    }
    kept.push(highest);
  }
  const pick = (values: readonly number[]) => kept.map((line) => brief(values[line] ?? 0));
  return { frequencies: pick(lines.frequencies), [height]: pick(heights) } as Lines<Height>;
}

/** Six digits are more than a sensor tells. */
function brief(value: number): number {
  return Number(value.toPrecision(6));
}
