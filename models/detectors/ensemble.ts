/**
 * The default for every series: several detectors, one opinion, no parameters.
 */
import type { Severity } from "../../events/device.ts";
import { Alarm, type SavedAlarm } from "./alarm.ts";
import { ALARM, type Detector, type DetectorKind, type Judgement } from "./detector.ts";
import { severityOf } from "./severity.ts";
import { unfamiliar } from "./unfamiliar.ts";

export interface Opinion extends Judgement {
  readonly name: string;
}

export interface Verdict extends Judgement {
  /** The detection: the first reading of an anomaly, and what we would be judged by. */
  readonly isAnomaly: boolean;
  /** From where on a score is an anomaly. */
  readonly threshold: number;
  /** Undefined below the threshold. */
  readonly severity: Severity | undefined;
  /** The members' own, the surest first. */
  readonly detectors: readonly Opinion[];
}

const MEMBERS: readonly DetectorKind[] = [unfamiliar];

interface Saved {
  readonly members: Readonly<Record<string, unknown>>;
  readonly alarm: SavedAlarm;
}

export class Ensemble implements Detector {
  readonly #members: readonly { readonly name: string; readonly detector: Detector }[];
  readonly #alarm: Alarm;

  constructor(saved?: Saved) {
    this.#members = MEMBERS.map(({ name, start }) => ({
      name,
      detector: start(saved?.members[name]),
    }));
    this.#alarm = new Alarm(saved?.alarm);
  }

  update(value: number, at: number): Verdict {
    const detectors = this.#members
      .map(({ name, detector }) => ({ name, ...detector.update(value, at) }))
      .sort((a, b) => b.score - a.score);
    const { score = 0, expected = null, lower = null, upper = null, reason = "" } = detectors[0] ??
      {};
    const isAnomaly = this.#alarm.update(score);
    const severity = score < ALARM ? undefined : severityOf(score);
    return {
      score,
      expected,
      lower,
      upper,
      reason,
      isAnomaly,
      threshold: ALARM,
      severity,
      detectors,
    };
  }

  toJSON(): Saved {
    return {
      members: Object.fromEntries(
        this.#members.map(({ name, detector }) => [name, detector.toJSON()]),
      ),
      alarm: this.#alarm.toJSON(),
    };
  }
}

export const ensemble: DetectorKind<Ensemble> = {
  name: "ensemble",
  looksFor: "whatever its members look for",
  start: (saved) => new Ensemble(saved as Saved | undefined),
};
