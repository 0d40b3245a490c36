/** The sensor platform's contract, line by line. */
import assert from "node:assert/strict";
import { BusUnavailableError } from "../../events/bus/publisher.ts";
import { noteAlive } from "../../events/log/runs.ts";
import type { Fact } from "../projections/log.ts";
import { NOW, posted, type Stage, withStage } from "./stage.ts";

const API = "/api/v1";
const MINUTE = 60_000;

function iso(at: number): string {
  return new Date(at).toISOString();
}

/** A reading as its actor leaves it. */
function scored(
  sensor: string,
  minutesAgo: number,
  { value = 20, score = 0.1, anomaly = false, type = "temperature", location = "Hall A" } = {},
): Fact {
  return {
    stream: `sensor-${sensor}`,
    type: "ReadingReported",
    data: { sensor_id: sensor, sensor_type: type, value, unit: "°C", location },
    occurredAt: NOW - minutesAgo * MINUTE,
    metadata: { score, ...(anomaly ? { anomaly: true } : {}) },
  };
}

function detected(sensor: string, minutesAgo: number, episode: number, score: number): Fact {
  const severity = score >= 0.9
    ? "critical"
    : score >= 0.8
    ? "high"
    : score >= 0.6
    ? "medium"
    : "low";
  const at = NOW - minutesAgo * MINUTE;
  return {
    stream: `sensor-${sensor}`,
    type: "AnomalyDetected",
    data: {
      episode,
      startedAt: iso(at),
      value: 58.2,
      score,
      threshold: 0.5,
      severity,
      expected: 21.4,
      lower: 20.1,
      upper: 22.9,
      reason: "58.2 is far above what was expected",
      detectors: [{ name: "spike", score, reason: "58.2 is far above what was expected" }],
    },
    occurredAt: at,
  };
}

/** The bus takes every reading, and its actor finds the score given. */
function answerWith(stage: Stage, noted: { score: number; anomaly?: true }): void {
  stage.answer = ({ subject }) => {
    const stream = `sensor-${subject.split(".")[2]}`;
    const place = { stream, partition: 0, occurredAt: NOW - 1 };
    const events = [
      { type: "DeviceRegistered", version: 0, offset: 0, ...place },
      { type: "ReadingReported", version: 1, offset: 0, ...place, ...noted },
    ];
    const answer = { outcome: "recorded" as const, events };
    return Promise.resolve({ sequence: 1, duplicate: false, answer });
  };
}

const READING = {
  sensor_id: "S1",
  sensor_type: "temperature",
  value: 21.5,
  unit: "°C",
  location: "Hall A",
  metadata: { batch: 7 },
};

Deno.test("a posted reading is answered as it was recorded and scored", () =>
  withStage(async (stage) => {
    answerWith(stage, { score: 0.8123, anomaly: true });
    const response = await stage.app.request(`${API}/sensors/data`, posted(READING));
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), {
      id: "S1@1",
      sensor_id: "S1",
      sensor_type: "temperature",
      timestamp: iso(NOW - 1),
      value: 21.5,
      unit: "°C",
      location: "Hall A",
      is_anomaly: true,
      anomaly_score: 0.8123,
    });
    const [sent] = stage.sent;
    assert.equal(sent?.subject, "devices.sensor.S1.reading");
    assert.deepEqual(JSON.parse(sent?.payload ?? ""), READING);
    assert.equal(sent?.options.waitForLog, true);
  }));

Deno.test("many readings are answered one by one, and a bad one harms no other", () =>
  withStage(async (stage) => {
    answerWith(stage, { score: 0.1 });
    const bad = [{ ...READING, value: "hot" }, null, { ...READING, timestamp: "yesterday" }];
    const many = [READING, ...bad, { ...READING, sensor_id: "S2" }];
    const response = await stage.app.request(`${API}/sensors/data`, posted(many));
    assert.equal(response.status, 200);
    const items = await response.json();
    assert.deepEqual(items.map(({ id }: { id?: string }) => id), [
      "S1@1",
      undefined,
      undefined,
      undefined,
      "S2@1",
    ]);
    const codes = items.flatMap(({ error }: { error?: { code: string } }) => error?.code ?? []);
    assert.deepEqual(codes, ["invalid-request", "invalid-request", "bad-timestamp"]);
    assert.equal(stage.sent.length, 2);
    const none = await stage.app.request(`${API}/sensors/data`, posted([]));
    assert.deepEqual(await none.json(), []);
  }));

Deno.test("more than ten thousand readings at once are too many, as many are not", () =>
  withStage(async (stage) => {
    answerWith(stage, { score: 0 });
    const all = Array.from({ length: 10_001 }, () => READING);
    const refused = await stage.app.request(`${API}/sensors/data`, posted(all));
    assert.equal(refused.status, 413);
    assert.equal((await refused.json()).code, "too-many-items");
    assert.equal(stage.sent.length, 0);
    const taken = await stage.app.request(`${API}/sensors/data`, posted(all.slice(1)));
    assert.equal((await taken.json()).length, 10_000);
  }));

const BAD_READINGS: readonly (readonly [why: string, body: unknown, status: number])[] = [
  ["not JSON", "{", 400],
  ["a bare NaN", '{"sensor_id":"S1","sensor_type":"t","unit":"C","value":NaN}', 400],
  ["nothing", "", 400],
  ["a number", 7, 422],
  ["null", "null", 422],
  ["no value", { ...READING, value: undefined }, 422],
  ["no sensor", { ...READING, sensor_id: undefined }, 422],
  ["no type", { ...READING, sensor_type: undefined }, 422],
  ["no unit", { ...READING, unit: undefined }, 422],
  ["a text for a value", { ...READING, value: "21.5" }, 422],
  ["an infinite value", '{"sensor_id":"S1","sensor_type":"t","unit":"C","value":1e999}', 422],
  ["a sensor's name of 51", { ...READING, sensor_id: "S".repeat(51) }, 422],
  ["a sensor's name with a dot", { ...READING, sensor_id: "S.1" }, 422],
  ["an empty name", { ...READING, sensor_id: "" }, 422],
  ["a type of 51", { ...READING, sensor_type: "t".repeat(51) }, 422],
  ["a unit of 21", { ...READING, unit: "u".repeat(21) }, 422],
  ["a location of 101", { ...READING, location: "l".repeat(101) }, 422],
  ["a day that is none", { ...READING, timestamp: "2026-02-30T00:00:00Z" }, 422],
  ["a day too far ahead", { ...READING, timestamp: "2039-01-01T00:00:00Z" }, 422],
];

Deno.test("a reading that is not one is refused with a reason, and nothing is published", () =>
  withStage(async (stage) => {
    for (const [why, body, status] of BAD_READINGS) {
      const response = await stage.app.request(`${API}/sensors/data`, posted(body));
      const problem = await response.json();
      assert.equal(response.status, status, `${why}: ${JSON.stringify(problem)}`);
      assert.equal(response.headers.get("content-type"), "application/problem+json", why);
      assert.ok(problem.detail.length > 5, why);
    }
    assert.equal(stage.sent.length, 0);
    assert.deepEqual(stage.reported, []);
  }));

Deno.test("readings at the limits of what is allowed are taken", () =>
  withStage(async (stage) => {
    answerWith(stage, { score: 0 });
    const widest = {
      sensor_id: "S".repeat(50),
      sensor_type: "t".repeat(50),
      unit: "u".repeat(20),
      location: "l".repeat(100),
      value: -Number.MAX_VALUE,
      timestamp: "2026-06-15T11:59:59.123456+00:00",
    };
    for (const body of [widest, { ...widest, location: null, unit: "" }]) {
      const response = await stage.app.request(`${API}/sensors/data`, posted(body));
      assert.equal(response.status, 200, await response.text());
    }
  }));

Deno.test("a number is a number however it is written, and goes on with every digit", () =>
  withStage(async (stage) => {
    answerWith(stage, { score: 0 });
    const numbers = ["1.2345678901234567e-05", "21.500000000000000000", "0.10000000000000000555"];
    for (const number of numbers) {
      const body = JSON.stringify(READING).replace("21.5", number);
      const response = await stage.app.request(`${API}/sensors/data`, posted(body));
      assert.equal((await response.json()).value, Number(number));
      assert.ok(stage.sent.at(-1)?.payload.includes(number));
    }
  }));

Deno.test("when the bus is away a reading is not lost in silence", () =>
  withStage(async (stage) => {
    stage.answer = () => Promise.reject(new BusUnavailableError("bus-unavailable", "It is away"));
    for (const body of [READING, [READING, READING]]) {
      const response = await stage.app.request(`${API}/sensors/data`, posted(body));
      assert.equal(response.status, 503);
      assert.equal(response.headers.get("retry-after"), "1");
    }
  }));

Deno.test("a reading sent again with its key is answered by the one that was recorded", () =>
  withStage(async (stage) => {
    await stage.record([{ ...scored("S1", 0), occurredAt: NOW - 5_000 }]);
    const answer = { outcome: "repeat" as const, events: [] };
    stage.answer = () => Promise.resolve({ sequence: 1, duplicate: true, answer });
    const body = { ...READING, value: 20, timestamp: iso(NOW - 5_000) };
    const again = await stage.app.request(
      `${API}/sensors/data`,
      posted(body, { "idempotency-key": "k" }),
    );
    assert.equal((await again.json()).id, "S1@0");
    const other = await stage.app.request(
      `${API}/sensors/data`,
      posted({ ...body, value: 99 }, { "idempotency-key": "k" }),
    );
    assert.equal(other.status, 409);
  }));

Deno.test("readings are listed the newest first, by sensor, type, place and time, page by page", () =>
  withStage(async (stage) => {
    await stage.record([
      scored("S1", 30, { value: 1 }),
      scored("S2", 20, { value: 2, type: "humidity", location: "Roof" }),
      scored("S1", 10, { value: 3, score: 0.9, anomaly: true }),
    ]);
    const values = async (query: string) => {
      const response = await stage.app.request(`${API}/sensors/data?${query}`);
      assert.equal(response.status, 200, query);
      return (await response.json()).map(({ value }: { value: number }) => value);
    };
    assert.deepEqual(await values(""), [3, 2, 1]);
    assert.deepEqual(await values("sensor_id=S1"), [3, 1]);
    assert.deepEqual(await values("sensor_type=humidity"), [2]);
    assert.deepEqual(await values("location=Roof"), [2]);
    assert.deepEqual(await values("location=Cellar"), []);
    assert.deepEqual(await values(`start=${iso(NOW - 20 * MINUTE)}`), [3, 2]);
    assert.deepEqual(await values(`end=${iso(NOW - 20 * MINUTE)}`), [2, 1]);
    assert.deepEqual(await values("limit=1&offset=1"), [2]);
    assert.deepEqual(await values("limit=10000&offset=3"), []);
    const [newest] = await (await stage.app.request(`${API}/sensors/data?limit=1`)).json();
    assert.deepEqual([newest.is_anomaly, newest.anomaly_score, newest.id], [true, 0.9, "S1@1"]);
  }));

Deno.test("nonsense in a question is refused with 422", () =>
  withStage(async (stage) => {
    const questions = [
      "sensors/data?limit=0",
      "sensors/data?limit=10001",
      "sensors/data?limit=-1",
      "sensors/data?limit=ten",
      "sensors/data?offset=-1",
      "sensors/data?offset=1e9",
      "sensors/data?start=yesterday",
      "sensors/data?sensor_id=a.b",
      `sensors/data?start=${iso(NOW)}&end=${iso(NOW - 1)}`,
      "sensors/alerts?severity=terrible",
      "sensors/alerts?resolved=maybe",
      "sensors/alerts?limit=0",
      "monitoring/sensors/status?limit=0",
      "monitoring/sensors/status?cursor=zzz",
    ];
    for (const question of questions) {
      const response = await stage.app.request(`${API}/${question}`);
      assert.equal(response.status, 422, question);
      await response.body?.cancel();
    }
    assert.deepEqual(stage.reported, []);
  }));

Deno.test("the latest reading of a sensor is its newest by its own clock; 404 for none", () =>
  withStage(async (stage) => {
    await stage.record([scored("S1", 5, { value: 1 }), scored("S1", 50, { value: 2 })]);
    const latest = await stage.app.request(`${API}/sensors/data/S1/latest`);
    assert.equal((await latest.json()).value, 1);
    const none = await stage.app.request(`${API}/sensors/data/S9/latest`);
    assert.equal(none.status, 404);
    assert.equal((await none.json()).code, "sensor-unknown");
  }));

Deno.test("alerts are listed by sensor, severity and whether they are resolved", () =>
  withStage(async (stage) => {
    await stage.record([
      detected("S1", 40, 1, 0.55),
      detected("S1", 30, 2, 0.65),
      detected("S2", 20, 1, 0.85),
      detected("S2", 10, 2, 0.95),
      {
        stream: "sensor-S1",
        type: "AnomalyResolved",
        data: { episode: 1, by: "Ada" },
        occurredAt: NOW,
      },
    ]);
    const ids = async (query: string) => {
      const response = await stage.app.request(`${API}/sensors/alerts?${query}`);
      return (await response.json()).map(({ id }: { id: string }) => id);
    };
    assert.deepEqual(await ids(""), ["S2.2", "S2.1", "S1.2", "S1.1"]);
    assert.deepEqual(await ids("severity=low"), ["S1.1"]);
    assert.deepEqual(await ids("severity=medium"), ["S1.2"]);
    assert.deepEqual(await ids("severity=high"), ["S2.1"]);
    assert.deepEqual(await ids("severity=critical"), ["S2.2"]);
    assert.deepEqual(await ids("sensor_id=S1&resolved=true"), ["S1.1"]);
    assert.deepEqual(await ids("resolved=false&limit=1&offset=1"), ["S2.1"]);
    const [alert] = await (await stage.app.request(`${API}/sensors/alerts?severity=low`)).json();
    assert.deepEqual(alert, {
      id: "S1.1",
      sensor_id: "S1",
      alert_type: "spike",
      severity: "low",
      message: "58.2 is far above what was expected",
      anomaly_score: 0.55,
      sensor_value: 58.2,
      threshold: 0.5,
      timestamp: iso(NOW - 40 * MINUTE),
      peak_at: iso(NOW - 40 * MINUTE),
      last_at: iso(NOW - 40 * MINUTE),
      ended_at: null,
      detections: 1,
      resolved: true,
      resolved_at: iso(NOW),
      resolved_by: "Ada",
    });
  }));

Deno.test("resolving an alert is an order to its sensor; of an unknown one it is 404", () =>
  withStage(async (stage) => {
    await stage.record([detected("S1", 40, 1, 0.55)]);
    stage.answer = async ({ payload }) => {
      const { command, episode, by } = JSON.parse(payload);
      assert.equal(command, "ResolveAnomaly");
      const [event] = await stage.record([{
        stream: "sensor-S1",
        type: "AnomalyResolved",
        data: { episode, by },
        occurredAt: NOW,
      }]);
      assert.ok(event);
      const events = [event];
      return { sequence: 1, duplicate: false, answer: { outcome: "recorded", events } };
    };
    const path = `${API}/sensors/alerts/S1.1/resolve`;
    const response = await stage.app.request(path, { method: "POST" });
    assert.equal(response.status, 200);
    const alert = await response.json();
    assert.deepEqual([alert.resolved, alert.resolved_at], [true, iso(NOW)]);
    assert.equal(stage.sent[0]?.subject, "devices.sensor.S1.command");
    await (await stage.app.request(path, posted({ by: "Ada" }))).body?.cancel();
    const whom = stage.sent.map(({ payload }) => JSON.parse(payload).by);
    assert.deepEqual(whom, ["operator", "Ada"]);
    for (const id of ["S1.2", "S9.1", "nonsense", "S1.0", "%00.1"]) {
      const none = await stage.app.request(`${API}/sensors/alerts/${id}/resolve`, {
        method: "POST",
      });
      assert.equal(none.status, 404, id);
      await none.body?.cancel();
    }
  }));

Deno.test("an anomaly is explained: what was found by whom, and the readings around it", () =>
  withStage(async (stage) => {
    await stage.record([
      ...Array.from({ length: 80 }, (_, i) => scored("S1", 100 - i, { value: i })),
      scored("S1", 20, { value: 58.2, score: 0.95, anomaly: true }),
      detected("S1", 20, 1, 0.95),
      scored("S1", 19, { value: 59 }),
      scored("S2", 20, { value: -1 }),
    ]);
    const response = await stage.app.request(`${API}/anomalies/S1.1`);
    assert.equal(response.status, 200);
    const { findings, readings, severity } = await response.json();
    assert.equal(severity, "critical");
    assert.deepEqual(findings, [{
      timestamp: iso(NOW - 20 * MINUTE),
      value: 58.2,
      score: 0.95,
      threshold: 0.5,
      severity: "critical",
      expected: 21.4,
      lower: 20.1,
      upper: 22.9,
      reason: "58.2 is far above what was expected",
      detectors: [{ name: "spike", score: 0.95, reason: "58.2 is far above what was expected" }],
    }]);
    const values = (list: { value: number }[]) => list.map(({ value }) => value);
    assert.deepEqual(values(readings.before), Array.from({ length: 50 }, (_, i) => 30 + i));
    assert.deepEqual(values(readings.within), [58.2]);
    assert.deepEqual(values(readings.after), [59]);
    assert.equal((await stage.app.request(`${API}/anomalies/S1.2`)).status, 404);
  }));

Deno.test("monitoring counts readings, anomalies and sensors, and measures uptime", () =>
  withStage(async (stage) => {
    const { sql } = stage.deps;
    const empty = await (await stage.app.request(`${API}/monitoring/stats`)).json();
    assert.deepEqual([empty.total_data_points, empty.anomaly_rate_percent], [0, 0]);
    await stage.record([
      { ...scored("S1", 10), recordedAt: NOW - 10 * MINUTE },
      { ...scored("S1", 5, { anomaly: true }), recordedAt: NOW - 5 * MINUTE },
      { ...scored("S2", 3_000, { anomaly: true }), recordedAt: NOW - 3_000 * MINUTE },
      { ...scored("S3", 90), recordedAt: NOW - 90 * MINUTE },
    ]);
    // Up for six hours, away for three, and up again for one.
    const hour = 60 * MINUTE;
    const first = crypto.randomUUID();
    await noteAlive(sql, first, NOW - 10 * hour);
    await noteAlive(sql, first, NOW - 4 * hour);
    const second = crypto.randomUUID();
    await noteAlive(sql, second, NOW - hour);
    await noteAlive(sql, second, NOW);
    const stats = await (await stage.app.request(`${API}/monitoring/stats`)).json();
    assert.deepEqual(stats, {
      total_data_points: 4,
      total_anomalies: 2,
      active_sensors: 2,
      recent_anomalies_24h: 1,
      anomaly_rate_percent: 50,
      platform_uptime_percent: 70,
      timestamp: iso(NOW),
    });
  }));

Deno.test("monitoring tells of every sensor whether it is healthy or stale", () =>
  withStage(async (stage) => {
    await stage.record([
      { ...scored("S1", 10, { value: 7, score: 0.4 }), recordedAt: NOW - 10 * MINUTE },
      { ...scored("S2", 60, { anomaly: true }), recordedAt: NOW - 60 * MINUTE },
    ]);
    const path = `${API}/monitoring/sensors/status`;
    const { sensors, total, next } = await (await stage.app.request(path)).json();
    assert.deepEqual([total, next], [2, null]);
    assert.deepEqual(sensors[0], {
      sensor_id: "S1",
      sensor_type: "temperature",
      location: "Hall A",
      status: "healthy",
      last_seen: iso(NOW - 10 * MINUTE),
      seconds_since_last_seen: 600,
      latest_value: 7,
      latest_timestamp: iso(NOW - 10 * MINUTE),
      unit: "°C",
      latest_is_anomaly: false,
      latest_anomaly_score: 0.4,
      total_readings: 1,
      anomaly_count: 0,
    });
    // 3600 seconds are no longer healthy.
    assert.deepEqual([sensors[1].status, sensors[1].anomaly_count], ["stale", 1]);
    const page = await (await stage.app.request(`${path}?limit=1`)).json();
    const rest = await (await stage.app.request(`${path}?limit=1&cursor=${page.next}`)).json();
    assert.deepEqual([page.sensors[0].sensor_id, rest.sensors[0].sensor_id], ["S1", "S2"]);
  }));

Deno.test("monitoring says how the platform is, and hands out its metrics by their names", () =>
  withStage(async (stage) => {
    const health = await stage.app.request(`${API}/monitoring/health`);
    assert.deepEqual([health.status, (await health.json()).status], [200, "healthy"]);
    await stage.record([scored("S1", 10), detected("S1", 10, 1, 0.95)]);
    answerWith(stage, { score: 0 });
    await (await stage.app.request(`${API}/sensors/data`, posted(READING))).body?.cancel();
    const response = await stage.app.request(`${API}/monitoring/metrics`);
    assert.match(response.headers.get("content-type") ?? "", /^text\/plain/);
    const text = await response.text();
    assert.match(text, /^sensor_data_total\{sensor_type="temperature"\} 1$/m);
    assert.match(text, /^anomalies_detected_total\{severity="critical"\} 1$/m);
    assert.match(text, /^data_processing_seconds_count 1$/m);
    assert.match(text, /^active_sensors_count \d$/m);
  }));

Deno.test("types of sensor that nobody bounds do not make metrics without bound", () =>
  withStage(async (stage) => {
    await stage.record(
      Array.from({ length: 200 }, (_, i) => scored("S1", i + 1, { type: `type ${i}` })),
    );
    const text = await (await stage.app.request("/metrics")).text();
    assert.equal(text.match(/^sensor_data_total\{/gm)?.length, 51);
    assert.match(text, /^sensor_data_total\{sensor_type="other"\} 150$/m);
  }));
