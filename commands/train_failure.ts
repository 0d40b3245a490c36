/** `./telltale train failure`: what foretells that an ATM will fail, of the whole fleet's history. */
import { DAY_MS } from "../events/instant.ts";
import { migrate } from "../migrations/migrate.ts";
import type { FailureCard, JudgedOnCard } from "../models/failure/card.ts";
import {
  DAYS_LEARNED_FROM,
  type FailureOrder,
  type KeptFailureModel,
  trainFailureFromLog,
  TRIALS_MAX,
} from "../routes/training/failure.ts";
import { momentOf, parseArguments, wholeNumber } from "./arguments.ts";
import { INTERRUPTED, InterruptedError, print, withLog } from "./audit.ts";
import { type Config, UserError } from "./command.ts";
import { count, startProgress } from "./progress.ts";
import type { Trainer } from "./train.ts";
import { UsageError } from "./usage.ts";

const SEED_MAX = 2 ** 31 - 1;

const HELP = `Usage: ./telltale train failure [options]
       ./telltale train failure --simulated --out FILE

Learns from what the ATMs of this log have reported that a failure begins within 4 hours. The last
quarter of the time is kept aside; the model in force is judged by it as well, and the new one takes
its place where its PR-AUC is higher and its probabilities are as good (calibration error no larger,
or at most 0.05). ./telltale evaluate failure says how good one can be.

Options
  --from ISO    reports from this moment on (${DAYS_LEARNED_FROM} days before --to)
  --to ISO      and before this one (now)
  --trials N    parameters to try beside the usual ones, 0 to ${TRIALS_MAX} (default 0); each takes about
                as long as a training without any
  --seed N      whole number; the same reports and seed give the same model (default 1)
  --force       put it in force even where it is no better
  --simulated   learn from simulated ATMs instead, as the model was that comes with Telltale
  --out FILE    and write it there, as ONNX; the log is not touched

Examples
  ./telltale train failure
  ./telltale train failure --from 2026-01-01 --trials 20
  ./telltale train failure --simulated --out models/failure/default.onnx

Exit codes: 0 trained, better or not; 1 could not, and why; 2 wrong usage; 130 interrupted (nothing
was kept)`;

export const trainer: Trainer = { help: HELP, run: train };

async function train(args: readonly string[], config: Config): Promise<number> {
  const { out, ...order } = readOrder(args, Date.now());
  const progress = startProgress();
  try {
    if (out !== undefined) {
      const { trainSimulated } = await import("./train_failure_simulated.ts");
      print(`${await trainSimulated(out, progress)}`);
      return 0;
    }
    const kept = await withLog(config, "train", async (sql, signal, database) => {
      await migrate(sql);
      return await trainFailureFromLog(sql, database, order, {
        signal,
        onProgress: ({ doing, done, of }) =>
          progress.show(() =>
            doing === "reading"
              ? `reading: ATM ${done + 1} of ${of}`
              : `${doing}: ${Math.floor(100 * done / of)} %`
          ),
      });
    });
    progress.end();
    print(reportOf(kept));
    return 0;
  } catch (error) {
    if (error instanceof InterruptedError) return INTERRUPTED;
    if (error instanceof Error && error.name === "TooFewFailuresError") {
      throw new UserError(error.message, { cause: error });
    }
    throw error;
  } finally {
    progress.end();
  }
}

function reportOf({ sha256, card, promote }: KeptFailureModel): string {
  const { data, comparison } = card;
  return `Trained a failure model on ${card.source}
  learned    from ${
    count(data.rows)
  } rows, ${data.from} to ${data.to}, and ${data.failures} failures
${describeJudged(card)}
  model      ${sha256}

${comparison?.verdict}.
${
    promote
      ? "It is put in force as soon as Telltale hears of it: within seconds where it runs, else at its next start."
      : "It is kept, but not put in force; --force does that."
  }`;
}

/** A line per split. */
export function describeJudged({ judged }: FailureCard): string {
  return Object.values(judged).map((own) => `  judged     ${judgedText(own)}`).join("\n");
}

function judgedText({ rows, baseRate, prAuc, calibrationError, alarms }: JudgedOnCard): string {
  return `by ${count(rows)} rows it has not seen: PR-AUC ${short(prAuc)} (chance ${
    short(baseRate)
  }), calibration error ${short(calibrationError)}
             ${alarms.caught} of ${alarms.failures} failures caught, ${
    short(alarms.falseEpisodes / alarms.deviceWeeks)
  } false alarms per ATM and week, ${
    alarms.leadHours === null ? "no" : alarms.leadHours.toFixed(1)
  } h of warning`;
}

function short(value: number | null): string {
  return value === null ? "-" : value.toFixed(3);
}

type Options = FailureOrder & { readonly out: string | undefined };

function readOrder(args: readonly string[], now: number): Options {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { from, to, trials = "0", seed = "1", force = false, simulated = false, out } =
    parseArguments(args, {
      options: {
        from: text,
        to: text,
        trials: text,
        seed: text,
        out: text,
        force: flag,
        simulated: flag,
      },
    }).values;
  if (simulated !== (out !== undefined)) {
    throw new UsageError(
      "Say both that it is simulated and where to write it: --simulated --out FILE",
    );
  }
  if (simulated && args.length > 3) {
    throw new UsageError(
      "--simulated always makes the same model: it takes no other option but --out",
    );
  }
  const until = to === undefined ? now : momentOf("--to", to);
  const since = from === undefined ? until - DAYS_LEARNED_FROM * DAY_MS : momentOf("--from", from);
  if (since >= until) throw new UsageError("--from must be before --to");
  return {
    from: since,
    to: until,
    trials: wholeNumber("--trials", trials, TRIALS_MAX),
    seed: wholeNumber("--seed", seed, SEED_MAX),
    force,
    by: "command line",
    out,
  };
}
