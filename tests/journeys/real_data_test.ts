/**
 * Real polls and a real sensor's series go in through NATS and come out over HTTP, checked against
 * sums made here in another way: from the digits of the text, in whole microseconds and in whole
 * units of the last decimal, without a date or a floating-point number in between.
 */
import assert from "node:assert/strict";
import { connectBus } from "../../events/bus/connection.ts";
import { createPublisher } from "../../events/bus/jetstream_publisher.ts";
import { readData, skipped } from "../support/data.ts";
import { type RunningTelltale, startTelltale } from "../support/telltale.ts";

const POLLS = "stores/polls_real_9999.csv";
const SERIES = "series/nab/data/realKnownCause/machine_temperature_system_failure.csv.gz";
const UNDER_WAY_MAX = 500;

type Row = Record<string, string>;

Deno.test("real polls and a real series give the uptime and the trend that their text gives", async () => {
  const [polls, series] = await Promise.all([readData(POLLS), readData(SERIES)]);
  if (!polls) return skipped(POLLS);
  if (!series) return skipped(SERIES);

  const telltale = await startTelltale();
  try {
    await publish(telltale.natsUrl, [
      ...polls.map((row) => ({
        subject: `devices.store.${row.store_id}.status`,
        body: { timestamp: row.timestamp_utc, status: row.status },
      })),
      ...series.map((row) => ({
        subject: "devices.sensor.nab-machine-temperature.reading",
        body: { timestamp: row.timestamp, value: Number(row.value) },
      })),
    ]);
    await caughtUp(telltale, polls.length + series.length);
    await checkCounts(telltale, polls, series);
    await checkStores(telltale, polls);
    await checkTrend(telltale, series);
  } finally {
    assert.equal(await telltale.stop(), 0);
  }
});

async function publish(
  url: string,
  messages: readonly { subject: string; body: unknown }[],
): Promise<void> {
  const connection = await connectBus(url, "test");
  try {
    const publisher = createPublisher(connection);
    const encoder = new TextEncoder();
    for (let at = 0; at < messages.length; at += UNDER_WAY_MAX) {
      await Promise.all(
        messages.slice(at, at + UNDER_WAY_MAX).map(({ subject, body }) =>
          publisher.publish(subject, encoder.encode(JSON.stringify(body)))
        ),
      );
    }
  } finally {
    await connection.close();
  }
}

async function get<Body>({ url }: RunningTelltale, path: string): Promise<Body> {
  const response = await fetch(`${url}/api/v1${path}`);
  const text = await response.text();
  assert.equal(response.status, 200, `GET ${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}

interface Stats {
  events: number;
  quarantined: number;
  devices: Record<string, number>;
  partitions: { lag: number; broker_sequence: number }[];
  projections: { name: string; lag: number }[];
}

async function caughtUp(telltale: RunningTelltale, messages: number): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (true) {
    const { partitions, projections } = await get<Stats>(telltale, "/stats");
    const taken = partitions.reduce((sum, { broker_sequence: last }) => sum + last, 0);
    if (taken >= messages && [...partitions, ...projections].every(({ lag }) => lag === 0)) return;
    assert.ok(
      performance.now() < deadline,
      `behind: ${JSON.stringify({ partitions, projections })}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function checkCounts(telltale: RunningTelltale, polls: Row[], series: Row[]): Promise<void> {
  const { devices, quarantined } = await get<Stats>(telltale, "/stats");
  assert.equal(quarantined, 0);
  assert.equal(devices.store, new Set(polls.map(({ store_id: id }) => id)).size);
  const sensor = await get<{ reports: number; latest: { value: number } }>(
    telltale,
    "/devices/sensor/nab-machine-temperature",
  );
  assert.equal(sensor.reports, series.length);
  assert.equal(sensor.latest.value, Number(series.at(-1)?.value));
}

const FROM = "2023-01-18 00:00:00 UTC";
const TO = "2023-01-26 00:00:00 UTC";
const STALE_SECONDS = 6 * 3600;

/** The stores with most to say, and every store that was ever found inactive. */
async function checkStores(telltale: RunningTelltale, polls: Row[]): Promise<void> {
  const byStore = Map.groupBy(polls, ({ store_id: id }) => id ?? "");
  const chosen = [...byStore].filter(([, own]) =>
    own.length >= 5 || own.some(({ status }) => status === "inactive")
  );
  assert.ok(chosen.length > 50);
  for (const [id, own] of chosen) {
    for (const staleSeconds of [undefined, STALE_SECONDS]) {
      const query = new URLSearchParams({ from: FROM, to: TO });
      if (staleSeconds !== undefined) query.set("staleness_seconds", String(staleSeconds));
      const answer = await get<Record<string, number>>(
        telltale,
        `/devices/store/${id}/availability?${query}`,
      );
      const expected = availabilityOf(own, staleSeconds);
      for (const name of ["uptime", "downtime", "unknown"] as const) {
        const seconds = Number(expected[name]) / 1e6;
        assert.ok(
          Math.abs((answer[`${name}_seconds`] ?? NaN) - seconds) < 0.001,
          `${name} of store ${id}, staleness ${staleSeconds}: expected ${seconds}, got ${
            JSON.stringify(answer)
          }`,
        );
      }
    }
  }
}

function availabilityOf(
  polls: Row[],
  staleSeconds: number | undefined,
): { uptime: bigint; downtime: bigint; unknown: bigint } {
  const [from, to] = [micros(FROM), micros(TO)];
  const statusAt = new Map<bigint, string>();
  for (const { timestamp_utc: text = "", status = "" } of polls) {
    const at = micros(text);
    if (statusAt.get(at) !== "inactive") statusAt.set(at, status);
  }
  const moments = [...statusAt.keys()].sort((a, b) => (a < b ? -1 : 1));
  const total = { uptime: 0n, downtime: 0n, unknown: 0n };
  function add(name: keyof typeof total, begin: bigint, end: bigint): void {
    const [a, b] = [begin < from ? from : begin, end > to ? to : end];
    if (b > a) total[name] += b - a;
  }
  // Farther than this from any poll, before or after it, nothing is known.
  const stale = staleSeconds === undefined ? to - from : BigInt(staleSeconds) * 1_000_000n;
  for (const [index, at] of moments.entries()) {
    const name = statusAt.get(at) === "active" ? "uptime" : "downtime";
    const next = moments[index + 1];
    if (index === 0) {
      add("unknown", from, at - stale);
      add(name, at - stale, at);
    }
    const end = next !== undefined && next < at + stale ? next : at + stale;
    const resumed = next === undefined ? to : end > next - stale ? end : next - stale;
    add(name, at, end);
    add("unknown", end, resumed);
    if (next !== undefined) add(name, resumed, next);
  }
  return total;
}

/** Microseconds into the month, from the digits alone: all polls are of one January. */
function micros(text: string): bigint {
  const match = /^2023-01-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))? UTC$/.exec(text);
  assert.ok(match, `a poll of January 2023, not "${text}"`);
  const [, day, hour, minute, second, fraction = ""] = match;
  const seconds = ((Number(day) * 24 + Number(hour)) * 60 + Number(minute)) * 60 + Number(second);
  return BigInt(seconds) * 1_000_000n + BigInt(fraction.padEnd(6, "0"));
}

interface Point {
  at: string;
  count: number;
  mean: number;
  min: number;
  max: number;
  last: number;
}

async function checkTrend(telltale: RunningTelltale, series: Row[]): Promise<void> {
  const query = new URLSearchParams({
    metric: "value",
    resolution: "hour",
    from: "2013-12-01T00:00:00Z",
    to: "2014-03-01T00:00:00Z",
    limit: "10000",
  });
  const { points } = await get<{ points: Point[] }>(
    telltale,
    `/devices/sensor/nab-machine-temperature/trends?${query}`,
  );
  const hours = Map.groupBy(series, ({ timestamp = "" }) => timestamp.slice(0, 13));
  const expected = [...hours].sort(([a], [b]) => (a < b ? -1 : 1));
  assert.equal(points.length, expected.length);
  for (const [index, [hour, rows]] of expected.entries()) {
    const point = points[index];
    assert.ok(point);
    const sorted = rows.map(({ value = "" }) => value)
      .sort((a, b) => (digits(a) < digits(b) ? -1 : 1));
    const sum = sorted.reduce((total, value) => total + digits(value), 0n);
    assert.equal(point.at.slice(0, 13).replace("T", " "), hour);
    assert.equal(point.count, rows.length);
    assert.equal(point.min, Number(sorted[0]));
    assert.equal(point.max, Number(sorted.at(-1)));
    const mean = Number(sum) / SCALE / rows.length;
    assert.ok(Math.abs(point.mean - mean) < 1e-9, `mean of ${hour}: ${point.mean}, not ${mean}`);
    const newest = rows.reduce((a, b) => ((b.timestamp ?? "") >= (a.timestamp ?? "") ? b : a));
    assert.equal(point.last, Number(newest.value));
  }
}

const DECIMALS = 20;
const SCALE = 10 ** DECIMALS;

/** "73.96732207" as a whole number of the smallest decimal. */
function digits(text: string): bigint {
  const [whole = "", fraction = ""] = text.split(".");
  assert.ok(fraction.length <= DECIMALS, `${text} has more than ${DECIMALS} decimals`);
  return BigInt(whole + fraction.padEnd(DECIMALS, "0"));
}
