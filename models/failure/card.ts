/** What is known of a trained failure model, for people and for serving. Plain JSON. */
import { importances } from "../trees/forest.ts";
import { sha256Of, writeModel } from "../trees/model.ts";
import type { TreeParameters } from "../trees/parameters.ts";
import type { ProbabilityJudgement } from "./judge.ts";
import type { LearnedModel } from "./learn.ts";

export interface FailureCard {
  readonly kind: "failure";
  /** What the rows are of, such as ATMs that were simulated. */
  readonly source: string;
  readonly label: string;
  readonly data: {
    /** Of what was learned from: moments of the first and the last row, ISO 8601. */
    readonly from: string;
    readonly to: string;
    readonly rows: number;
    readonly positives: number;
  };
  readonly parameters: TreeParameters;
  readonly search: { readonly trials: number; readonly prAuc: number | null };
  /** Claims from here on are alarms. */
  readonly threshold: number;
  /** By split: what it was judged by, none of which it had learned from. */
  readonly judged: Readonly<Record<string, ProbabilityJudgement>>;
  /** Share of all that splits gained, the most first. */
  readonly importances: readonly { readonly feature: string; readonly share: number }[];
  /** Of the model as it is kept. */
  readonly sha256: string;
}

export async function cardOf(
  { model, parameters, searched, threshold, learned }: LearnedModel,
  { source, label, judged }: Pick<FailureCard, "source" | "label" | "judged">,
): Promise<FailureCard> {
  return {
    kind: "failure",
    source,
    label,
    data: {
      from: new Date(learned.from).toISOString(),
      to: new Date(learned.to).toISOString(),
      rows: learned.rows,
      positives: learned.positives,
    },
    parameters,
    search: {
      trials: searched.trials,
      prAuc: Number.isNaN(searched.averagePrecision) ? null : searched.averagePrecision,
    },
    threshold,
    judged,
    importances: importances(model.forest).map(({ column, share }) => ({
      feature: model.features[column] as string,
      share,
    })),
    sha256: await sha256Of(writeModel(model)),
  };
}
