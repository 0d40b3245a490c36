/**
 * What is noted of questions: how many, and how long each took. No question is kept.
 *
 * Counts gather in memory and are written every few seconds; latencies are of this process since
 * its start.
 */
import { exponentialBuckets, Histogram, type Registry } from "prom-client";
import type { Sql } from "../../../events/log/database.ts";
import type { SeriesModel } from "../../../projections/series_models.ts";
import {
  addUsage,
  forgetOldUsage,
  HOUR_MS,
  type Usage,
} from "../../../projections/series_usage.ts";

const FLUSH_MS = 3_000;
/** While the database is away, counts of more models and hours than this are not kept. */
const WAITING_MAX = 100_000;

export interface Latency {
  readonly count: number;
  /** Milliseconds; null before the first. */
  readonly avg: number | null;
  /** To within a tenth. */
  readonly p95: number | null;
}

export interface SeriesUsage {
  predicted(model: SeriesModel, anomaly: boolean, now: number, seconds: number): void;
  trained(seconds: number): void;
  inference(): Promise<Latency>;
  training(): Promise<Latency>;
  /** Writes what has gathered. */
  flush(): Promise<void>;
  /** Writes every few seconds until stopped, and then the rest. */
  start(report: (error: unknown) => void): { stop(): Promise<void> };
}

interface Count {
  predictions: number;
  anomalies: number;
  lastUsedAt: number;
}

export function createSeriesUsage(
  { sql, register }: { readonly sql: Sql; readonly register: Registry },
): SeriesUsage {
  const registers = [register];
  // From 5 µs to a minute, each a tenth more.
  const buckets = exponentialBuckets(5e-6, 1.1, 171);
  const predictions = new Histogram({
    name: "telltale_series_prediction_seconds",
    help: "Time to answer a prediction of a series' model",
    buckets,
    registers,
  });
  const trainings = new Histogram({
    name: "telltale_series_training_seconds",
    help: "Time to answer a fit of a series, its commit included",
    buckets,
    registers,
  });
  let waiting: { hour: number; counts: Map<SeriesModel, Count> }[] = [];
  let flushing: Promise<void> = Promise.resolve();
  let forgottenAt = 0;

  function countsOf(hour: number): Map<SeriesModel, Count> {
    const last = waiting.at(-1);
    if (last?.hour === hour) return last.counts;
    const counts = new Map<SeriesModel, Count>();
    waiting.push({ hour, counts });
    return counts;
  }

  function add(hour: number, model: SeriesModel, more: Count): void {
    const counts = countsOf(hour);
    const count = counts.get(model);
    if (count !== undefined) {
      count.predictions += more.predictions;
      count.anomalies += more.anomalies;
      count.lastUsedAt = Math.max(count.lastUsedAt, more.lastUsedAt);
    } else if (waiting.reduce((sum, { counts: { size } }) => sum + size, 0) < WAITING_MAX) {
      counts.set(model, more);
    }
  }

  async function write(): Promise<void> {
    const taken = waiting;
    if (taken.length === 0) return;
    waiting = [];
    try {
      await addUsage(sql, taken.flatMap(({ hour, counts }) => usagesOf(hour, counts)));
    } catch (error) {
      for (const { hour, counts } of taken) {
        for (const [model, count] of counts) add(hour, model, count);
      }
      throw error;
    }
    const now = Date.now();
    if (now - forgottenAt < HOUR_MS) return;
    forgottenAt = now;
    await forgetOldUsage(sql, now);
  }

  function flush(): Promise<void> {
    return flushing = flushing.catch(() => {}).then(write);
  }

  return {
    predicted(model, anomaly, now, seconds) {
      predictions.observe(seconds);
      const hour = now - now % HOUR_MS;
      const count = countsOf(hour).get(model);
      if (count === undefined) {
        add(hour, model, { predictions: 1, anomalies: anomaly ? 1 : 0, lastUsedAt: now });
        return;
      }
      count.predictions++;
      if (anomaly) count.anomalies++;
      count.lastUsedAt = now;
    },
    trained: (seconds) => trainings.observe(seconds),
    inference: () => latencyOf(predictions),
    training: () => latencyOf(trainings),
    flush,
    start(report) {
      const timer = setInterval(() => flush().catch(report), FLUSH_MS);
      return {
        async stop() {
          clearInterval(timer);
          await flush().catch(report);
        },
      };
    },
  };
}

function usagesOf(hour: number, counts: ReadonlyMap<SeriesModel, Count>): Usage[] {
  return [...counts].map(([{ seriesId, modelVersion }, count]) => ({
    hour,
    seriesId,
    modelVersion,
    ...count,
  }));
}

const NAMES = ["sum", "count"] as const;

async function latencyOf(histogram: Histogram): Promise<Latency> {
  const { values } = await histogram.get();
  const [sum = 0, count = 0] = NAMES.map((name) =>
    values.find(({ metricName }) => metricName?.endsWith(`_${name}`))?.value
  );
  if (count === 0) return { count, avg: null, p95: null };
  const reached = values.find(({ labels, value }) =>
    labels.le !== undefined && value >= 0.95 * count
  );
  return { count, avg: rounded(sum / count), p95: rounded(Number(reached?.labels.le)) };
}

/** Milliseconds of seconds, to the microsecond. */
function rounded(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e3;
}
