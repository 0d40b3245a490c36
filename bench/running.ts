/** A Telltale under measurement: a process of its own, asked over HTTP like anybody would. */
import {
  type RunningTelltale,
  type StartOptions,
  startTelltale,
} from "../tests/support/telltale.ts";

export interface Stats {
  readonly events: number;
  readonly quarantined: number;
  readonly partitions: readonly { readonly broker_sequence: number; readonly lag: number | null }[];
  readonly projections: readonly { readonly name: string; readonly lag: number }[];
}

export async function statsOf(telltale: { readonly url: string }): Promise<Stats> {
  const response = await fetch(`${telltale.url}/api/v1/stats`);
  if (!response.ok) {
    throw new Error(`Cannot read stats: ${response.status} ${await response.text()}`);
  }
  return await response.json();
}

/** Messages dealt with so far, by what the partitions say. */
export function dealtWith(stats: Stats): number {
  return stats.partitions.reduce((most, { broker_sequence }) => Math.max(most, broker_sequence), 0);
}

/** A Telltale that has got no further for so long is not slow: something keeps it from it. */
const STUCK_MS = 60_000;

/**
 * Resolves when `count` messages are in the log and every projection has them. Throws with what
 * Telltale says of itself when it gets no further.
 */
export async function caughtUp(
  telltale: Pick<RunningTelltale, "url" | "output">,
  count: number,
  onProgress: (stats: Stats) => void = () => {},
  stuckMs = STUCK_MS,
): Promise<Stats> {
  let furthest = -1;
  let movedAt = performance.now();
  for (;;) {
    const stats = await statsOf(telltale);
    onProgress(stats);
    const behind = stats.projections.some(({ lag }) => lag > 0);
    if (dealtWith(stats) >= count && !behind) return stats;
    const reached = distance(stats);
    if (reached > furthest) {
      furthest = reached;
      movedAt = performance.now();
    } else if (performance.now() - movedAt > stuckMs) {
      throw new Error(await whyStuck(telltale, stats, count, stuckMs));
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Grows with every message in the log and every event a projection has. */
function distance({ events, partitions, projections }: Stats): number {
  const dealt = partitions.reduce((sum, { broker_sequence }) => sum + broker_sequence, 0);
  return dealt + projections.reduce((sum, { lag }) => sum + events - lag, 0);
}

async function whyStuck(
  { url, output }: Pick<RunningTelltale, "url" | "output">,
  stats: Stats,
  count: number,
  stuckMs: number,
): Promise<string> {
  const ready = await fetch(`${url}/health/ready`).then((response) => response.text(), String);
  const lags = stats.projections.filter(({ lag }) => lag > 0)
    .map(({ name, lag }) => `${name} ${lag}`);
  return [
    `Telltale got no further for ${stuckMs / 1000} s: it has ${
      dealtWith(stats)
    } of ${count} messages`,
    `events its projections lack: ${lags.join(", ") || "none"}`,
    `it says of itself: ${ready}`,
    `it printed last:\n${output().trimEnd().split("\n").slice(-10).join("\n")}`,
  ].join("\n");
}

export function start(options: StartOptions = {}): Promise<RunningTelltale> {
  return startTelltale({ ...options, env: { LOG_LEVEL: "warn", ...options.env } });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** The value below which this share of the others lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

export function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

export function perSecond(count: number, ms: number): string {
  return Math.round(count / ms * 1000).toLocaleString("en");
}

export function numberOption(args: readonly string[], name: string, otherwise: number): number {
  const at = args.indexOf(name);
  const value = at === -1 ? otherwise : Number(args[at + 1]);
  if (!Number.isFinite(value) || value <= 0) throw new Error(`${name} takes a positive number`);
  return value;
}
