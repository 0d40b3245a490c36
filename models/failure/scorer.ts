/**
 * The failure model in force, on a thread of its own: rows go there, scores come back, and whoever
 * decides never waits.
 *
 * A model that cannot be loaded or run is reported, and those who ask are told that there is none;
 * they go on without scores, and ask again later.
 */
import type { FromScoring, Scores, Serving, ToScoring } from "./scoring_thread.ts";

export type { Scores, Serving } from "./scoring_thread.ts";

/** A model as it is kept. */
export interface ModelFile {
  readonly sha256: string;
  readonly onnx: Uint8Array<ArrayBuffer>;
}

export interface Scorer {
  /** The model that serves; undefined while there is none. */
  serving(): Serving | undefined;
  /**
   * Of rows with the code's columns, one after the other, which are given away. Rejects where there
   * is no model, or it cannot be run.
   */
  score(
    values: Float32Array<ArrayBuffer>,
    rows: number,
    options?: ScoreOptions,
  ): Promise<Scores>;
  /** Another model may be in force now; it is looked for, and serves once it is loaded. */
  refresh(): Promise<void>;
  stop(): void;
}

export interface ScoreOptions {
  /** For which answers what moved them is told. @default "alarms" */
  readonly reasons?: "alarms" | "all";
}

export interface ScorerDeps {
  /** The model in force; undefined where none is. */
  load(): Promise<ModelFile | undefined>;
  report(problem: string): void;
  /** So many rows were scored, and it took that long. */
  scored?(rows: number, seconds: number): void;
}

type Thread = Pick<Worker, "postMessage" | "terminate">;

interface Asked extends PromiseWithResolvers<Scores> {
  /** By `performance.now()`. */
  readonly at: number;
}

export function createScorer({ load, report, scored }: ScorerDeps): Scorer {
  const waiting = new Map<number, Asked>();
  let thread: Thread | undefined;
  let serving: Serving | undefined;
  /** Sent to the thread last, whether or not it can be used. */
  let sent: string | undefined;
  let loading: PromiseWithResolvers<void> | undefined;
  let last = 0;
  let stopped = false;

  function start(): Thread {
    const worker = new Worker(new URL("./scoring_thread.ts", import.meta.url), {
      type: "module",
      name: "failure scores",
    });
    worker.onmessage = ({ data }: MessageEvent<FromScoring>) => hear(data);
    worker.onerror = (event) => {
      event.preventDefault();
      fail(`The thread that scores failures ended: ${event.message}`);
    };
    return worker;
  }

  function hear(said: FromScoring): void {
    switch (said.type) {
      case "loaded":
        serving = said.serving;
        loading?.resolve();
        return;
      case "refused":
        report(`The failure model ${said.model} cannot be used: ${said.problem}`);
        loading?.resolve();
        return;
    }
    const asked = waiting.get(said.id);
    if (asked === undefined) return;
    waiting.delete(said.id);
    if (said.type === "scored") {
      scored?.(said.scores.probabilities.length, (performance.now() - asked.at) / 1000);
      asked.resolve(said.scores);
    } else {
      report(`Failures cannot be scored: ${said.problem}`);
      asked.reject(new Error(said.problem));
    }
  }

  /** What it was asked is not answered any more; the next refresh begins with another thread. */
  function fail(problem: string): void {
    if (!stopped) report(problem);
    thread?.terminate();
    thread = serving = sent = undefined;
    loading?.resolve();
    for (const { reject } of waiting.values()) reject(new Error(problem));
    waiting.clear();
  }

  function send(message: ToScoring, transfer: Transferable[]): void {
    (thread ??= start()).postMessage(message, transfer);
  }

  async function refresh(): Promise<void> {
    const file = await load();
    if (stopped || file === undefined || file.sha256 === sent) return;
    sent = file.sha256;
    loading = Promise.withResolvers();
    send({ type: "load", model: file.sha256, onnx: file.onnx }, [file.onnx.buffer]);
    await loading.promise;
  }

  let refreshing: Promise<void> = Promise.resolve();

  return {
    serving: () => serving,
    score(values, rows, { reasons = "alarms" } = {}) {
      if (serving === undefined) return Promise.reject(new Error("No failure model is in force"));
      const answer = Promise.withResolvers<Scores>();
      waiting.set(++last, { ...answer, at: performance.now() });
      send({ type: "score", id: last, rows, values, reasons }, [values.buffer]);
      return answer.promise;
    },
    refresh() {
      const next = refreshing.then(refresh);
      refreshing = next.catch((error) =>
        report(`The failure model in force cannot be read: ${error}`)
      );
      return refreshing;
    },
    stop() {
      stopped = true;
      fail("Telltale is stopping");
    },
  };
}
