/**
 * A bearing that was run until it failed, an hour a reading: it alarms, its failure is foretold, it
 * comes, and what was foretold is held against it. As real as data gets, and as quick as a test.
 */
import assert from "node:assert/strict";
import { connectBus } from "../../events/bus/connection.ts";
import { createPublisher } from "../../events/bus/jetstream_publisher.ts";
import type { Json } from "../../events/vocabulary.ts";
import { readRuns } from "../../commands/evaluate/bearing_runs.ts";
import { dataPath, readData, skipped } from "../support/data.ts";
import { type RunningTelltale, startTelltale } from "../support/telltale.ts";

const RUNS = "machines/pronostia/features.csv";
const HOUR = 3_600_000;
const START = Date.UTC(2025, 0, 1);
const AT_ONCE = 500;

Deno.test("a real bearing's life: alarm, prediction, failure, hit, and a new bearing", async () => {
  if (!await readData(`${RUNS}.gz`)) return skipped(`${RUNS}.gz`);
  const runs = await readRuns(dataPath(RUNS));
  const readings = runs.find(({ bearing }) => bearing === "Bearing1_1")?.readings ?? [];
  const telltale = await startTelltale();
  try {
    const say = await speakerTo(telltale);
    const messages = readings.flatMap(([hRms, hPeak, vRms, vPeak], hours) => [
      reading(hours, "H-Axis", hRms, hPeak),
      reading(hours, "V-Axis", vRms, vPeak),
    ]);
    await say.all("reading", messages);
    await caughtUp(telltale);
    const get = getterOf(telltale);

    const { alarms } = await get("/alarms?kind=machine&reason=trend&state=all");
    assert.ok(alarms.length >= 1, "it alarmed");
    assert.ok(alarms.every(({ reason }: Json) => reason === "trend:DE"));
    const open = alarms.filter(({ state }: Json) => state !== "cleared");
    assert.equal(open.length, 1);

    const health = await get(
      `/machines/P1/bearings/DE/health?from=2025-01-01T00:00:00Z&to=2026-01-01T00:00:00Z`,
    );
    assert.deepEqual([health.state, health.index, health.failure.code], ["failed", 1, "worn-out"]);
    const indexes = health.points.map(({ index }: { index: number }) => index);
    assert.deepEqual(indexes, indexes.toSorted((a: number, b: number) => a - b));
    assert.ok(indexes.length > 400 && indexes.length < 1_000, `${indexes.length} points`);
    const failedAt = Date.parse(health.failure.began_at);
    assert.ok(Date.parse(open[0].raised_at) < failedAt);
    assert.ok(Date.parse(health.worse_since) < failedAt);

    const { predictions } = await get("/predictions?kind=machine&id=P1&state=all");
    const hits = predictions.filter(({ outcome }: Json) => outcome === "hit");
    assert.equal(hits.length, 1, JSON.stringify(predictions));
    const [hit] = hits;
    assert.equal(hit.part, "DE");
    assert.equal(hit.model, "bearing-wear-1");
    assert.ok(hit.lead_time_hours > 10 && hit.lead_time_hours <= 168, hit.lead_time_hours);
    assert.equal(hit.failure_at, health.failure.began_at);
    assert.match(hit.recommendation.action, /Bearing "DE" vibrates/);
    assert.deepEqual(hit.factors.map(({ feature }: Json) => feature), [
      "vibration_growth",
      "age_hours",
    ]);
    assert.ok(predictions.every(({ outcome }: Json) => outcome !== "miss"));

    const board = await get(
      "/predictions/scoreboard?kind=machine&from=2025-01-01T00:00:00Z&to=2026-01-01T00:00:00Z",
    );
    assert.equal(board.totals.hits, 1);
    assert.equal(board.totals.misses, 0);
    assert.equal(board.totals.recall, 1);

    await renew(telltale);
    await say.all("reading", [reading(readings.length, "H-Axis", 0.4, 1.6)]);
    await caughtUp(telltale);
    const after = await get("/machines/P1/bearings/DE/health");
    assert.deepEqual([after.state, after.index, after.failure], ["learning", 0, null]);
    const left = await get("/alarms?kind=machine&reason=trend");
    assert.deepEqual(left.alarms, []);
    await say.close();
  } finally {
    assert.equal(await telltale.stop(), 0);
  }
});

function reading(hours: number, axis: string, rms = 0, peak = 0): Json {
  return {
    _id: `${axis}${hours}`,
    timestamp: new Date(START + hours * HOUR).toISOString(),
    bearingId: "DE",
    Axis_Id: axis,
    acceleration: { rms, peak },
  };
}

async function speakerTo({ natsUrl }: RunningTelltale) {
  const connection = await connectBus(natsUrl, "test");
  const publisher = createPublisher(connection);
  const encoder = new TextEncoder();
  return {
    async all(message: string, bodies: readonly Json[]): Promise<void> {
      for (let at = 0; at < bodies.length; at += AT_ONCE) {
        await Promise.all(
          bodies.slice(at, at + AT_ONCE).map((body) =>
            publisher.publish(
              `devices.machine.P1.${message}`,
              encoder.encode(JSON.stringify(body)),
            )
          ),
        );
      }
    },
    close: () => connection.close(),
  };
}

function getterOf({ url }: RunningTelltale) {
  // deno-lint-ignore no-explicit-any -- JSON is any
  return async (path: string): Promise<any> => {
    const response = await fetch(`${url}/api/v1${path}`);
    const text = await response.text();
    assert.equal(response.status, 200, `GET ${path}: ${text}`);
    return JSON.parse(text);
  };
}

async function renew({ url }: RunningTelltale): Promise<void> {
  const response = await fetch(`${url}/api/v1/devices/machine/P1/commands`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ command: "RenewPart", part: "DE", by: "anna" }),
  });
  const { outcome, events } = await response.json();
  assert.equal(outcome, "recorded");
  assert.deepEqual(events.map(({ type }: Json) => type), ["PartRenewed", "AlarmCleared"]);
}

async function caughtUp(telltale: RunningTelltale): Promise<void> {
  const get = getterOf(telltale);
  const deadline = performance.now() + 60_000;
  for (;;) {
    const { partitions, projections } = await get("/stats");
    if ([...partitions, ...projections].every(({ lag }) => lag === 0)) return;
    assert.ok(performance.now() < deadline, JSON.stringify({ partitions, projections }));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
