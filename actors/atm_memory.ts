/**
 * What an ATM's actor keeps so that failures can be foretold and recognised: 24 hours of its reports
 * summed up, and the outage that is under way.
 *
 * A failure is certain only when maintenance ends it, so that is when it is said, once, with when it
 * began (`models/features/failures.ts`).
 */
import type { Conclusion } from "./decider.ts";
import type { Event } from "../events/event.ts";
import type { FailureEvent } from "../events/inference.ts";
import { formatInstant, parseInstant } from "../events/instant.ts";
import {
  AT,
  AtmHistory,
  CODE,
  FailureFollower,
  isCritical,
  type SavedFollower,
  type SavedHistory,
} from "../models/features/mod.ts";

/** Both come back from a snapshot as they were saved, until they are next used. */
export interface AtmMemory {
  history: AtmHistory | SavedHistory | undefined;
  follower: FailureFollower | SavedFollower;
  /** Where it stands, which says who its peers are; empty where that was never said. */
  region: string;
  /** When a critical code was last new, by our clock; null for never. Epoch ms. */
  criticalAt: number | null;
  /** When the latest failure that was said began; null for none. */
  failedAt: number | null;
}

export function noMemory(): AtmMemory {
  return { history: undefined, follower: {}, region: "", criticalAt: null, failedAt: null };
}

/** The last 24 hours, to compute features from. */
export function historyOf(memory: AtmMemory): AtmHistory {
  if (memory.history instanceof AtmHistory) return memory.history;
  return memory.history = new AtmHistory(memory.history);
}

/** Changes the memory in place. */
export function noteEvent(memory: AtmMemory, event: Event): void {
  if (event.type === "TelemetryReported") return noteReport(memory, event);
  if (event.type === "DeviceDescribed" && typeof event.data.region === "string") {
    memory.region = event.data.region;
  }
  if (event.type !== "FailureObserved") return;
  const beganAt = typeof event.data.beganAt === "string"
    ? parseInstant(event.data.beganAt)
    : undefined;
  if (beganAt !== undefined) memory.failedAt = Math.max(beganAt, memory.failedAt ?? beganAt);
}

function noteReport(memory: AtmMemory, { data, occurredAt, recordedAt }: Event): void {
  const history = historyOf(memory);
  const { latest } = history;
  const code = latest[CODE];
  // What arrives late is history: it begins no outage and ends none.
  const isNews = !(occurredAt < (latest[AT] as number));
  history.take(data, occurredAt);
  if (!isNews) return;
  if (latest[CODE] !== code && isCritical(latest[CODE] as number)) memory.criticalAt = recordedAt;
  const follower = followerOf(memory);
  if (follower.isIdle && data.status === "online") return; // Nearly always.
  follower.take({
    at: occurredAt,
    status: String(data.status),
    code: typeof data.error_code === "string" ? data.error_code : undefined,
  });
}

/** A failure that the report which was just taken in has made certain. */
export function concludeFailure(
  memory: AtmMemory,
  { type, occurredAt }: Event,
): Conclusion | undefined {
  if (type !== "TelemetryReported" || !(memory.follower instanceof FailureFollower)) return;
  const failure = memory.follower.underService;
  if (failure === undefined || failure.serviceAt !== occurredAt) return undefined;
  if (failure.at <= (memory.failedAt ?? -Infinity)) return undefined;
  const observed: FailureEvent = {
    type: "FailureObserved",
    data: {
      beganAt: formatInstant(failure.at),
      code: failure.code,
      serviceAt: formatInstant(failure.serviceAt),
    },
    occurredAt,
  };
  return { noted: {}, events: [observed] };
}

function followerOf(memory: AtmMemory): FailureFollower {
  if (memory.follower instanceof FailureFollower) return memory.follower;
  return memory.follower = new FailureFollower(memory.follower);
}
