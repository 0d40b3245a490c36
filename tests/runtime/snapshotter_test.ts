import assert from "node:assert/strict";
import { createRegistry } from "../../actors/runtime/registry.ts";
import { createSnapshotter, type Snapshotter } from "../../actors/runtime/snapshotter.ts";
import type { Snapshots } from "../../actors/runtime/snapshots.ts";
import type { PartitionPosition } from "../../events/log/partitions.ts";

const START = Date.UTC(2026, 4, 1);
const SECOND = 1_000;

/** One actor that has changed, and snapshots that take so many bytes for it. */
function saving(bytes: number): Snapshotter {
  const registry = createRegistry();
  registry.actor("atm-A").changed = true;
  const snapshots: Snapshots = {
    floor: () => Promise.resolve(undefined),
    async *list() {},
    save: () => Promise.resolve(bytes),
    saveFloor: () => Promise.resolve(),
    clear: () => Promise.resolve(),
    close: () => {},
  };
  return createSnapshotter(0, snapshots, registry, () => assert.fail());
}

const position = { partition: 0, offset: 1_000, batch: 1, hash: new Uint8Array() };

async function oneRound(snapshotter: Snapshotter): Promise<void> {
  assert.ok(snapshotter.due(START, 1_000));
  snapshotter.saveSome(position as unknown as PartitionPosition, START);
  await new Promise((resolve) => setTimeout(resolve));
}

Deno.test("actors that changed are saved every half minute", async () => {
  const snapshotter = saving(20_000);
  await oneRound(snapshotter);
  assert.ok(!snapshotter.due(START + 29 * SECOND, 2_000));
  assert.ok(snapshotter.due(START + 30 * SECOND, 2_000));
});

Deno.test("a large fleet is saved less often, unless much has happened meanwhile", async () => {
  const snapshotter = saving(100_000_000);
  await oneRound(snapshotter);
  assert.ok(!snapshotter.due(START + 99 * SECOND, 200_000));
  assert.ok(snapshotter.due(START + 100 * SECOND, 200_000));
  assert.ok(snapshotter.due(START + 30 * SECOND, 201_000));
  assert.ok(!snapshotter.due(START + 29 * SECOND, 201_000));
});
