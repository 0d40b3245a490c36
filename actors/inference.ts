/**
 * What is foretold of a device, beside the device's own actor: scores become predictions, and every
 * prediction is held against what then happened, exactly once.
 *
 * A prediction stands from the first score at its threshold until two scores in a row are calm, its
 * horizon passes, or the device fails, is serviced or leaves service. Whether it was right is known
 * later: a failure is certain only at the maintenance that ends it, up to four hours after it began
 * (`models/features/failures.ts`), so one that was withdrawn or has expired still waits for that.
 *
 * It remembers nothing but what its own events say. Its clock is that of what it hears: the moment
 * of the latest score, and from there on ours. So a history that is imported in a minute is foretold,
 * and judged, as it would have been in the year it took.
 */
import type { Event } from "../events/event.ts";
import {
  type Claim,
  type Cleared,
  INFERENCE_KIND,
  type InferenceEvent,
} from "../events/inference.ts";
import { formatInstant, parseInstant } from "../events/instant.ts";
import type { Json } from "../events/vocabulary.ts";
import type { Decider, TickInput } from "./decider.ts";

/** A model's or a method's claim about the device at a moment. */
export interface ClaimedInput {
  readonly type: "Claimed";
  /** The device's own stream: `atm-ATM-0042`. */
  readonly device: string;
  readonly claim: Claim;
  /** What the claim was made from was true then; epoch ms. */
  readonly at: number;
  readonly now: number;
}

/** The device's own actor has recorded something that predictions are held against. */
export interface DeviceToldInput {
  readonly type: "DeviceTold";
  readonly event: Pick<Event, "type" | "data" | "occurredAt">;
  readonly now: number;
}

export interface InferenceTick extends TickInput {
  /** Out of service and not being serviced: it may be failing as foretold. */
  readonly isDown?: boolean;
}

export type InferenceInput = ClaimedInput | DeviceToldInput | InferenceTick;

/** What this actor wants to be told of its device. */
export const TOLD_OF: ReadonlySet<string> = new Set([
  "FailureObserved",
  "StatusChanged",
  "PartRenewed",
  "DeviceDecommissioned",
]);

/** A prediction of which it is not yet known what came of it. Moments are epoch ms. */
interface Unsettled {
  readonly prediction: string;
  readonly at: number;
  readonly until: number;
  readonly threshold: number;
  readonly model: string;
  /** Null while it stands. */
  clearedAt: number | null;
}

/** What is known of the risk of a part, or of the whole device where it has none. */
interface PartRisk {
  /** Empty for the whole device. */
  readonly part: string;
  /** Failures that began before its first score were nobody's to foretell. */
  readonly firstAt: number;
  latestAt: number;
  /** Our clock when that was recorded. */
  heardAt: number;
  probability: number;
  horizonMs: number;
  model: string;
  /** Scores in a row that were calm, while a prediction stood. */
  calm: number;
  /** Oldest first; only the last may stand. */
  readonly unsettled: Unsettled[];
  /** When the latest failure that was held against predictions began. */
  failedAt: number | null;
}

/** Plain JSON below 64 KiB. */
export interface InferenceState {
  /** So many were foretold; the newest has this number. */
  predictions: number;
  readonly parts: PartRisk[];
}

/**
 * A risk is calm below this share of the threshold it was foretold at. In between nothing changes,
 * so a probability that wavers about the threshold calls nobody twice.
 */
const CALM_SHARE = 0.6;
const CALM_SCORES = 2;
/** From a failure's beginning until it is certain that it was one, at most. */
const CERTAIN_AFTER_MS = 4 * 3_600_000;
const HOUR_MS = 3_600_000;
/** A device of more parts is watched part by part as far as there is room. */
export const PARTS_MAX = 16;
/** While so many of a part wait for what comes of them, they speak for it, and no more are made. */
export const UNSETTLED_MAX = 8;

export const inference: Decider<InferenceState, InferenceInput> = {
  kind: INFERENCE_KIND,
  stateVersion: 1,
  initial: () => ({ predictions: 0, parts: [] }),
  decide(state, input) {
    switch (input.type) {
      case "Claimed":
        return hearClaim(state, input);
      case "DeviceTold":
        return hearOfDevice(state, input);
      case "Tick":
        return state.parts.flatMap((risk) =>
          settleByTime(risk, presentOf(risk, input.now), input.isDown ?? false)
        );
    }
  },
  evolve,
  nextDeadline({ parts }) {
    let next = Infinity;
    for (const { unsettled, latestAt, heardAt } of parts) {
      for (const { until, clearedAt } of unsettled) {
        const due = clearedAt === null ? until : until + CERTAIN_AFTER_MS;
        next = Math.min(next, due + heardAt - latestAt);
      }
    }
    return next;
  },
};

/** The latest score of a part; undefined where there was none. */
export function latestScoreAt({ parts }: InferenceState, part = ""): number | undefined {
  return parts.find((risk) => risk.part === part)?.latestAt;
}

function hearClaim(state: InferenceState, input: ClaimedInput): readonly InferenceEvent[] {
  const { claim, at } = input;
  const { part, probability, horizonHours, model, remaining, threshold } = claim;
  const risk = riskOf(state, part);
  // A moment is judged once; and one that no room can be made for is not half remembered.
  if (risk === undefined ? !hasRoom(state) : at <= risk.latestAt) return [];
  const said = {
    ...partIn(part),
    probability,
    horizonHours,
    model,
    ...(remaining && { remaining }),
  };
  const events: InferenceEvent[] = risk === undefined ? [] : [...settleByTime(risk, at, false)];
  events.push({ type: "RiskScored", data: said, occurredAt: at });
  const standing = risk && standingOf(risk);
  if (risk !== undefined && standing !== undefined && at < standing.until) {
    const calm = isCalm(probability, standing) ? risk.calm + 1 : 0;
    if (calm === CALM_SCORES) events.push(clear(part, standing, probability, "risk-fell", at));
    return events;
  }
  if (probability < threshold || (risk?.unsettled.length ?? 0) >= UNSETTLED_MAX) return events;
  return [...events, ...foretell(state, input, said)];
}

function foretell(
  state: InferenceState,
  { device, claim, at }: ClaimedInput,
  said: Omit<Claim, "threshold" | "factors" | "action">,
): readonly InferenceEvent[] {
  const { part, threshold, factors, action, horizonHours, remaining } = claim;
  const prediction = `${device}.${state.predictions + 1}`;
  const hours = Math.min(horizonHours, remaining?.earliestHours ?? horizonHours);
  const by = formatInstant(at + hours * HOUR_MS);
  return [
    {
      type: "FailurePredicted",
      data: { prediction, ...said, threshold, factors },
      occurredAt: at,
    },
    {
      type: "MaintenanceRecommended",
      data: { prediction, ...partIn(part), action, by },
      occurredAt: at,
    },
  ];
}

function hearOfDevice(
  state: InferenceState,
  { event: { type, data, occurredAt }, now }: DeviceToldInput,
): readonly InferenceEvent[] {
  // A clock ahead of ours tells of what has happened, not of what will.
  const at = Math.min(occurredAt, now);
  switch (type) {
    case "FailureObserved": {
      const risk = riskOf(state, textOr(data.part));
      return risk === undefined ? [] : holdAgainstFailure(risk, data, at);
    }
    case "StatusChanged":
      if (data.to !== "maintenance") return [];
      return state.parts.flatMap((risk) =>
        risk.unsettled.filter((one) => one.at <= at && at <= one.until)
          .flatMap((one) => settle(risk, one, { why: "serviced", outcome: "serviced" }, at))
      );
    case "PartRenewed": {
      const risk = riskOf(state, textOr(data.part));
      return risk === undefined
        ? []
        : risk.unsettled.filter((one) => one.at <= at && at <= one.until)
          .flatMap((one) => settle(risk, one, { why: "serviced", outcome: "serviced" }, at));
    }
    case "DeviceDecommissioned":
      return state.parts.flatMap((risk) => {
        const present = presentOf(risk, now);
        return risk.unsettled.filter(({ until }) => present < until).flatMap((one) =>
          settle(risk, one, { why: "out-of-service", outcome: "serviced" }, present)
        );
      });
  }
  return [];
}

/**
 * Every prediction whose horizon holds the failure's beginning was right, withdrawn or not; and where
 * none of them still stood then, the failure came unforetold.
 */
function holdAgainstFailure(
  risk: PartRisk,
  data: Json,
  knownAt: number,
): readonly InferenceEvent[] {
  const beganAt = momentIn(data.beganAt);
  if (beganAt === undefined || beganAt <= (risk.failedAt ?? -Infinity)) return [];
  const failure = { beganAt, code: textOr(data.code) ?? "" };
  const right = risk.unsettled.filter(({ at, until }) => at < beganAt && beganAt <= until);
  // What was foretold of a device that had begun to fail could not come true any more.
  const servicedAt = momentIn(data.serviceAt) ?? beganAt;
  const late = risk.unsettled.filter(({ at }) => beganAt <= at && at <= servicedAt);
  const wasStanding = right.some(({ clearedAt }) => clearedAt === null || clearedAt >= beganAt);
  const events = [
    ...right.flatMap((one) =>
      settle(risk, one, { why: "failed", outcome: "hit", failure }, knownAt)
    ),
    ...late.flatMap((one) => settle(risk, one, { why: "serviced", outcome: "serviced" }, knownAt)),
  ];
  if (wasStanding || beganAt <= risk.firstAt) return events;
  const wasScored = risk.latestAt >= beganAt - risk.horizonMs;
  return [...events, {
    type: "PredictionScored",
    data: {
      prediction: null,
      ...partIn(risk.part),
      outcome: "miss",
      leadTimeHours: null,
      failureAt: formatInstant(beganAt),
      code: failure.code,
      model: wasScored ? risk.model : null,
    },
    occurredAt: knownAt,
  }];
}

/** A standing one whose device is down waits to be told what came of it, as long as that can take. */
function settleByTime(risk: PartRisk, present: number, isDown: boolean): InferenceEvent[] {
  return risk.unsettled.flatMap((one) => {
    if (present >= one.until + CERTAIN_AFTER_MS) {
      return settle(risk, one, { why: "expired", outcome: "false-alarm" }, present);
    }
    if (one.clearedAt !== null || present < one.until || isDown) return [];
    return [clear(risk.part, one, risk.probability, "expired", present)];
  });
}

/** The moment it is where the device is: of its latest score, and as long after that as it is now. */
function presentOf({ latestAt, heardAt }: PartRisk, now: number): number {
  return latestAt + Math.max(0, now - heardAt);
}

interface Ending {
  readonly why: Cleared;
  readonly outcome: "hit" | "false-alarm" | "serviced";
  readonly failure?: { readonly beganAt: number; readonly code: string };
}

function settle(
  { part, probability }: PartRisk,
  one: Unsettled,
  { why, outcome, failure }: Ending,
  at: number,
): readonly InferenceEvent[] {
  const scored: InferenceEvent = {
    type: "PredictionScored",
    data: {
      prediction: one.prediction,
      ...partIn(part),
      outcome,
      leadTimeHours: failure ? (failure.beganAt - one.at) / HOUR_MS : null,
      failureAt: failure ? formatInstant(failure.beganAt) : null,
      ...(failure && { code: failure.code }),
      model: one.model,
    },
    occurredAt: at,
  };
  return one.clearedAt === null ? [clear(part, one, probability, why, at), scored] : [scored];
}

function clear(
  part: string | undefined,
  { prediction }: Unsettled,
  probability: number | null,
  why: Cleared,
  at: number,
): InferenceEvent {
  const data = { prediction, ...partIn(part), probability, why };
  return { type: "FailureRiskCleared", data, occurredAt: at };
}

function evolve(state: InferenceState, event: Event): InferenceState {
  const { type, data, occurredAt } = event;
  const part = textOr(data.part) ?? "";
  const risk = state.parts.find((risk) => risk.part === part);
  switch (type) {
    case "RiskScored":
      takeScore(state, risk, part, event);
      break;
    case "FailurePredicted":
      state.predictions++;
      if (risk) takePrediction(risk, data, occurredAt);
      break;
    case "FailureRiskCleared": {
      const one = risk?.unsettled.find(({ prediction }) => prediction === data.prediction);
      if (one) one.clearedAt ??= occurredAt;
      break;
    }
    case "PredictionScored":
      if (risk) takeOutcome(risk, data);
  }
  return state;
}

function takeScore(
  state: InferenceState,
  risk: PartRisk | undefined,
  part: string,
  { data, occurredAt: at, recordedAt }: Event,
): void {
  const told = {
    latestAt: at,
    heardAt: recordedAt,
    probability: numberOr(data.probability, 0),
    horizonMs: numberOr(data.horizonHours, 0) * HOUR_MS,
    model: textOr(data.model) ?? "",
  };
  if (risk === undefined) {
    if (state.parts.length === PARTS_MAX) forgetOne(state);
    if (state.parts.length === PARTS_MAX) return;
    state.parts.push({ part, firstAt: at, ...told, calm: 0, unsettled: [], failedAt: null });
    return;
  }
  const standing = standingOf(risk);
  const calm = standing !== undefined && isCalm(told.probability, standing);
  Object.assign(risk, told, { calm: calm ? risk.calm + 1 : 0 });
}

function takePrediction(risk: PartRisk, data: Json, at: number): void {
  risk.calm = 0;
  if (risk.unsettled.length === UNSETTLED_MAX) risk.unsettled.shift();
  risk.unsettled.push({
    prediction: textOr(data.prediction) ?? "",
    at,
    until: at + numberOr(data.horizonHours, 0) * HOUR_MS,
    threshold: numberOr(data.threshold, 1),
    model: textOr(data.model) ?? "",
    clearedAt: null,
  });
}

function takeOutcome(risk: PartRisk, data: Json): void {
  const place = risk.unsettled.findIndex(({ prediction }) => prediction === data.prediction);
  if (place >= 0) risk.unsettled.splice(place, 1);
  const failureAt = momentIn(data.failureAt);
  if (failureAt !== undefined) risk.failedAt = Math.max(failureAt, risk.failedAt ?? failureAt);
}

function riskOf({ parts }: InferenceState, part: string | undefined): PartRisk | undefined {
  return parts.find((risk) => risk.part === (part ?? ""));
}

function standingOf({ unsettled }: PartRisk): Unsettled | undefined {
  return unsettled.find(({ clearedAt }) => clearedAt === null);
}

function isCalm(probability: number, { threshold }: Unsettled): boolean {
  return probability < CALM_SHARE * threshold;
}

function hasRoom({ parts }: InferenceState): boolean {
  return parts.length < PARTS_MAX || parts.some(isForgettable);
}

/** The part that was scored longest ago, of those that wait for nothing. */
function forgetOne({ parts }: InferenceState): void {
  const candidates = parts.filter(isForgettable);
  const oldest = candidates.reduce<PartRisk | undefined>(
    (oldest, risk) => oldest && oldest.latestAt <= risk.latestAt ? oldest : risk,
    undefined,
  );
  if (oldest) parts.splice(parts.indexOf(oldest), 1);
}

function isForgettable({ unsettled }: PartRisk): boolean {
  return unsettled.length === 0;
}

function partIn(part: string | undefined): { part?: string } {
  return part === undefined || part === "" ? {} : { part };
}

function textOr(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

function momentIn(value: unknown): number | undefined {
  return typeof value === "string" ? parseInstant(value) : undefined;
}
