/**
 * The sensor's anomalies: every reading is held against those before it, and what is found becomes
 * a numbered anomaly with a beginning, a peak and an end.
 *
 * The detectors learn in `evolve`, so they are run once per reading and are the same after the log
 * has been folded again. What they said is recorded: the score beside the reading, and an event
 * where something was found. So other detectors, one day, do not change what was said.
 */
import type { Severity } from "../events/device.ts";
import type { Event, NewEvent } from "../events/event.ts";
import { formatInstant } from "../events/instant.ts";
import type { AnomalyEvent, AnomalyFound } from "../events/sensor.ts";
import {
  ALARM,
  Ensemble,
  ensemble,
  type Episode,
  followEpisode,
  severityOf,
  type Verdict,
} from "../models/detectors/mod.ts";
import { judgeForecast } from "../models/lstm/forecast.ts";
import { type CommandInput, CommandRejectedError, type Conclusion } from "./decider.ts";

/** What a sensor's actor remembers of its readings and of what was found in them. */
export interface Anomalies {
  /** Its detectors; as they were saved until the next reading comes. */
  detectors: unknown;
  /** What they made of the latest reading; all of it only where it is an anomaly. */
  score: number;
  verdict: Verdict | null;
  /** The episode that it ended. */
  ended: Episode | null;
  /** As the scores tell it. */
  open: Episode | null;
  /** As the log tells it: the number of the anomaly that goes on, and what was last said of it. */
  current: { readonly episode: number; readonly severity: Severity } | null;
  /** Number of the latest anomaly. */
  episodes: number;
  /** The latest that somebody has dealt with. */
  readonly resolved: number[];
}

const NOTHING: readonly NewEvent[] = [];
const RESOLVED_KEPT = 64;
/** Scores are told in ten-thousandths. */
const SCORE_UNIT = 10_000;

export function noAnomalies(): Anomalies {
  return {
    detectors: undefined,
    score: 0,
    verdict: null,
    ended: null,
    open: null,
    current: null,
    episodes: 0,
    resolved: [],
  };
}

/** Takes in a reading of the sensor, or what was recorded of its anomalies. */
export function noteAnomalies(anomalies: Anomalies, event: Event): void {
  const { type, data } = event;
  switch (type) {
    case "ReadingReported":
      if (typeof data.value === "number") judge(anomalies, data.value, event);
      return;
    case "AnomalyDetected":
    case "AnomalyWorsened": {
      const { episode, severity } = data as AnomalyFound;
      anomalies.current = { episode, severity };
      if (episode > anomalies.episodes) anomalies.episodes = episode;
      return;
    }
    case "AnomalyEnded":
      anomalies.current = null;
      return;
    case "DeviceFellSilent":
    case "DeviceDecommissioned":
      anomalies.open = null;
      return;
    case "AnomalyResolved":
      anomalies.resolved.push(Number(data.episode));
      if (anomalies.resolved.length > RESOLVED_KEPT) anomalies.resolved.shift();
  }
}

function judge(
  anomalies: Anomalies,
  value: number,
  { occurredAt, recordedAt, metadata }: Event,
): void {
  // A clock ahead of ours must not make everything that follows late.
  const at = Math.min(occurredAt, recordedAt);
  const detectors = anomalies.detectors instanceof Ensemble
    ? anomalies.detectors
    : ensemble.start(anomalies.detectors ?? undefined);
  const verdict = detectors.update(value, at, judgeForecast(metadata?.foretold, value));
  const reading = { at, value, score: verdict.score, isAnomaly: verdict.isAnomaly };
  const { open, ended } = followEpisode(anomalies.open ?? undefined, reading);
  anomalies.detectors = detectors;
  anomalies.score = verdict.score;
  anomalies.verdict = verdict.score < ALARM ? null : verdict;
  anomalies.ended = ended ?? null;
  anomalies.open = open ?? null;
}

/** What follows from the reading that was just taken in. */
export function concludeReading(
  { score, verdict, ended, current, episodes, open }: Anomalies,
  { data, occurredAt: at }: Event,
): Conclusion | undefined {
  if (typeof data.value !== "number") return undefined;
  const told = toldScore(score);
  const found = (episode: number, verdict: Verdict): AnomalyFound => ({
    episode,
    startedAt: formatInstant(open?.startedAt ?? at),
    value: Number(data.value),
    ...findingOf(verdict),
  });
  if (verdict?.isAnomaly) {
    const data = found(current?.episode ?? episodes + 1, verdict);
    const detected = { type: "AnomalyDetected", data, occurredAt: at } as const;
    return { noted: { score: told, anomaly: true }, events: [detected satisfies AnomalyEvent] };
  }
  const noted = { score: told };
  if (current === null) return { noted, events: NOTHING };
  if (ended !== null) return { noted, events: [endOf(ended, current.episode, at)] };
  if (verdict === null || open === null || !isWorse(score, current.severity)) {
    return { noted, events: NOTHING };
  }
  const worsened = {
    type: "AnomalyWorsened",
    data: found(current.episode, verdict),
    occurredAt: at,
  } as const;
  return { noted, events: [worsened satisfies AnomalyEvent] };
}

/** Nobody says any more whether it goes on: it ended with the last reading that belonged to it. */
export function endWithoutReading(
  { current, open }: Anomalies,
  fresh: readonly NewEvent[],
): readonly NewEvent[] {
  if (current === null || open === null) return [];
  const last = fresh.find(({ type }) =>
    type === "DeviceFellSilent" || type === "DeviceDecommissioned"
  );
  return last === undefined ? [] : [endOf(open, current.episode, last.occurredAt)];
}

function toldScore(score: number): number {
  return Math.round(score * SCORE_UNIT) / SCORE_UNIT;
}

const RANK: Readonly<Record<Severity, number>> = { low: 0, medium: 1, high: 2, critical: 3 };

function isWorse(score: number, than: Severity): boolean {
  return RANK[severityOf(toldScore(score))] > RANK[than];
}

function findingOf(verdict: Verdict): Omit<AnomalyFound, "episode" | "startedAt" | "value"> {
  const { expected, lower, upper, reason, threshold, detectors } = verdict;
  const score = toldScore(verdict.score);
  return {
    score,
    threshold,
    severity: severityOf(score),
    expected,
    lower,
    upper,
    reason,
    detectors: detectors.filter((opinion) => opinion.score >= threshold)
      .map(({ name, score, reason }) => ({ name, score: toldScore(score), reason })),
  };
}

function endOf(past: Episode, episode: number, at: number): AnomalyEvent {
  const data = {
    episode,
    startedAt: formatInstant(past.startedAt),
    peakAt: formatInstant(past.peakAt),
    peakScore: toldScore(past.peakScore),
    peakValue: past.peakValue,
    lastAt: formatInstant(past.lastAt),
  };
  return { type: "AnomalyEnded", data, occurredAt: at };
}

export function decideResolution(
  { episodes, resolved }: Anomalies,
  { data, at }: CommandInput,
): readonly AnomalyEvent[] {
  const episode = Number(data.episode);
  if (episode > episodes) {
    throw new CommandRejectedError("no-such-anomaly", `This sensor had no anomaly ${episode}`);
  }
  if (resolved.includes(episode)) return [];
  return [{ type: "AnomalyResolved", data: { episode, by: String(data.by) }, occurredAt: at }];
}
