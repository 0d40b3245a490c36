/** Everything the routes need from the rest of Telltale; `commands/` supplies it. */
import type { Registry } from "prom-client";
import type { Publisher } from "../events/bus/publisher.ts";
import type { Foretold, RecordedEvent } from "../events/event.ts";
import type { Feed } from "../events/feed.ts";
import type { Sql } from "../events/log/database.ts";
import type { NotScorable } from "../models/features/mod.ts";
import type { Scores, Serving } from "../models/failure/scorer.ts";
import type { SeriesModels } from "../projections/series_models.ts";
import type { SeriesUsage } from "./contracts/series/usage.ts";
import type { ReportService } from "../reports/service.ts";
import type { TrainingJobs } from "./training/jobs.ts";

/** An offset per partition: how far somebody has got in the whole log. */
export type Offsets = ReadonlyMap<number, number>;

export interface Deps {
  /** For the query functions of the projections and of the log; routes write no SQL. */
  readonly sql: Sql;
  readonly publisher: Publisher;
  readonly feed: Feed;
  /** Events of one partition after an offset, in order. */
  readEvents(partition: number, after: number, limit: number): Promise<readonly RecordedEvent[]>;
  /** The actor folded from everything recorded up to an instant (epoch ms); undefined for none. */
  stateAt(stream: string, instant: number): Promise<ActorState | undefined>;
  /** The models of series, and how much they are asked. */
  readonly series: { readonly models: SeriesModels; readonly usage: SeriesUsage };
  stats(): Promise<Stats>;
  readiness(): Promise<Readiness>;
  /** Offsets the read models are true for, as text: `0:123`, or `0:12,1:55`. */
  cursor(): string;
  /** True once every read model has reached these offsets; false when it did not get there in time. */
  waitFor(offsets: Offsets, timeoutMs: number): Promise<boolean>;
  /** Tells of every report that has ended. */
  readonly reports: Pick<ReportService, "subscribe">;
  /** What the model in force of a stream says a reading of this moment will be (epoch ms). */
  foretell(stream: string, at: number): Foretold | undefined;
  /** The failure model at work, and what it sees of ATMs. */
  readonly foretelling: Foretelling;
  /** Models being trained. */
  readonly training: TrainingJobs;
  /** Epoch ms. */
  now(): number;
  /** How long minutes of trends are kept, in days before the newest of their device. */
  readonly trendMinutesDays: number;
  readonly version: string;
  /** Metrics of the other parts; the routes add their own. */
  readonly register: Registry;
  /** Told of every error that is our own fault: whoever asked gets no detail. */
  report(error: Error): void;
  /** Names the `Host` header may hold, without port; undefined where any will do. */
  readonly allowedHosts: readonly string[] | undefined;
  /** Fires when the server stops taking requests: live feeds and long answers end. */
  readonly stopping: AbortSignal;
}

export interface Foretelling {
  /** The model that serves; undefined while there is none. */
  serving(): Serving | undefined;
  /** Of rows of features, with the reasons for every answer. */
  score(
    values: Float32Array,
    rows: number,
    options: { readonly reasons: "all" },
  ): Promise<Scores>;
  /**
   * Writes what the model sees of an ATM at a moment (epoch ms) into a row, from a place on; or says
   * why nothing can be foretold, `elsewhere` where no actor of this process knows the ATM.
   */
  features(
    id: string,
    at: number,
    into: Float32Array,
    from: number,
  ): NotScorable | "decommissioned" | "elsewhere" | undefined;
}

export interface ActorState {
  readonly state: unknown;
  /** Of the last event folded in. */
  readonly version: number;
  /** When that event was recorded, epoch ms. */
  readonly asOf: number;
}

export interface Stats {
  readonly events: number;
  readonly quarantined: number;
  /** Per kind. */
  readonly devices: Readonly<Record<string, number>>;
  readonly partitions: readonly {
    readonly partition: number;
    readonly batch: number;
    readonly offset: number;
    readonly broker_sequence: number;
    /** Messages JetStream has stored and the log has not; null while it cannot be asked. */
    readonly lag: number | null;
  }[];
  /** Lag: events the log has and the projection has not. */
  readonly projections: readonly { readonly name: string; readonly lag: number }[];
}

export interface Readiness {
  readonly ok: boolean;
  readonly parts: Readonly<Record<string, { readonly ok: boolean; readonly detail: string }>>;
}

/** The names under which a server on loopback may be addressed: any other is DNS rebinding. */
export const LOOPBACK_HOSTS: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];
