import assert from "node:assert/strict";
import fc from "fast-check";
import { type Member, Neighbourhoods, type Statement } from "../../../models/features/mod.ts";

function calm(temperature: number): Statement {
  return { temperature, latency: 80, unstable: 0, disconnected: 0 };
}

function membersOf(statements: readonly Statement[], region = "MALL"): Member[] {
  return statements.map((statement, index) => ({ device: `ATM-${index}`, region, statement }));
}

const value = fc.oneof({ weight: 5, arbitrary: fc.integer({ min: -20, max: 80 }) }, {
  weight: 1,
  arbitrary: fc.constant(NaN),
});
const statement = fc.record({
  temperature: value,
  latency: value,
  unstable: value,
  disconnected: value,
});

Deno.test("peers are medians and means of all others of the region", () => {
  fc.assert(
    fc.property(fc.array(statement, { minLength: 4, maxLength: 30 }), (statements) => {
      const neighbourhoods = new Neighbourhoods(membersOf(statements));
      for (const index of statements.keys()) {
        const others = statements.toSpliced(index, 1);
        const known = (of: keyof Statement) =>
          others.map((other) => other[of]).filter((value) => !Number.isNaN(value));
        const around = neighbourhoods.around(`ATM-${index}`);
        assert.equal(around?.temperature, median(known("temperature")));
        assert.equal(around?.latency, median(known("latency")));
        assertNear(around?.unstable, mean(known("unstable")));
        assertNear(around?.disconnected, mean(known("disconnected")));
      }
    }),
  );
});

Deno.test("an ATM's own heat is not that of its peers, nor is that of another region", () => {
  const mall = membersOf([calm(20), calm(21), calm(22), calm(50)]);
  const elsewhere = membersOf([calm(70), calm(70)], "AIRPORT")
    .map((member) => ({ ...member, device: `other ${member.device}` }));
  const neighbourhoods = new Neighbourhoods([...mall, ...elsewhere]);
  assert.equal(neighbourhoods.around("ATM-3")?.temperature, 21);
  assert.equal(neighbourhoods.around("other ATM-0"), undefined);
});

Deno.test("with fewer than three around it, or none who knows it, an ATM has no peers", () => {
  const neighbourhoods = new Neighbourhoods(membersOf([calm(20), calm(21), calm(22)]));
  assert.equal(neighbourhoods.around("ATM-0"), undefined);
  assert.equal(neighbourhoods.around("ATM-9"), undefined);
});

function median(values: readonly number[]): number {
  if (values.length === 0) return NaN;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (rank: number) => sorted[Math.floor(rank)] ?? NaN;
  return (at((sorted.length - 1) / 2) + at(sorted.length / 2)) / 2;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function assertNear(actual: number | undefined, expected: number): void {
  assert.ok(
    Object.is(actual, expected) || Math.abs((actual ?? NaN) - expected) < 1e-9,
    `${actual} is not ${expected}`,
  );
}
