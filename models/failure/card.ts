/** What is known of a trained failure model, for people and for serving. Plain JSON. */
import type { CurvePoint, ReliabilityBin } from "../metrics.ts";
import type { TreeParameters } from "../trees/parameters.ts";
import type { Alarms } from "./alarms.ts";
import type { ProbabilityJudgement } from "./judge.ts";
import type { LearnedModel } from "./learn.ts";

export interface FailureCard {
  readonly kind: "failure";
  /** Of ATMs that were simulated, and of nobody's own. */
  readonly simulated: boolean;
  /** What the rows are of, in words. */
  readonly source: string;
  readonly label: string;
  readonly horizonHours: number;
  /** How far back features look. */
  readonly historyHours: number;
  readonly data: {
    /** Of what was learned from: moments of the first and the last row, ISO 8601. */
    readonly from: string;
    readonly to: string;
    readonly rows: number;
    /** Rows before a failure. */
    readonly positives: number;
    readonly baseRate: number;
    readonly devices: number;
    readonly failures: number;
  };
  readonly parameters: TreeParameters;
  readonly search: { readonly trials: number; readonly prAuc: number | null };
  /** Claims from here on are alarms. */
  readonly threshold: number;
  /** By split: what it was judged by, none of which it had learned from. */
  readonly judged: Readonly<Record<string, JudgedOnCard>>;
  /** Beside the model that was in force, where there was one to stand beside. */
  readonly comparison: Comparison | null;
  /** Share of all that splits gained, the most first. */
  readonly importances: readonly { readonly feature: string; readonly share: number }[];
}

/** A judgement as JSON has it: null for what cannot be said, and no bins that are empty. */
export interface JudgedOnCard {
  readonly rows: number;
  readonly baseRate: number;
  readonly prAuc: number | null;
  readonly rocAuc: number | null;
  readonly brier: number;
  readonly calibrationError: number;
  readonly alarms: Omit<Alarms, "leadHours"> & { readonly leadHours: number | null };
  readonly reliability: readonly ReliabilityBin[];
  readonly curve: readonly CurvePoint[];
}

/** Both on the same rows, which neither has learned from. */
export interface Comparison {
  /** SHA-256 of the other. */
  readonly model: string;
  /** Null where there is nothing to judge both by; the verdict says why. */
  readonly own: JudgedOnCard | null;
  readonly other: JudgedOnCard | null;
  readonly better: boolean;
  /** A sentence that says so. */
  readonly verdict: string;
}

/** The contract's, of ATMs. */
export const FAILURE_LABEL =
  "a failure (an outage with a critical code that ends in maintenance 2 to 4 hours later) begins " +
  "within 4 hours";

type About = Pick<FailureCard, "source" | "label"> & {
  readonly judged: Readonly<Record<string, ProbabilityJudgement>>;
  /** @default false */
  readonly simulated?: boolean;
  readonly comparison?: Comparison | null;
};

const HORIZON_HOURS = 4;
const HISTORY_HOURS = 24;

export function cardOf(
  { model, parameters, searched, threshold, learned, importances }: LearnedModel,
  { source, label, judged, simulated = false, comparison = null }: About,
): FailureCard {
  const { from, to, rows, positives, devices, failures } = learned;
  return {
    kind: "failure",
    simulated,
    source,
    label,
    horizonHours: HORIZON_HOURS,
    historyHours: HISTORY_HOURS,
    data: {
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      rows,
      positives,
      baseRate: positives / rows,
      devices,
      failures,
    },
    parameters,
    search: { trials: searched.trials, prAuc: numberOrNull(searched.averagePrecision) },
    threshold,
    judged: Object.fromEntries(
      Object.entries(judged).map(([split, judgement]) => [split, judgedOnCard(judgement)]),
    ),
    comparison,
    importances: importances.map(({ column, share }) => ({
      feature: model.features[column] as string,
      share,
    })),
  };
}

export function judgedOnCard(judgement: ProbabilityJudgement): JudgedOnCard {
  const { prAuc, rocAuc, alarms, reliability, ...rest } = judgement;
  return {
    ...rest,
    prAuc: numberOrNull(prAuc),
    rocAuc: numberOrNull(rocAuc),
    alarms: { ...alarms, leadHours: numberOrNull(alarms.leadHours) },
    reliability: reliability.filter(({ count }) => count > 0),
  };
}

function numberOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

/** Whether serving can rely on it: a card comes with an order, and anybody may have written that. */
export function isFailureCard(card: unknown): card is FailureCard {
  const { kind, threshold, data } = (card ?? {}) as Partial<FailureCard>;
  return kind === "failure" && typeof threshold === "number" && threshold > 0 &&
    typeof data?.to === "string";
}
