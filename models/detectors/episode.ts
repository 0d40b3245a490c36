/**
 * The life of an anomaly: it starts with a detection, has a peak, and ends when the scores have
 * been low for a while.
 */
import { CALM } from "./rarity.ts";

/** So many low scores in a row end it: shorter lulls are part of it. */
const CALM_READINGS = 12;

/** Moments in epoch ms. */
export interface Episode {
  readonly startedAt: number;
  readonly peakAt: number;
  readonly peakScore: number;
  readonly peakValue: number;
  /** The latest reading that was not calm. */
  readonly lastAt: number;
  readonly calmReadings: number;
}

export interface Scored {
  readonly at: number;
  readonly value: number;
  readonly score: number;
  readonly isAnomaly: boolean;
}

/** What the reading makes of the open episode; undefined where none is open. */
export interface Turn {
  readonly open: Episode | undefined;
  /** The one that this reading ended; a detection that comes meanwhile belongs to the open one. */
  readonly ended: Episode | undefined;
}

export function followEpisode(open: Episode | undefined, reading: Scored): Turn {
  if (!open) return { open: reading.isAnomaly ? begin(reading) : undefined, ended: undefined };
  const { at, value, score } = reading;
  if (score < CALM && !reading.isAnomaly) {
    const calmer = { ...open, calmReadings: open.calmReadings + 1 };
    return calmer.calmReadings < CALM_READINGS
      ? { open: calmer, ended: undefined }
      : { open: undefined, ended: open };
  }
  const peak = score > open.peakScore ? { peakAt: at, peakScore: score, peakValue: value } : {};
  return { open: { ...open, ...peak, lastAt: at, calmReadings: 0 }, ended: undefined };
}

function begin({ at, value, score }: Scored): Episode {
  return {
    startedAt: at,
    peakAt: at,
    peakScore: score,
    peakValue: value,
    lastAt: at,
    calmReadings: 0,
  };
}
