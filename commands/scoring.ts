/** The failure model in force, wherever it was promoted, and what is counted of its work. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { RecordedEvent } from "../events/event.ts";
import type { Sql } from "../events/log/database.ts";
import { deviceStreamOf } from "../events/inference.ts";
import { FAILURE_MODEL_STREAM } from "../events/model.ts";
import { deviceOf, streamOf } from "../events/vocabulary.ts";
import type { Runtime } from "../actors/runtime/runtime.ts";
import { createScorer, type Scorer } from "../models/failure/scorer.ts";
import { readFailureModelInForce } from "../projections/models.ts";
import type { Foretelling } from "../routes/deps.ts";

/** What this process commits is heard at once; what another does is looked for this often. */
const LOOK_MS = 30_000;

export interface CommittedScorer {
  readonly scorer: Scorer;
  /** Events just committed, in their order. */
  committed(events: readonly RecordedEvent[]): void;
  stop(): void;
}

export interface ScoringDeps {
  readonly sql: Sql;
  readonly register: Registry;
  readonly report: (problem: string) => void;
}

export function followWithScorer({ sql, register, report }: ScoringDeps): CommittedScorer {
  const { predictions, scores, seconds } = metricsOf(register, () => scorer);
  const scorer = createScorer({
    async load() {
      const inForce = await readFailureModelInForce(sql);
      return inForce && { sha256: inForce.sha256, onnx: inForce.onnx };
    },
    report,
    scored: (_, took) => seconds.observe(took),
  });
  const look = () => void scorer.refresh();
  look();
  const timer = setInterval(look, LOOK_MS);
  return {
    scorer,
    committed(events) {
      for (const { type, stream } of events) {
        switch (type) {
          case "ModelPromoted":
            if (stream === FAILURE_MODEL_STREAM) look();
            break;
          case "RiskScored":
            scores.inc({ kind: kindOf(stream) });
            break;
          case "FailurePredicted":
            predictions.inc({ kind: kindOf(stream) });
        }
      }
    },
    stop: () => clearInterval(timer),
  };
}

/** The model, for whoever asks between two turns, and what the ATMs of this process remember. */
export function foretellingOf(scorer: Scorer, runtime: () => Runtime | undefined): Foretelling {
  return {
    serving: () => scorer.serving(),
    score: (values, rows, options) => scorer.score(values, rows, options),
    features(id, at, into, from) {
      const stream = streamOf("atm", id);
      for (const worker of runtime()?.workers ?? []) {
        const why = worker.features(stream, at, into, from);
        if (why !== "elsewhere") return why;
      }
      return "elsewhere";
    },
  };
}

function kindOf(stream: string): string {
  return deviceOf(deviceStreamOf(stream)).kind;
}

function metricsOf(register: Registry, scorer: () => Scorer) {
  const registers = [register];
  new Gauge({
    name: "telltale_model_info",
    help: "The model that foretells failures; 1 while it serves",
    labelNames: ["kind", "model", "simulated"],
    registers,
    collect() {
      this.reset();
      const serving = scorer().serving();
      if (serving === undefined) return;
      const { model, simulated } = serving;
      this.set({ kind: "failure", model, simulated: String(simulated) }, 1);
    },
  });
  return {
    predictions: new Counter({
      name: "predictions_total",
      help: "Failures foretold since start, by kind of device",
      labelNames: ["kind"],
      registers,
    }),
    scores: new Counter({
      name: "telltale_risk_scores_total",
      help: "Risks scored since start, by kind of device",
      labelNames: ["kind"],
      registers,
    }),
    seconds: new Histogram({
      name: "telltale_scoring_seconds",
      help: "From the features of some devices to their scores",
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    }),
  };
}
