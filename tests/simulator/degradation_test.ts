import assert from "node:assert/strict";
import { createDegradation, createOracle, PARTS, PHASES } from "../../simulator/degradation.ts";
import { HOUR_MS } from "../../simulator/rhythm.ts";

const DAY_HOURS = 24;
const SOUND = PARTS.map(() => 0);

/** Whether each of many ATMs, hour by hour in service, broke down within four hours of it. */
function watch(atms: number, days: number): { phases: readonly number[]; failed: boolean }[] {
  return Array.from({ length: atms }, (_, index) => {
    const degradation = createDegradation(`watched ${index}`, { startAt: 0, tempo: 1 });
    const hours: { at: number; phases: readonly number[] }[] = [];
    const breakdowns = new Set<number>();
    for (let at = 0; at < days * DAY_HOURS * HOUR_MS; at += HOUR_MS) {
      degradation.advance(at);
      if (degradation.breakdown) breakdowns.add(degradation.breakdown.from);
      else hours.push({ at, phases: [...degradation.phases] });
    }
    return hours.slice(0, -5).map(({ at, phases }) => ({
      phases,
      failed: [...breakdowns].some((from) => from > at && from <= at + 4 * HOUR_MS),
    }));
  }).flat();
}

Deno.test("the oracle's probabilities are those with which ATMs do break down", () => {
  const oracle = createOracle(4);
  const seen = watch(300, 60);
  const bands = Map.groupBy(seen, ({ phases }) => Math.floor(5 * oracle(phases)));
  for (const [band, own] of bands) {
    const foretold = own.reduce((sum, { phases }) => sum + oracle(phases), 0) / own.length;
    const failed = own.filter(({ failed }) => failed).length / own.length;
    // Hours of one ATM hang together: some twenty of them are worth one.
    const error = Math.sqrt(20 * foretold * (1 - foretold) / own.length);
    assert.ok(
      Math.abs(foretold - failed) < 4 * error,
      `${own.length} hours at ${foretold.toFixed(3)} (band ${band}): failed ${failed.toFixed(3)}`,
    );
  }
  assert.ok(bands.size >= 4, "never more than a little danger");
});

Deno.test("the chance to fail grows with the phase, with the hours, and with every part", () => {
  const oracle = createOracle(4);
  const later = createOracle(12);
  for (let phase = 0; phase + 1 < PHASES; phase++) {
    const [, ...others] = SOUND;
    assert.ok(oracle([phase, ...others]) < oracle([phase + 1, ...others]));
    assert.ok(oracle([phase, ...others]) < later([phase, ...others]));
  }
  assert.ok(oracle([3, 3, 0, 0, 0]) > oracle([3, 0, 0, 0, 0]));
  assert.ok(createOracle(700)([4, 0, 0, 0, 0]) > 0.9999);
  assert.throws(() => createOracle(1e6), RangeError);
  assert.equal(createOracle(0)([4, 4, 4, 4, 4]), 0);
});

Deno.test("phases of decay come hours before a failure, and most of them pass", () => {
  const seen = watch(100, 60);
  const before = seen.filter(({ failed }) => failed);
  const decayed = before.filter(({ phases }) => phases.some((phase) => phase >= 2));
  assert.ok(decayed.length > 0.75 * before.length, "failures come out of nothing");
  assert.ok(decayed.length < before.length, "no failure comes out of nothing");
  const starts = seen.filter(({ phases }) => phases.some((phase) => phase >= 1));
  assert.ok(before.length < 0.5 * starts.length, "no false start");
});

Deno.test("what is hidden does not depend on how often it is looked at", () => {
  const [often, seldom] = [1, 1].map(() => createDegradation("a", { startAt: 0, tempo: 1 }));
  for (let hour = 1; hour < 2000; hour++) {
    for (let part = 0; part < 10; part++) often?.advance((hour - 1 + part / 10) * HOUR_MS);
    often?.advance(hour * HOUR_MS);
    seldom?.advance(hour * HOUR_MS);
    assert.deepEqual(often?.phases, seldom?.phases);
    assert.deepEqual(often?.breakdown, seldom?.breakdown);
  }
});

Deno.test("a technician leaves every part sound, two to four hours after the failure", () => {
  let breakdowns = 0;
  for (let index = 0; index < 50; index++) {
    const degradation = createDegradation(`served ${index}`, { startAt: 0, tempo: 1 });
    for (let at = 0; at < 30 * DAY_HOURS * HOUR_MS; at += HOUR_MS) {
      degradation.advance(at);
      const { breakdown } = degradation;
      if (!breakdown) continue;
      breakdowns++;
      const waited = (breakdown.serviceFrom - breakdown.from) / HOUR_MS;
      assert.ok(waited > 2 && waited < 4, `${waited} h`);
      degradation.advance(at = breakdown.until);
      assert.deepEqual(degradation.phases, SOUND);
    }
  }
  assert.ok(breakdowns > 50, `only ${breakdowns} breakdowns`);
});
