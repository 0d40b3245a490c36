import assert from "node:assert/strict";
import { ALARM, type Ensemble, ensemble, type Verdict } from "../../../models/detectors/mod.ts";
import { severityOf } from "../../../models/detectors/severity.ts";
import { daily, momentOf, noise } from "./series.ts";

function watch(values: readonly number[], watcher: Ensemble = ensemble.start()): Verdict[] {
  return values.map((value, row) => watcher.update(value, momentOf(row)));
}

Deno.test("the ensemble detects a reading far outside at once, and explains it", () => {
  const verdicts = watch([...daily(1500), 200]);
  const last = verdicts.at(-1);
  assert.ok(last?.isAnomaly);
  assert.ok(last.score >= last.threshold);
  assert.equal(last.severity, "critical");
  assert.match(last.reason, /^200 is far above all readings so far/);
  assert.ok(last.expected !== null && last.expected > 30 && last.expected < 70);
  assert.ok(last.lower !== null && last.upper !== null && last.upper < 200);
  const [surest] = last.detectors;
  assert.equal(surest?.name, "spike");
  assert.ok(last.detectors.some(({ name }) => name === "unfamiliar"));
});

Deno.test("the ensemble detects a day that is missing its rhythm", () => {
  const past = 14 * 288;
  const verdicts = watch([...daily(past), ...noise(288, { level: 50, deviation: 0.5 })]);
  const detected = verdicts.findIndex(({ isAnomaly }, row) => isAnomaly && row >= past);
  assert.ok(detected >= past && detected < past + 100, `${detected}`);
});

Deno.test("the ensemble gives no alarm while it learns", () => {
  const verdicts = watch([...noise(100), 1e6, ...noise(40)]);
  assert.ok(verdicts.every(({ isAnomaly }) => !isAnomaly));
});

Deno.test("the ensemble detects once what goes on, and again what comes after a calm", () => {
  const bump = Array(20).fill(40);
  const verdicts = watch([...noise(1000), ...bump, ...noise(400, { seed: "calm" }), ...bump]);
  const rows = verdicts.flatMap(({ isAnomaly }, row) => isAnomaly && row >= 1000 ? [row] : []);
  assert.equal(rows.filter((row) => row < 1048).length, 1);
  assert.equal(rows.filter((row) => row >= 1420).length, 1);
});

Deno.test("each of the four severities is a score away", () => {
  const severities = [0, 0.5, 0.59, 0.6, 0.79, 0.8, 0.89, 0.9, 1].map(severityOf);
  assert.deepEqual(severities, [
    "low",
    "low",
    "low",
    "medium",
    "medium",
    "high",
    "high",
    "critical",
    "critical",
  ]);
});

Deno.test("detections of all four severities occur", () => {
  const seen = new Set<string | undefined>();
  for (let series = 0; series < 60 && seen.size < 4; series++) {
    const past = noise(600, { seed: `severity ${series}` });
    const bump = noise(40, { level: 20 + series / 8, seed: `bump ${series}` });
    for (const { isAnomaly, severity } of watch([...past, ...bump])) {
      if (isAnomaly) seen.add(severity);
    }
  }
  assert.deepEqual([...seen].sort(), ["critical", "high", "low", "medium"]);
});

Deno.test("an ordinary reading has no severity and no reason", () => {
  const ordinary = watch(noise(1000)).filter(({ score }) => score < ALARM);
  assert.ok(ordinary.length > 800);
  assert.ok(ordinary.every(({ severity, reason }) => severity === undefined && reason === ""));
});

Deno.test("the ensemble says why with every anomaly", () => {
  const anomalies = watch([...daily(1500), ...noise(200, { level: 20, deviation: 5 })])
    .filter(({ score }) => score >= ALARM);
  assert.ok(anomalies.length > 0);
  assert.ok(anomalies.every(({ reason }) => reason !== ""));
});

Deno.test("the ensemble refuses what is no number", () => {
  const watcher = ensemble.start();
  assert.throws(() => watcher.update(NaN, 0), /Cannot judge NaN: expected a number/);
  assert.throws(() => watcher.update(Infinity, 0), RangeError);
  assert.equal(watcher.update(Number.MAX_VALUE, 0).isAnomaly, false);
});

Deno.test("what comes later changes no judgement", () => {
  const past = daily(900);
  const one = watch([...past, ...noise(50)]).slice(0, past.length);
  const other = watch([...past, ...Array(50).fill(1e9)]).slice(0, past.length);
  assert.deepEqual(one, other);
});
