import assert from "node:assert/strict";
import { faultOrdersOf } from "../../../models/vibration/bearing.ts";

Deno.test("SKF 6205: the orders its maker publishes", () => {
  const orders = faultOrdersOf({ balls: 9, ballDiameter: 0.3126, pitchDiameter: 1.537 });
  assert.ok(orders);
  // As printed by the Case Western Reserve bearing data centre; it counts both races for the ball.
  const published = { inner: 5.4152, outer: 3.5848, cage: 0.39828, ball: 4.7135 / 2 };
  for (const [part, order] of Object.entries(published)) {
    const found: number = orders[part as keyof typeof orders];
    assert.ok(Math.abs(found / order - 1) < 1e-3, `${part}: ${found} instead of ${order}`);
  }
});

Deno.test("what passes the outer and the inner race is all balls together", () => {
  const orders = faultOrdersOf({ balls: 14, ballDiameter: 8, pitchDiameter: 46, contactAngle: 25 });
  assert.ok(orders);
  assert.ok(Math.abs(orders.outer + orders.inner - 14) < 1e-12);
  assert.ok(Math.abs(orders.cage * 14 - orders.outer) < 1e-12);
});

Deno.test("a contact angle brings the races closer together", () => {
  const geometry = { balls: 9, ballDiameter: 8, pitchDiameter: 40 };
  const flat = faultOrdersOf(geometry);
  const steep = faultOrdersOf({ ...geometry, contactAngle: 60 });
  assert.equal(flat?.outer, 3.6);
  assert.ok(Math.abs((steep?.outer ?? 0) - 4.05) < 1e-12);
});

Deno.test("what cannot be built is no bearing", () => {
  assert.equal(faultOrdersOf({ balls: 9, ballDiameter: 2, pitchDiameter: 2 }), undefined);
  assert.equal(faultOrdersOf({ balls: 100, ballDiameter: 1, pitchDiameter: 10 }), undefined);
});
