/** A log with a past: what the fleet said until now, published as fast as it is taken. */
import type { RunningTelltale } from "../tests/support/telltale.ts";
import { caughtUp, dealtWith, statsOf } from "./running.ts";
import { helper } from "./steady.ts";
import type { Stats } from "./running.ts";

export interface History {
  readonly messages: number;
  readonly devices: number;
  /** Device time between two messages of a device; the last ones are of now. */
  readonly stepMs: number;
  readonly seed: number;
}

/** Resolves when the log and every read model have all of it. */
export async function publishHistory(
  telltale: RunningTelltale,
  { messages, devices, stepMs, seed }: History,
): Promise<Stats> {
  const before = dealtWith(await statsOf(telltale));
  const startAt = Date.now() - Math.ceil(messages / devices) * stepMs;
  const publisher = helper("publisher", [
    telltale.natsUrl,
    0,
    messages,
    devices,
    startAt,
    stepMs,
    seed,
  ]);
  // It publishes when it is told to, or when nobody can tell it any more.
  await publisher.stdin.close();
  const { success } = await publisher.output();
  if (!success) throw new Error("The publisher failed");
  const stats = await caughtUp(telltale, before + messages);
  if (stats.quarantined > 0) throw new Error(`${stats.quarantined} messages were quarantined`);
  return stats;
}
