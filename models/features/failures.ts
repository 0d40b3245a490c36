/**
 * When an ATM failed, from what it reported: what a prediction is held against.
 *
 * A failure is an outage that needs service: it begins with a critical code and ends in
 * maintenance two to four hours later. An outage is a run of records that are offline or in error;
 * it begins to be a failure at its first critical code. What recovers by itself is none, nor is
 * what is mended sooner or later than that.
 */
import { ERROR_CODES } from "../../events/atm.ts";

const HOUR_MS = 3_600_000;
export const HORIZON_MS = 4 * HOUR_MS;
const SERVICE_AFTER_MIN_MS = 2 * HOUR_MS;
const SERVICE_AFTER_MAX_MS = 4 * HOUR_MS;

/** What a telemetry record says of the ATM's condition. */
export interface Condition {
  /** Epoch ms. */
  readonly at: number;
  readonly status: string;
  readonly code?: string | null | undefined;
}

export interface Failure {
  /** The first record of the outage with a critical code; epoch ms. */
  readonly at: number;
  readonly code: string;
  /** When maintenance was first reported. */
  readonly serviceAt: number;
  /** The first record after maintenance; Infinity while that lasts. */
  readonly until: number;
}

/** Conditions are in the order of time. */
export function failuresOf(conditions: Iterable<Condition>): Failure[] {
  const failures: Failure[] = [];
  const follower = new FailureFollower();
  for (const condition of conditions) {
    const failure = follower.take(condition);
    if (failure) failures.push(failure);
  }
  return follower.underService ? [...failures, follower.underService] : failures;
}

/** A follower as it is written down. */
export interface SavedFollower {
  readonly begun?: { readonly at: number; readonly code: string };
  readonly underService?: Omit<Failure, "until">;
}

/** Learns of a failure record by record. Written as JSON it comes back the same. */
export class FailureFollower {
  /** The first critical code of the outage that is under way. */
  #begun: { readonly at: number; readonly code: string } | undefined;
  /** A failure that was recognised and whose maintenance still lasts. */
  underService: Failure | undefined;

  constructor(saved: SavedFollower = {}) {
    this.#begun = saved.begun;
    this.underService = saved.underService && { ...saved.underService, until: Infinity };
  }

  /** No outage is under way, and no maintenance: a record that is online changes nothing. */
  get isIdle(): boolean {
    return this.#begun === undefined && this.underService === undefined;
  }

  /** The failure that this record ended; undefined for most. */
  take({ at, status, code }: Condition): Failure | undefined {
    if (status === "maintenance") {
      if (this.#begun && !this.underService) this.#serve(this.#begun, at);
      this.#begun = undefined;
      return undefined;
    }
    const ended = this.underService && { ...this.underService, until: at };
    this.underService = undefined;
    if (status === "online") this.#begun = undefined;
    else if (code && ERROR_CODES[code]?.critical) this.#begun ??= { at, code };
    return ended;
  }

  toJSON(): SavedFollower {
    const { underService } = this;
    const begun = this.#begun && { begun: this.#begun };
    if (underService === undefined) return { ...begun };
    const { at, code, serviceAt } = underService;
    return { ...begun, underService: { at, code, serviceAt } };
  }

  #serve(begun: { readonly at: number; readonly code: string }, serviceAt: number): void {
    const waited = serviceAt - begun.at;
    if (waited < SERVICE_AFTER_MIN_MS || waited > SERVICE_AFTER_MAX_MS) return;
    this.underService = { ...begun, serviceAt, until: Infinity };
  }
}

/**
 * Whether a failure begins after a moment and no later than the horizon after it. Undefined where
 * the ATM was not watched long enough to know: the latest failure that would count is recognised
 * by the maintenance up to four hours later. That holds for yes as well as for no, or there would
 * be nothing but failures in the last hours watched.
 */
export function labelAt(
  at: number,
  failures: readonly Failure[],
  watchedUntil: number,
): boolean | undefined {
  if (at + HORIZON_MS + SERVICE_AFTER_MAX_MS > watchedUntil) return undefined;
  return failures.some((failure) => failure.at > at && failure.at <= at + HORIZON_MS);
}

/**
 * The failure that has a part in the row of this moment, by its place in the list; -1 for none. It
 * is ahead within the row's label or its history's length, or behind within its history. Rows of
 * one failure belong on the same side of every split.
 */
export function episodeAt(at: number, failures: readonly Failure[]): number {
  const ahead = failures.findIndex((failure) => failure.at > at);
  if (ahead >= 0 && (failures[ahead] as Failure).at <= at + HISTORY_MS + HORIZON_MS) return ahead;
  const behind = ahead < 0 ? failures.length - 1 : ahead - 1;
  const last = failures[behind];
  return last !== undefined && at <= last.until + HISTORY_MS ? behind : -1;
}

/** How far back features look. */
export const HISTORY_MS = 24 * HOUR_MS;
