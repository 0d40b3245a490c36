import assert from "node:assert/strict";
import fc from "fast-check";
import { complexOf, inverse, transform, transformReal } from "../../../models/vibration/fft.ts";

/** The definition, term by term. */
function byDefinition(input: Float64Array): Float64Array {
  const size = input.length / 2;
  const out = new Float64Array(input.length);
  for (let k = 0; k < size; k++) {
    for (let n = 0; n < size; n++) {
      const angle = -2 * Math.PI * ((k * n) % size) / size;
      const [re, im] = [input[2 * n] as number, input[2 * n + 1] as number];
      out[2 * k] = (out[2 * k] as number) + re * Math.cos(angle) - im * Math.sin(angle);
      out[2 * k + 1] = (out[2 * k + 1] as number) + re * Math.sin(angle) + im * Math.cos(angle);
    }
  }
  return out;
}

function assertClose(found: Float64Array, expected: Float64Array, tolerance = 1e-9): void {
  assert.equal(found.length, expected.length);
  for (const [i, value] of found.entries()) {
    const difference = Math.abs(value - (expected[i] as number));
    assert.ok(difference < tolerance, `${i}: ${value} instead of ${expected[i]}`);
  }
}

const numbers = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), {
  minLength: 2,
  maxLength: 120,
}).map((values) => Float64Array.from(values.slice(0, values.length & ~1)));

Deno.test("a transform of any length is what the definition says", () => {
  fc.assert(fc.property(numbers, (input) => assertClose(transform(input), byDefinition(input))));
});

Deno.test("powers of two, primes and ones", () => {
  for (const size of [1, 2, 3, 4, 5, 8, 13, 64, 97, 100]) {
    const input = Float64Array.from({ length: 2 * size }, (_, i) => Math.sin(i * i));
    assertClose(transform(input), byDefinition(input));
  }
});

Deno.test("real samples are transformed as complex ones without an imaginary part", () => {
  for (const size of [1, 2, 3, 4, 6, 7, 10, 30, 90, 97, 128, 194, 240]) {
    const samples = Float64Array.from({ length: size }, (_, i) => Math.sin(i * i) + i % 3);
    assertClose(transformReal(samples), byDefinition(complexOf(samples)));
  }
});

Deno.test("lengths with any few odd parts are what the definition says", () => {
  for (const odd of [3, 5, 7, 9, 11, 13, 15]) {
    const input = Float64Array.from({ length: 2 * 8 * odd }, (_, i) => Math.cos(i * i + odd));
    assertClose(transform(input), byDefinition(input));
  }
});

Deno.test("the inverse brings back what was transformed", () => {
  fc.assert(fc.property(numbers, (input) => assertClose(inverse(transform(input)), input)));
});

Deno.test("a long prime length loses no precision", () => {
  const size = 121_571;
  const input = complexOf(Float64Array.from({ length: size }, (_, i) => Math.cos(i * 0.7) + i % 7));
  assertClose(inverse(transform(input)), input);
});

Deno.test("nothing transforms to nothing", () => {
  assert.equal(transform(new Float64Array(0)).length, 0);
});

Deno.test("more lengths than plans are kept for are no obstacle, and come back right", () => {
  for (const size of [...Array(40).keys(), 3, 5, 7].map((n) => n + 1)) {
    const input = Float64Array.from({ length: 2 * size }, (_, i) => i % 5);
    assertClose(transform(input), byDefinition(input));
  }
});
