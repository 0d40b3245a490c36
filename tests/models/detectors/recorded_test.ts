/**
 * What detectors say of a reading is recorded, and a log that is folded again has to lead to the
 * same detectors: however they are built, they go on saying what they said, to the last bit. Who
 * changes what they say on purpose records it anew, and raises the version of a sensor's state.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type DetectorKind, DETECTORS } from "../../../models/detectors/mod.ts";
import { createRandom } from "../../../simulator/random.ts";
import { daily, momentOf, noise } from "./series.ts";

const random = createRandom("recorded");
const HOUR_MS = 3_600_000;

interface Recorded {
  readonly values: readonly number[];
  readonly at: (row: number) => number;
}

/** Of a series an hour apart: pauses, and a clock that at times is days behind. */
function brokenTime(row: number): number {
  return momentOf(0) + (row + 40 * Math.floor(row / 200) - (row % 50 === 0 ? 90 : 0)) * HOUR_MS;
}

const SERIES: readonly Recorded[] = [
  {
    // Two weeks with a rhythm, a standstill, noise and a spike.
    values: [...daily(4_100), ...Array(60).fill(50), ...noise(300), 500, ...daily(700)],
    at: momentOf,
  },
  {
    // Weeks of hours, with gaps and a clock that goes back.
    values: noise(3_000, { seed: "hours" }).map((value, row) => {
      const hour = Math.floor(brokenTime(row) / HOUR_MS);
      return value + 20 * Math.sin(hour * Math.PI / 12) + (hour % 168 > 120 ? 50 : 0);
    }),
    at: brokenTime,
  },
  {
    // Enormous, tiny, equal and negative.
    values: Array.from(
      { length: 2_500 },
      () => random.pick([0, 1, 7, 7, 7, 1e150, -1e150, 1e-300, 5e-324]),
    ),
    at: momentOf,
  },
];

/** Of all judgements of a series, per detector, the beginning of their SHA-256. */
const SAID: Readonly<Record<string, readonly string[]>> = {
  "ensemble": ["9a1f27620cb82ad9", "d0d9848f55e01c80", "f07a4aceb13d6cbb"],
  "unfamiliar": ["8bcfaf033fcf1f24", "2e274a7333c1bd06", "99ff44bfaf96a68f"],
  "season": ["a0462f05586312bc", "5c04ea2fd9c0b56d", "0bff1622e013ad0f"],
  "level": ["7d7cee9f6fc316e8", "2f8bd9f1284a0080", "d6af4299f016e946"],
  "restlessness": ["541f42f590b6dfc3", "386d2d3874b930a4", "9fa59f82db1c97b0"],
  "robust-z": ["dae6bcad0394ac93", "aa0418beec9aaeee", "319ea700f42b89fa"],
  "three-sigma": ["dc61deeb1b28d9b8", "26794fa3dd934850", "e36e30d55e57909c"],
  "spike": ["3ad919b70db53a61", "4bf916471667d897", "c53483ae0b618176"],
  "flat-line": ["6793125562f9264d", "ebe0e569e19e44b1", "eaea1f41b2fd710f"],
};

function saidBy(kind: DetectorKind, { values, at }: Recorded): string {
  const hash = createHash("sha256");
  const detector = kind.start();
  for (const [row, value] of values.entries()) {
    hash.update(JSON.stringify(detector.update(value, at(row))));
  }
  return hash.digest("hex").slice(0, 16);
}

for (const kind of DETECTORS) {
  Deno.test(`${kind.name} says what it said when that was recorded`, () => {
    assert.deepEqual(SERIES.map((series) => saidBy(kind, series)), SAID[kind.name]);
  });
}
