import assert from "node:assert/strict";
import {
  type Calibration,
  fitIsotonic,
  fitPlatt,
  probabilityOf,
  sigmoid,
} from "../../models/calibration.ts";
import { calibrationError, logLoss } from "../../models/metrics.ts";
import { seeded } from "../../models/random.ts";

/** Margins whose true probability is known; `truth` bends what a model says into what happens. */
function outcomes(count: number, truth: (margin: number) => number, seed: number) {
  const uniform = seeded(seed);
  const margins = Float64Array.from({ length: count }, () => 8 * uniform() - 6);
  const labels = Uint8Array.from(margins, (margin) => Number(uniform() < truth(margin)));
  return { margins, labels };
}

const overconfident = (margin: number) => sigmoid(0.4 * margin - 1);
const stepped = (margin: number) => margin < -2 ? 0.05 : margin < 0.5 ? 0.3 : 0.8;

function claims(margins: Float64Array, calibration: Calibration): Float64Array {
  return margins.map((margin) => probabilityOf(margin, calibration));
}

Deno.test("Platt's curve finds the slope and offset that made the outcomes", () => {
  const { margins, labels } = outcomes(50_000, overconfident, 1);
  const fitted = fitPlatt(margins, labels);
  assert.equal(fitted.kind, "platt");
  if (fitted.kind !== "platt") return;
  assert.ok(Math.abs(fitted.slope - 0.4) < 0.02, `slope ${fitted.slope}`);
  assert.ok(Math.abs(fitted.offset + 1) < 0.05, `offset ${fitted.offset}`);
});

Deno.test("no other slope or offset nearby fits better", () => {
  const { margins, labels } = outcomes(5_000, overconfident, 2);
  const fitted = fitPlatt(margins, labels);
  if (fitted.kind !== "platt") throw new Error("not Platt's");
  const loss = logLoss(claims(margins, fitted), labels);
  for (const [slope, offset] of [[0.05, 0], [-0.05, 0], [0, 0.1], [0, -0.1]] as const) {
    const other: Calibration = {
      ...fitted,
      slope: fitted.slope + slope,
      offset: fitted.offset + offset,
    };
    assert.ok(logLoss(claims(margins, other), labels) > loss);
  }
});

Deno.test("both ways make claims come true on rows they have not seen", () => {
  for (const [truth, fit] of [[overconfident, fitPlatt], [stepped, fitIsotonic]] as const) {
    const { margins, labels } = outcomes(10_000, truth, 3);
    const others = outcomes(20_000, truth, 4);
    const before = calibrationError(claims(others.margins, { kind: "none" }), others.labels);
    const after = calibrationError(claims(others.margins, fit(margins, labels)), others.labels);
    assert.ok(before > 0.04 && after < 0.02, `${before} → ${after}`);
  }
});

Deno.test("isotonic claims never fall as the margin rises, and are never certain", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { margins, labels } = outcomes(30 * seed, stepped, seed);
    const fitted = fitIsotonic(margins, labels);
    if (fitted.kind !== "isotonic") throw new Error("not isotonic");
    fitted.margins.slice(1).forEach((margin, i) => assert.ok(margin > (fitted.margins[i] ?? NaN)));
    const grid = Float64Array.from({ length: 500 }, (_, i) => i / 20 - 15);
    const claimed = claims(grid, fitted);
    claimed.forEach((claim, i) => {
      assert.ok(claim > 0 && claim < 1);
      assert.ok(i === 0 || claim >= (claimed[i - 1] as number) - 1e-12);
    });
  }
});

Deno.test("few rows, equal margins and outcomes that are all the same are no obstacle", () => {
  const all = { margins: new Float64Array(50).fill(2), labels: new Uint8Array(50).fill(1) };
  const few = { margins: Float64Array.of(1, -1), labels: Uint8Array.of(1, 0) };
  const apart = outcomes(200, (margin) => Number(margin > 0), 5);
  for (const { margins, labels } of [all, few, apart]) {
    for (const fit of [fitPlatt, fitIsotonic]) {
      const claimed = claims(margins, fit(margins, labels));
      assert.ok(claimed.every((claim) => claim > 0 && claim < 1), `${claimed.slice(0, 5)}`);
    }
  }
});
