/**
 * Many reports of one device that arrive as one message: what follows from them together.
 *
 * What was told late is history: the status moves and alarms once, to what is true after the newest
 * of them, as of the moment since which they say so. Reports ascend by moment, at one moment from good to bad.
 */
import type { Kind } from "../events/vocabulary.ts";
import * as repeats from "./repeats.ts";
import { learnInterval } from "./silence.ts";
import type { DeviceState } from "./state.ts";
import { noteStatus, type Observed, statusAfter } from "./status.ts";

export interface Report {
  /** Epoch ms. */
  readonly at: number;
  readonly status: string;
}

export function areAllKnown(kind: Kind, state: DeviceState, reports: readonly Report[]): boolean {
  // More of them than an actor remembers cannot all be known.
  return reports.length <= repeats.RECENT_MOMENTS &&
    reports.every(({ at, status }) =>
      repeats.isKnownMoment(state, repeats.momentOf(kind, status, at))
    );
}

/** The status after all of them, and since when they say so; undefined where they say nothing new. */
export function newestTurn(
  kind: Kind,
  state: DeviceState,
  reports: readonly Report[],
  now: number,
): Observed | undefined {
  let turn: Observed | undefined;
  for (let i = reports.length - 1; i >= 0; i--) {
    const report = reports[i];
    // Of two at one moment the later in order is the worse, and the other never counted.
    if (report === undefined || report.at === reports[i + 1]?.at) continue;
    if (turn !== undefined && report.status !== turn.status) break;
    const observed = observe(report, now);
    if (statusAfter(kind, state.parts, observed) === undefined) break;
    turn = observed;
  }
  return turn;
}

/** All of them were seen now. Changes the state in place. */
export function takeTogether(
  kind: Kind,
  state: DeviceState,
  reports: readonly Report[],
  recordedAt: number,
): void {
  for (const report of reports) {
    const { at } = observe(report, recordedAt);
    learnInterval(state, at);
    state.lastAt = state.lastAt === null ? at : Math.max(state.lastAt, at);
  }
  state.lastSeenAt = recordedAt;
  for (const { at, status } of reports.slice(-repeats.RECENT_MOMENTS)) {
    repeats.noteMoment(state, repeats.momentOf(kind, status, at));
  }
  const newest = reports.at(-1);
  if (newest !== undefined) noteStatus(kind, state, observe(newest, recordedAt));
}

/** A clock ahead of ours must not make everything that follows late. */
function observe({ at, status }: Report, now: number): Observed {
  return { part: "", status, at: Math.min(at, now) };
}
