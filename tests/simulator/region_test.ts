import assert from "node:assert/strict";
import { createRegion } from "../../simulator/region.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../simulator/rhythm.ts";
import { atmRegion, atmReports } from "../../simulator/truth.ts";

const START = Date.UTC(2026, 0, 1);
const WORLD = { seed: "regions", startAt: START, tempo: 1 };
const DAYS = 200;

function watch(region: string, atm: string, stepMs = 10 * MINUTE_MS) {
  const surroundingsOf = createRegion(WORLD, region, atm);
  const steps = Math.floor(DAYS * DAY_MS / stepMs);
  return Array.from({ length: steps }, (_, step) => surroundingsOf(START + step * stepMs));
}

Deno.test("the ATMs of a region meet the same heat and the same slow network, others do not", () => {
  const weatherOf = (region: string, atm: string) =>
    watch(region, atm).map(({ heat, latency, unstable }) => ({ heat, latency, unstable }));
  assert.deepEqual(weatherOf("MALL", "ATM-0001"), weatherOf("MALL", "ATM-0002"));
  assert.notDeepEqual(weatherOf("MALL", "ATM-0001"), weatherOf("AIRPORT", "ATM-0001"));
});

Deno.test("an outage of a region cuts most of its ATMs off, all at once", () => {
  const atms = Array.from({ length: 20 }, (_, index) => watch("MALL", `ATM-${index}`));
  const together = atms[0]?.map((_, step) => atms.filter((own) => own[step]?.cutOff).length) ?? [];
  const outages = together.filter((count) => count > 0);
  assert.ok(outages.length > 20, `${outages.length} times ten minutes`);
  const share = outages.reduce((sum, count) => sum + count, 0) / outages.length / atms.length;
  assert.ok(share > 0.8 && share < 1, `${share} of them are cut off`);
});

Deno.test("what befalls a region does not depend on how often it is looked at", () => {
  const often = watch("MALL", "ATM-0001");
  const seldom = watch("MALL", "ATM-0001", HOUR_MS);
  assert.deepEqual(seldom, often.filter((_, step) => step % 6 === 0));
});

Deno.test("hot days come slowly, last less than two days, and are three to eight degrees", () => {
  const heats = watch("MALL", "ATM-0001").map(({ heat }) => heat);
  const most = Math.max(...heats);
  assert.ok(most > 3 && most <= 8, `${most} °C`);
  const steps = heats.slice(1).map((heat, step) => Math.abs(heat - (heats[step] ?? 0)));
  assert.ok(Math.max(...steps) < 0.5, "in one step");
  const hot = heats.filter((heat) => heat > 0).length / heats.length;
  assert.ok(hot > 0.02 && hot < 0.25, `${hot} of the time`);
});

Deno.test("heat and slow networks of a region are in its ATMs' reports", () => {
  const index = Array.from({ length: 20 }, (_, index) => index)
    .find((index) => atmRegion(WORLD, index) === "MALL") ?? -1;
  assert.ok(index >= 0, "no ATM in a mall");
  const surroundingsOf = createRegion(WORLD, "MALL", `ATM-${String(index + 1).padStart(4, "0")}`);
  const hot: number[] = [];
  const mild: number[] = [];
  const options = { everyMs: 10 * MINUTE_MS, until: START + 60 * DAY_MS };
  for (const { at, data } of atmReports(WORLD, index, options)) {
    const { heat, cutOff } = surroundingsOf(at);
    (heat > 2 ? hot : mild).push(Number(data.temperature_celsius));
    if (cutOff && data.status !== "maintenance" && data.error_code === undefined) {
      assert.fail("cut off, and says nothing of it");
    }
  }
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  assert.ok(hot.length > 50 && mean(hot) > mean(mild) + 1.5, `${mean(hot)}, ${mean(mild)}`);
});
