/** Failure models beside others, in words. */
import type { Alarms } from "../../models/failure/alarms.ts";
import type { Judgement, ProbabilityJudgement } from "../../models/failure/judge.ts";
import { count } from "../progress.ts";
import { table } from "./table.ts";

export interface Contender {
  readonly name: string;
  readonly judgement: Judgement | ProbabilityJudgement;
}

const HEAD = [
  "PR-AUC",
  "ROC-AUC",
  "ECE",
  "caught",
  "alarms/week",
  "false/week",
  "lead h",
];

/** A table of contenders over the same rows. `best` is the PR-AUC nobody can beat, where known. */
export function describeContenders(
  title: string,
  contenders: readonly Contender[],
  best?: number,
): string {
  const first = (contenders[0] as Contender).judgement;
  const share = best === undefined ? [] : ["of best"];
  const lines = contenders.map(({ name, judgement }) => {
    const [prAuc = "", ...others] = cellsOf(judgement);
    return [name, prAuc, ...best === undefined ? [] : [short(judgement.prAuc / best)], ...others];
  });
  const [prAuc = "", ...others] = HEAD;
  return [
    `${title}: ${count(first.rows)} rows, ${
      (100 * first.baseRate).toFixed(2)
    } % of them before a failure (the PR-AUC of chance is ${short(first.baseRate)})`,
    table([["", prAuc, ...share, ...others], ...lines]),
  ].join("\n");
}

export const LEGEND =
  `PR-AUC: average precision. ECE: expected calibration error, ten bins. caught: failures with an alarm
in the four hours before. alarms/week, false/week: alarm episodes per device and week, all and those
without a failure within four hours; rows in alarm no more than four hours apart are one episode,
for a day at most, after which it counts as another.
lead h: median from the begin of the alarm to the last row before the failure.`;

/** One line per bin that has rows. */
export function describeReliability({ reliability }: ProbabilityJudgement): string {
  const rows = reliability.filter(({ count }) => count > 0).map((bin) => [
    `${bin.from.toFixed(1)} to ${bin.to.toFixed(1)}`,
    count(bin.count),
    short(bin.claimed),
    short(bin.happened),
  ]);
  return table([["claimed", "rows", "mean claim", "happened"], ...rows]);
}

export function describeAlarms({ caught, failures, falseEpisodes }: Alarms): string {
  const alarms = falseEpisodes === 1 ? "1 false alarm" : `${falseEpisodes} false alarms`;
  return `${caught} of ${failures} failures caught with ${alarms}`;
}

function cellsOf(judgement: Judgement | ProbabilityJudgement): string[] {
  const { prAuc, rocAuc, alarms } = judgement;
  return [
    short(prAuc),
    short(rocAuc),
    "calibrationError" in judgement ? short(judgement.calibrationError) : "-",
    `${alarms.caught} of ${alarms.failures}`,
    short(alarms.episodes / alarms.deviceWeeks),
    short(alarms.falseEpisodes / alarms.deviceWeeks),
    Number.isNaN(alarms.leadHours) ? "-" : alarms.leadHours.toFixed(1),
  ];
}

function short(value: number): string {
  return Number.isNaN(value) ? "-" : value.toFixed(3);
}
