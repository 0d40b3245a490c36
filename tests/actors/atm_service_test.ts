import assert from "node:assert/strict";
import { serviceFor } from "../../actors/atm_service.ts";
import { FEATURE_NAMES } from "../../models/features/mod.ts";

const factor = (feature: string, contribution: number) => ({ feature, value: 1, contribution });

Deno.test("who is sent looks at what made the failure likely, the strongest reason first", () => {
  assert.equal(
    serviceFor([factor("latency_mean_6h", 0.9), factor("e002_started_6h", 0.8)]),
    "Inspect the network before it fails",
  );
});

Deno.test("what made it less likely is no reason, and neither is what no part shows itself by", () => {
  assert.equal(
    serviceFor([
      factor("latency_mean_6h", -2),
      factor("hours_since_error", 1),
      factor("e002_started_6h", 0.5),
    ]),
    "Inspect the dispenser before it fails",
  );
  assert.equal(serviceFor([factor("hours_since_error", 1)]), "Inspect the ATM before it fails");
  assert.equal(serviceFor([]), "Inspect the ATM before it fails");
});

Deno.test("every part of an ATM is named by features there are", () => {
  const named = new Set(FEATURE_NAMES.map((feature) => serviceFor([factor(feature, 1)])));
  assert.equal(named.size, 9);
});
