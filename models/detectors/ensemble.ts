/**
 * The default for every series: several detectors, one opinion, no parameters.
 *
 * Members that rank what they see in its own history are pooled: how many times rarer than an
 * anomaly has to be, averaged as logarithms with weights (a logarithmic opinion pool, Genest and
 * Zidek 1986). Rules speak for themselves, when they do. What the ensemble says is the larger.
 */
import type { Severity } from "../../events/device.ts";
import { Alarm } from "./alarm.ts";
import {
  ALARM,
  type Detector,
  type DetectorKind,
  type Judge,
  type Judgement,
  type MemberKind,
  ratioOf,
  scoreOf,
  UNKNOWN,
  VALUE_MAX,
} from "./detector.ts";
import { flatLine } from "./flat_line.ts";
import { level } from "./level.ts";
import { restlessness } from "./restlessness.ts";
import { robustZ } from "./robust_z.ts";
import { season } from "./season.ts";
import { type SavedSeries, Series, Workshop } from "./series.ts";
import { severityOf } from "./severity.ts";
import { spike } from "./spike.ts";
import { unfamiliar } from "./unfamiliar.ts";

export interface Opinion {
  readonly name: string;
  readonly score: number;
  readonly reason: string;
}

export interface Verdict extends Judgement {
  /** The detection: the first reading of an anomaly, and what we would be judged by. */
  readonly isAnomaly: boolean;
  /** From where on a score is an anomaly. */
  readonly threshold: number;
  /** Undefined below the threshold. */
  readonly severity: Severity | undefined;
  /** What each member that has an opinion says, the surest first; empty below the threshold. */
  readonly detectors: readonly Opinion[];
}

interface Member {
  readonly kind: MemberKind;
  /** In the pool; a rule has none. */
  readonly weight: number;
}

/** Alone `unfamiliar` finds most; the others see what it is slow to see, and steady it. */
const MEMBERS: readonly Member[] = [
  { kind: unfamiliar, weight: 50 },
  { kind: level, weight: 3 },
  { kind: season, weight: 8 },
  { kind: restlessness, weight: 1 },
  { kind: robustZ, weight: 1 },
  { kind: spike, weight: 0 },
  { kind: flatLine, weight: 0 },
];

const NONE: readonly Opinion[] = [];
/** What the members say of the reading, made anew by each. */
const judgements: Judgement[] = MEMBERS.map(() => UNKNOWN);

interface Tools {
  readonly judges: readonly Judge[];
  readonly alarm: Alarm;
}

const workshop = new Workshop<Tools>((layout) => ({
  judges: MEMBERS.map(({ kind }) => kind.equip(layout)),
  alarm: new Alarm(layout.doubles(Alarm.STATE_LENGTH)),
}));

export class Ensemble implements Detector {
  readonly #series: Series<Tools>;

  constructor(saved?: SavedSeries) {
    this.#series = new Series(workshop, saved);
  }

  /** `foretold`: what a forecaster trained on the series makes of the reading, where it has one. */
  update(value: number, at: number, foretold: Judgement = UNKNOWN): Verdict {
    if (!Number.isFinite(value)) throw new RangeError(`Cannot judge ${value}: expected a number`);
    const tame = Math.max(-VALUE_MAX, Math.min(VALUE_MAX, value));
    const { judges, alarm } = this.#series.layOut();
    for (let i = 0; i < judges.length; i++) {
      judgements[i] = (judges[i] as Judge).update(tame, at);
    }
    const score = Math.max(combine(), foretold.score);
    const isAnomaly = alarm.update(score);
    this.#series.takeBack();
    const { expected, lower, upper, reason, detectors } = explain(score, foretold);
    return {
      score,
      expected,
      lower,
      upper,
      reason,
      detectors,
      isAnomaly,
      threshold: ALARM,
      severity: score < ALARM ? undefined : severityOf(score),
    };
  }

  toJSON(): SavedSeries {
    return this.#series.toJSON();
  }
}

function combine(): number {
  let logs = 0;
  let weights = 0;
  let rule = 0;
  for (let i = 0; i < MEMBERS.length; i++) {
    const { weight } = MEMBERS[i] as Member;
    const judgement = judgements[i] as Judgement;
    if (judgement === UNKNOWN) continue;
    if (weight === 0) rule = Math.max(rule, judgement.score);
    else {
      logs += weight * Math.log(ratioOf(judgement.score));
      weights += weight;
    }
  }
  const pooled = weights === 0 ? 0 : scoreOf(Math.exp(logs / weights), 1);
  return Math.max(pooled, rule);
}

function expectsSomething({ expected }: Judgement): boolean {
  return expected !== null;
}

/** What the members say, and the expectation and the reason of the one to believe. */
function explain(
  score: number,
  foretold: Judgement,
): Omit<Verdict, "score" | "isAnomaly" | "threshold" | "severity"> {
  const expecting = foretold.expected === null
    ? judgements.find(expectsSomething) ?? UNKNOWN
    : foretold;
  const { expected, lower, upper } = expecting;
  if (score < ALARM) return { expected, lower, upper, reason: "", detectors: NONE }; // Nearly always.
  const detectors = judgements
    .map((judgement, i) => ({ name: (MEMBERS[i] as Member).kind.name, judgement }))
    .concat({ name: "forecaster", judgement: foretold })
    .filter(({ judgement }) => judgement !== UNKNOWN)
    .map(({ name, judgement }) => ({ name, score: judgement.score, reason: judgement.reason }))
    .sort((a, b) => b.score - a.score);
  return { expected, lower, upper, reason: detectors[0]?.reason ?? "", detectors };
}

export const ensemble: DetectorKind<Ensemble> = {
  name: "ensemble",
  looksFor: "all of these together",
  start: (saved) => new Ensemble(saved as SavedSeries | undefined),
};
