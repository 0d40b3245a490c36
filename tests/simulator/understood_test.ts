import assert from "node:assert/strict";
import { parseSubject } from "../../events/bus/subjects.ts";
import { parseMessage } from "../../events/messages.ts";
import { fleet, type FleetOptions, type SimulatedMessage } from "../../simulator/fleet.ts";

const OPTIONS: FleetOptions = {
  seed: 5,
  startAt: Date.UTC(2026, 0, 1),
  devices: { atm: 10, machine: 6, store: 12, sensor: 12 },
  everyMs: { atm: 5000, machine: 5000, store: 5000, sensor: 5000 },
  tempo: 240,
};

/** The code of the refusal; undefined for what is understood. */
function refusal({ at, subject, payload, messageId }: SimulatedMessage): string | undefined {
  const address = parseSubject(subject);
  if (!address.ok) return address.code;
  const { kind, id, message } = address;
  const parsed = parseMessage(kind, id, message, payload, at, messageId);
  return parsed.ok ? undefined : `${parsed.code}: ${parsed.reason}`;
}

Deno.test("everything a well-behaved fleet says is understood", () => {
  for (const message of fleet(OPTIONS).take(30_000)) {
    assert.equal(refusal(message), undefined, new TextDecoder().decode(message.payload));
  }
});

Deno.test("every way of being malformed is refused, each for its own reason", () => {
  const codes = new Set<string>();
  for (const message of fleet({ ...OPTIONS, mischief: true }).take(120_000)) {
    const refused = refusal(message);
    const spoiled = message.messageId.endsWith(":spoiled");
    assert.equal(refused !== undefined, spoiled, new TextDecoder().decode(message.payload));
    if (refused !== undefined) codes.add(refused.split(":")[0] ?? "");
  }
  const expected = ["clock-behind", "empty", "not-json", "not-utf8", "wrong-shape"];
  assert.deepEqual([...codes].sort(), expected);
});
