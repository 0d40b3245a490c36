import assert from "node:assert/strict";
import { faultOrdersOf } from "../../../models/vibration/bearing.ts";
import { diagnose, type FaultyPart } from "../../../models/vibration/diagnosis.ts";
import { add, impacts, noise, sines } from "./waveforms.ts";

/** Eight balls of 9 mm on 40 mm, at 15°: BPFO 3.13, BPFI 4.87, BSF 2.12, FTF 0.39 per turn. */
const orders = faultOrdersOf({ balls: 8, ballDiameter: 9, pitchDiameter: 40, contactAngle: 15 });
const RATE_HZ = 25_600;
const RPM = 1_480;
const SHAFT_HZ = RPM / 60;

function fault(samples: Float64Array, rpm = RPM) {
  assert.ok(orders);
  return diagnose(samples, { sampleRateHz: RATE_HZ, rpm, orders });
}

function damaged(part: FaultyPart, { count = 51_200, amplitude = 4, slip = 0 } = {}) {
  assert.ok(orders);
  const hz = orders[part] * SHAFT_HZ * (1 + slip);
  const modulation = {
    inner: { modulationHz: SHAFT_HZ },
    ball: { modulationHz: orders.cage * SHAFT_HZ },
    outer: {},
    cage: {},
  }[part];
  const background = sines(count, RATE_HZ, [{ hz: SHAFT_HZ, amplitude: 1 }, {
    hz: 2 * SHAFT_HZ,
    amplitude: 0.5,
  }]);
  const ringing = impacts(count, RATE_HZ, { hz, resonanceHz: 4_200, amplitude, ...modulation });
  return add(background, ringing, noise(count, 11));
}

for (const part of ["outer", "inner", "ball"] as const) {
  Deno.test(`impacts at the frequency of a damaged ${part} are named so`, () => {
    const found = fault(damaged(part));
    assert.equal(found?.name, part);
    assert.ok((found?.confidence ?? 0) > 0.6, `${found?.confidence}`);
    assert.equal(found?.evidence[0]?.part, part);
  });

  Deno.test(`${part}: within the slip of bearings, its frequency is found where it is`, () => {
    for (const slip of [-0.015, 0.015]) {
      const found = fault(damaged(part, { slip }));
      assert.equal(found?.name, part);
      const { foundHz = 0, expectedHz = 1 } = found?.evidence[0] ?? {};
      assert.ok(Math.abs(foundHz / expectedHz - 1 - slip) < 0.008, `${foundHz / expectedHz}`);
    }
  });
}

Deno.test("a race is recognised within a tenth of a second", () => {
  for (const part of ["outer", "inner"] as const) {
    assert.equal(fault(damaged(part, { count: 5_120, amplitude: 8 }))?.name, part);
  }
});

Deno.test("an inner race has side bands at the shaft's turns, and they are told", () => {
  const found = fault(damaged("inner"));
  const inner = found?.evidence.find(({ part }) => part === "inner");
  assert.ok((inner?.sideBandsDb ?? 0) > 3, `${inner?.sideBandsDb}`);
});

Deno.test("where both races are struck alike, a rolling element strikes them", () => {
  assert.ok(orders);
  const both = add(
    impacts(51_200, RATE_HZ, { hz: orders.outer * SHAFT_HZ, resonanceHz: 3_000, amplitude: 3 }),
    impacts(51_200, RATE_HZ, { hz: orders.inner * SHAFT_HZ, resonanceHz: 6_000, amplitude: 3 }),
    noise(51_200, 2),
  );
  assert.equal(fault(both)?.name, "ball");
});

Deno.test("noise is healthy, whatever its seed and length", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const found = fault(noise(seed % 2 === 0 ? 25_600 : 4_096, seed));
    assert.equal(found?.name, "healthy", `seed ${seed}`);
    assert.ok((found?.confidence ?? 0) > 0.5);
  }
});

Deno.test("an unbalanced or misaligned shaft is no bearing fault, however it beats", () => {
  const turns = sines(51_200, RATE_HZ, [
    { hz: SHAFT_HZ, amplitude: 30 },
    { hz: 2 * SHAFT_HZ, amplitude: 20 },
    { hz: 3 * SHAFT_HZ, amplitude: 10 },
  ]);
  const beating = noise(51_200, 4).map((value, n) =>
    value * (1 + 0.3 * Math.cos(2 * Math.PI * SHAFT_HZ * n / RATE_HZ))
  );
  assert.equal(fault(add(turns, beating))?.name, "healthy");
});

Deno.test("impacts at a frequency of no part of the bearing do not name one", () => {
  const other = add(
    impacts(51_200, RATE_HZ, { hz: 3.7 * SHAFT_HZ, resonanceHz: 4_200, amplitude: 4 }),
    noise(51_200, 8),
  );
  assert.equal(fault(other)?.name, "healthy");
});

Deno.test("a shaft that stands still, or a glimpse of one that turns, tells nothing", () => {
  assert.equal(fault(noise(25_600, 1), 0), undefined);
  assert.equal(fault(noise(512, 1)), undefined);
  assert.equal(fault(new Float64Array(0)), undefined);
});

Deno.test("silence is not a fault", () => {
  assert.equal(fault(new Float64Array(25_600))?.name, "healthy");
});
