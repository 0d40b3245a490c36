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

/** Resolves when `count` messages are in the log and every projection has them. */
export async function caughtUp(
  telltale: { readonly url: string },
  count: number,
  onProgress: (stats: Stats) => void = () => {},
): Promise<Stats> {
  for (;;) {
    const stats = await statsOf(telltale);
    onProgress(stats);
    const behind = stats.projections.some(({ lag }) => lag > 0);
    if (dealtWith(stats) >= count && !behind) return stats;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
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
