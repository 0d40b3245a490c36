import { atm } from "../../actors/atm.ts";
import { CLOSED_REMEMBERED } from "../../actors/maintenance.ts";
import { given, type Past } from "../given.ts";
import { command, iso, MINUTE, NOON } from "./saying.ts";

const registered: Past = {
  type: "DeviceRegistered",
  data: { kind: "atm", id: "D-1" },
  occurredAt: NOON,
};
const plan = {
  entry: "e-1",
  action: "Look at it",
  scheduledFor: iso(NOON + 60 * MINUTE),
  by: "ann",
};
const later = NOON + MINUTE;

function past(type: string, data: Past["data"], occurredAt = NOON): Past {
  return { type, data, occurredAt };
}

Deno.test("maintenance is scheduled, and scheduled anew while it is open", () => {
  const scheduled = past("MaintenanceScheduled", plan);
  given(atm, registered).when(command("ScheduleMaintenance", plan, NOON)).then(scheduled);
  const moved = { ...plan, scheduledFor: iso(NOON + 120 * MINUTE) };
  given(atm, registered, scheduled).when(command("ScheduleMaintenance", moved, later))
    .then(past("MaintenanceScheduled", moved, later));
});

for (
  const [order, type, other] of [
    ["CompleteMaintenance", "MaintenanceDone", "CancelMaintenance"],
    ["CancelMaintenance", "MaintenanceCancelled", "CompleteMaintenance"],
  ] as const
) {
  Deno.test(`${order} closes an entry once, and nothing opens it again`, () => {
    const data = { entry: "e-1", by: "ann" };
    const closed = past(type, data);
    given(atm, registered).when(command(order, data, NOON)).then(closed);
    given(atm, registered, closed).when(command(order, data, later)).then();
    given(atm, registered, closed).when(command(other, data, later))
      .thenRejected("maintenance-closed");
    given(atm, registered, closed).when(command("ScheduleMaintenance", plan, later))
      .thenRejected("maintenance-closed");
    given(atm, registered, closed).when(command(other, { ...data, entry: "e-2" }, NOON))
      .then(past(other === "CancelMaintenance" ? "MaintenanceCancelled" : "MaintenanceDone", {
        ...data,
        entry: "e-2",
      }));
  });
}

Deno.test("of a device nobody knows there is nothing to maintain", () => {
  given(atm).when(command("ScheduleMaintenance", plan, NOON)).thenRejected("device-unknown");
});

Deno.test("the latest closed entries are remembered, so that the state has a bound", () => {
  const closed = Array.from(
    { length: CLOSED_REMEMBERED + 1 },
    (_, i) => past("MaintenanceDone", { entry: `e-${i}`, by: "ann" }),
  );
  const cancel = (entry: string) => command("CancelMaintenance", { entry, by: "ann" }, later);
  given(atm, registered, ...closed).when(cancel("e-1")).thenRejected("maintenance-closed");
  given(atm, registered, ...closed).when(cancel("e-0"))
    .then(past("MaintenanceCancelled", { entry: "e-0", by: "ann" }, later));
});
