/**
 * What every detector is: it is told a series' readings one by one and says of each how strange it
 * is, given those before it and nothing else.
 *
 * What it knows of a series is memory that it is lent for each reading, so that one detector serves
 * all series of a size (`series.ts`).
 *
 * The same readings in the same order give the same judgements on every machine. A detector's
 * state is bounded, and `toJSON` is all of it: one that is restored goes on bit for bit.
 */
import type { Layout } from "./workbench.ts";

export interface Judgement {
  /** 0 to 1; `ALARM` and above is what this detector would call an anomaly. */
  readonly score: number;
  /** What should have come, and between what it usually lies; null while too little is known. */
  readonly expected: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  /** A sentence for people; empty where there is nothing to say. */
  readonly reason: string;
}

/** What judges the series that lies on the workbench. */
export interface Judge {
  /** `value` is within ±`VALUE_MAX`, `at` in epoch ms; a clock that goes back does no harm. */
  update(value: number, at: number): Judgement;
}

/** A judge and its series. */
export interface Detector extends Judge {
  toJSON(): unknown;
}

/** How detectors are made, anew or from what `toJSON` gave. */
export interface DetectorKind<Made extends Detector = Detector> {
  readonly name: string;
  /** For people: what it looks for. */
  readonly looksFor: string;
  start(saved?: unknown): Made;
}

/** One that can be of an ensemble. */
export interface MemberKind extends DetectorKind {
  /** Sets one up for all series that lie like this. */
  equip(layout: Layout): Judge;
}

/** Larger values are as good as this one: its square is still a number. */
export const VALUE_MAX = 1e150;

/** Where a score begins to be an anomaly. */
export const ALARM = 0.5;

/** No opinion: too little is known yet, or the series has nothing that this detector looks for. */
export const UNKNOWN: Judgement = {
  score: 0,
  expected: null,
  lower: null,
  upper: null,
  reason: "",
};

/** 0.5 where something is just as large as its limit, 0.9 at five times that, never quite 1. */
export function scoreOf(size: number, limit: number): number {
  const ratio = size / limit;
  return ratio < 1 ? ratio / 2 : 1 - 0.5 / ratio;
}

/** How many times its limit something of this score is: the inverse of `scoreOf`. */
export function ratioOf(score: number): number {
  return score < 0.5 ? 2 * score : 0.5 / (1 - score);
}
