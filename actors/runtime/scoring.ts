/**
 * Asks the failure model about the ATMs of a partition: each on its own quarter of an hour, spread
 * over it by its name, and within a second when it reports a critical code it did not have.
 *
 * Who is due is read off what was scored last, so a restart leaves nothing out and asks nothing
 * twice. Features are computed here, some ATMs between two batches; the model runs in turns of its
 * own between those, and what it says is an input of a later batch. An ATM gets no score that is
 * out of service, silent, down, or was not heard for an hour (`models/features/scorable.ts`).
 */
import type { RecordedEvent } from "../../events/event.ts";
import { type Claim, inferenceBeside } from "../../events/inference.ts";
import { FEATURE_NAMES } from "../../models/features/mod.ts";
import type { Scorer, Scores } from "../../models/failure/scorer.ts";
import { writeAtmFeatures } from "../atm_features.ts";
import { serviceFor } from "../atm_service.ts";
import { type InferenceState, latestScoreAt } from "../inference.ts";
import type { DeviceState } from "../mod.ts";
import type { PeersAround } from "./peers.ts";
import type { Registry } from "./registry.ts";

/** Features of so many are computed between two batches: some milliseconds. */
const ROWS_AT_ONCE = 256;
/** Those of whom nothing can be said cost little, but not nothing. */
const PASSED_AT_ONCE = 10_000;
/** A code that comes and goes does not ask more often. */
const URGENT_AGAIN_MS = 60_000;
/** Those of whom nothing can be said now are looked at again this soon: one may just have spoken. */
const LOOK_AGAIN_MS = 5_000;
/** A model that failed is asked again after this long. */
const RETRY_MS = 60_000;

export interface DeviceClaim {
  /** The device's stream. */
  readonly device: string;
  readonly claim: Claim;
  /** Epoch ms. */
  readonly at: number;
}

export interface Scoring {
  /** What the partition has just recorded: who is new, and whose errors are. */
  noticed(events: readonly RecordedEvent[]): void;
  /** Who is due by now is asked about next. */
  look(now: number): void;
  /** Asks about some of those who are due, unless the model is still busy with the ones before. */
  ask(now: number): void;
  /** What the model has said since; each claim once. */
  take(): readonly DeviceClaim[];
  readonly hasClaims: boolean;
  /** Whether somebody is due who could be asked about now. */
  isWaiting(now: number): boolean;
  stop(): void;
}

export interface ScoringOptions {
  readonly scorer: Pick<Scorer, "serving" | "score">;
  /** From one score of an ATM to its next. */
  readonly everyMs: number;
  readonly actors: Registry;
  readonly peers: PeersAround;
  /** Called when there are claims to take. */
  readonly wake: () => void;
}

interface Turn {
  dueAt: number;
  /** When it was asked about last; -Infinity for never. */
  askedAt: number;
  queued: boolean;
  /** How old its reports were when they came, as it was looked at last. */
  behindMs: number;
}

/** Older reports are of the past: more of it may be on the way. */
const BEHIND_MIN_MS = 60_000;
/** By so much nearer to now it comes at least between two looks while it does. */
const CLOSER_MIN_MS = 1_000;

const PREFIX = "atm-";
const COLUMNS = FEATURE_NAMES.length;
const NONE: readonly DeviceClaim[] = [];

export function startScoring(
  { scorer, everyMs, actors, peers, wake }: ScoringOptions,
): Scoring {
  const turns = new Map<string, Turn>();
  let queue: string[] = [];
  let claims: DeviceClaim[] = [];
  let busy = false;
  let pausedUntil = -Infinity;
  let stopped = false;

  for (const stream of actors.actors.keys()) {
    if (stream.startsWith(PREFIX)) turns.set(stream, firstTurn(stream));
  }

  function firstTurn(stream: string): Turn {
    const beside = actors.actors.get(inferenceBeside(stream))?.state as InferenceState | undefined;
    const scoredAt = beside && latestScoreAt(beside);
    const known = { queued: false, behindMs: Infinity };
    if (scoredAt === undefined) return { ...known, dueAt: -Infinity, askedAt: -Infinity };
    return { ...known, dueAt: turnAfter(stream, scoredAt, everyMs), askedAt: scoredAt };
  }

  /** The features of the next of whom something can be said. */
  function gather(now: number): { device: string[]; rows: Float32Array } {
    const device: string[] = [];
    const values = new Float32Array(Math.min(queue.length, ROWS_AT_ONCE) * COLUMNS);
    let passed = 0;
    for (const stream of queue) {
      if (device.length === ROWS_AT_ONCE || passed === PASSED_AT_ONCE) break;
      passed++;
      const turn = turns.get(stream);
      const state = actors.actors.get(stream)?.state as DeviceState | undefined;
      if (turn === undefined || state === undefined) continue;
      turn.queued = false;
      turn.dueAt = now + LOOK_AGAIN_MS;
      if (isCatchingUp(turn, state)) continue;
      const around = () => peers.of(stream);
      const why = writeAtmFeatures(state, now, values, device.length * COLUMNS, around);
      if (why !== undefined) continue;
      device.push(stream);
      turn.askedAt = now;
      turn.dueAt = turnAfter(stream, now, everyMs);
    }
    queue = queue.slice(passed);
    return { device, rows: values.subarray(0, device.length * COLUMNS) };
  }

  async function run(device: readonly string[], rows: Float32Array, now: number): Promise<void> {
    busy = true;
    try {
      const scores = await scorer.score(rows, device.length);
      if (stopped) return;
      claims.push(...device.map((stream, row) => claimOf(stream, scores, row, now)));
      wake();
    } catch {
      // Whoever runs the model has reported it.
      pausedUntil = now + RETRY_MS;
      for (const stream of device) {
        const turn = turns.get(stream);
        if (turn) turn.dueAt = now;
      }
    } finally {
      busy = false;
    }
  }

  return {
    noticed(events) {
      for (const { type, stream, data, recordedAt } of events) {
        if (type !== "TelemetryReported") continue;
        const turn = turns.get(stream);
        if (turn === undefined) turns.set(stream, firstTurn(stream));
        else if (data.error_code) {
          const state = actors.actors.get(stream)?.state as DeviceState | undefined;
          if (state?.memory?.criticalAt !== recordedAt) continue;
          turn.dueAt = Math.min(turn.dueAt, Math.max(recordedAt, turn.askedAt + URGENT_AGAIN_MS));
        }
      }
    },
    look(now) {
      if (scorer.serving() === undefined) return;
      for (const [stream, turn] of turns) {
        if (turn.dueAt > now || turn.queued) continue;
        turn.queued = true;
        queue.push(stream);
      }
    },
    ask(now) {
      if (scorer.serving() === undefined) return;
      // An ATM without peers would be judged as if it stood alone.
      const ready = peers.gather(now);
      if (!ready || busy || queue.length === 0 || now < pausedUntil) return;
      const { device, rows } = gather(now);
      if (device.length > 0) void run(device, rows, now);
    },
    take() {
      if (claims.length === 0) return NONE;
      const taken = claims;
      claims = [];
      return taken;
    },
    get hasClaims() {
      return claims.length > 0;
    },
    isWaiting: (now) => queue.length > 0 && !busy && now >= pausedUntil,
    stop() {
      stopped = true;
    },
  };
}

/**
 * Whether an ATM is still telling its past, as after a long time without a network: half a day says
 * less than all of it. One whose clock is slow is as far behind at the next look, and is asked about.
 */
function isCatchingUp(turn: Turn, { lastSeenAt, lastAt }: DeviceState): boolean {
  const behindMs = (lastSeenAt ?? 0) - (lastAt ?? 0);
  const isCloser = behindMs < turn.behindMs - CLOSER_MIN_MS;
  turn.behindMs = behindMs;
  return behindMs > BEHIND_MIN_MS && isCloser;
}

function claimOf(device: string, scores: Scores, row: number, at: number): DeviceClaim {
  const { model, threshold, horizonHours } = scores;
  const factors = scores.factors.get(row) ?? [];
  const probability = scores.probabilities[row] as number;
  const action = serviceFor(factors);
  return {
    device,
    claim: { probability, horizonHours, model, threshold, factors, action },
    at,
  };
}

/** The first moment after this one at which it is an ATM's turn. */
export function turnAfter(stream: string, at: number, everyMs: number): number {
  const offset = placeOf(stream) % everyMs;
  return Math.floor((at - offset) / everyMs) * everyMs + everyMs + offset;
}

/** A number that is always the same for a name, and seldom the same for two (FNV-1a, 32 bits). */
function placeOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
