import assert from "node:assert/strict";
import fc from "fast-check";
import { isAnomaly, momentsOf, scoreOf, type ThreeSigma } from "../../models/three_sigma.ts";

function moments(...values: number[]) {
  return momentsOf(Float64Array.from(values));
}

Deno.test("mean and population standard deviation, by hand", () => {
  assert.deepEqual(moments(2, 4, 4, 4, 5, 5, 7, 9), { mean: 5, sd: 2, min: 2, max: 9 });
  assert.deepEqual(moments(-1, 1), { mean: 0, sd: 1, min: -1, max: 1 });
});

Deno.test("constants deviate by nothing, however they round", () => {
  assert.equal(moments(0.1, 0.1, 0.1).sd, 0);
  assert.equal(moments(...Array.from({ length: 10_001 }, () => 1 / 3)).sd, 0);
});

Deno.test("a small swing on a large level is not rounded away", () => {
  const { mean, sd } = moments(1e9 + 1, 1e9 + 2, 1e9 + 3, 1e9 + 4);
  assert.equal(mean, 1e9 + 2.5);
  assert.equal(sd, Math.sqrt(1.25));
});

Deno.test("the largest and the smallest doubles neither over- nor underflow", () => {
  const large = moments(-Number.MAX_VALUE, Number.MAX_VALUE);
  assert.deepEqual([large.mean, large.sd], [0, Number.MAX_VALUE]);
  const small = moments(1e-300, 3e-300);
  assert.ok(Math.abs(small.mean / 2e-300 - 1) < 1e-15);
  assert.ok(Math.abs(small.sd / 1e-300 - 1) < 1e-15);
  assert.ok(moments(Number.MIN_VALUE, 3 * Number.MIN_VALUE).sd > 0);
});

Deno.test("any values: the mean lies among them, the deviation within their span, both finite", () => {
  fc.assert(fc.property(
    fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 2, maxLength: 50 }),
    (values) => {
      const { mean, sd, min, max } = moments(...values);
      const slack = 1e-12 * Math.max(Math.abs(min), Math.abs(max));
      assert.ok(mean >= min - slack && mean <= max + slack, `mean ${mean}`);
      assert.ok(sd >= 0 && sd / 2 <= (max / 2 - min / 2) + slack, `sd ${sd}`);
    },
  ));
});

const model: ThreeSigma = { mean: 10, sd: 2, threshold: 3, sided: "both" };

Deno.test("an anomaly lies strictly beyond the threshold, on either side", () => {
  assert.deepEqual([3, 4, 16, 17].map((value) => isAnomaly(model, value)), [
    true,
    false,
    false,
    true,
  ]);
});

Deno.test("on one side only what is above the mean counts", () => {
  const upper: ThreeSigma = { ...model, sided: "upper" };
  assert.deepEqual([-100, 16, 17].map((value) => isAnomaly(upper, value)), [false, false, true]);
  assert.equal(scoreOf(upper, 4), -3);
});

Deno.test("a score is in standard deviations, and always a number JSON can hold", () => {
  assert.equal(scoreOf(model, 4), 3);
  assert.equal(scoreOf({ ...model, sd: 1e-300 }, 1e300), Number.MAX_VALUE);
});
