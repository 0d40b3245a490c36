/**
 * What the next reading of each series should be, ready before it comes.
 *
 * After each batch of readings the windows of the series that have a model are run, all that are due
 * together, on a thread of their own; whoever decides about the next reading finds the forecast
 * waiting, or none. So no decision ever waits for a model.
 */
import type { Foretold } from "../../events/event.ts";
import type { LstmCard } from "./card.ts";
import { canForetell, emptyWindow, takeReading, type Window } from "./features.ts";
import { forecastOf } from "./forecast.ts";
import type { Reading } from "./samples.ts";
import type { FromServing, ToServing } from "./serving_thread.ts";

/** A model in force, and the latest readings of its series in their order. */
export interface InForce {
  readonly sha256: string;
  readonly card: LstmCard;
  readonly onnx: Uint8Array;
  readonly recent: readonly Reading[];
}

export interface Foresight {
  /** Readings just recorded, in their order. Series without a model cost a look into a map. */
  offer(series: string, reading: Reading): void;
  /** Runs what became due; call it after each batch. */
  run(): void;
  /** Another model is in force now; it is fetched. */
  promoted(series: string): void;
  /** What a reading of this moment should be; undefined where nothing is foretold. */
  forecast(series: string, at: number): Foretold | undefined;
  /** Resolves when all that was offered has been run. */
  settled(): Promise<void>;
  stop(): void;
}

interface Seen {
  readonly series: string;
  readonly model: Omit<InForce, "recent" | "onnx">;
  readonly window: Window;
  due: boolean;
  /** Foretold from the window that ended at `after`. */
  next: { readonly expected: number; readonly after: number } | undefined;
}

export interface ForesightDeps {
  /** The series that have a model in force. */
  readonly series: readonly string[];
  /** Undefined where none is in force, or its file is gone. */
  load(series: string): Promise<InForce | undefined>;
  /** A model that cannot be loaded or run: its series go on without forecasts. */
  report(problem: string): void;
}

export function startForesight({ series, load, report }: ForesightDeps): Foresight {
  const seen = new Map<string, Seen>();
  /** What came while a model was being fetched. */
  const arriving = new Map<string, Reading[]>();
  let thread: ReturnType<typeof startThread> | undefined;
  let running: Promise<void> | undefined;
  const fetching = new Set<Promise<void>>();
  let stopped = false;

  function fetch(name: string): void {
    const fetched = fetchModel(name).catch((error) => {
      arriving.delete(name);
      report(`The forecaster of "${name}" cannot be loaded: ${error}`);
    }).finally(() => fetching.delete(fetched));
    fetching.add(fetched);
  }

  async function fetchModel(name: string): Promise<void> {
    const meanwhile: Reading[] = [];
    arriving.set(name, meanwhile);
    const model = await load(name);
    // A later promotion fetches again, and that fetch counts.
    if (stopped || arriving.get(name) !== meanwhile) return;
    arriving.delete(name);
    if (model === undefined) return;
    thread ??= startThread(report);
    const old = seen.get(name);
    if (old) thread.send({ type: "unload", model: old.model.sha256 });
    const { sha256, card, onnx, recent } = model;
    thread.send({ type: "load", model: sha256, onnx });
    const window = emptyWindow();
    // What was recorded while it was fetched may be in both; the window takes nothing twice.
    for (const { value, at } of [...recent, ...meanwhile]) takeReading(window, value, at);
    seen.set(name, { series: name, model: { sha256, card }, window, due: true, next: undefined });
    run();
  }

  function run(): void {
    if (running !== undefined || thread === undefined) return;
    const due = [...seen.values()].filter(({ due }) => due);
    if (due.length === 0) return;
    running = foretell(due, thread).catch((error) => {
      if (!stopped) report(String(error));
    }).finally(() => {
      running = undefined;
      if (!stopped) run();
    });
  }

  async function foretell(
    due: readonly Seen[],
    { ask }: NonNullable<typeof thread>,
  ): Promise<void> {
    for (const one of due) one.due = false;
    const ready = due.filter(({ window, model }) =>
      canForetell(window, nextAfter(window, model.card), model.card.data.intervalMs)
    );
    if (ready.length === 0) return;
    const moments = ready.map(({ window }) => window.times.at(-1) ?? NaN);
    const answers = await ask(
      ready.map(({ model }) => model.sha256),
      ready.map(({ window }) => Float64Array.from(window.rows.flat())),
    );
    ready.forEach((one, i) => {
      const answer = answers[i];
      if (answer instanceof Float64Array) {
        one.next = { expected: answer[0] ?? NaN, after: moments[i] ?? NaN };
      } else if (seen.get(one.series) === one) {
        seen.delete(one.series);
        report(`The forecaster of "${one.series}" cannot be run: ${answer?.problem}`);
      }
    });
  }

  for (const name of series) fetch(name);

  return {
    offer(name, reading) {
      arriving.get(name)?.push(reading);
      const one = seen.get(name);
      if (one !== undefined && takeReading(one.window, reading.value, reading.at)) one.due = true;
    },
    run,
    promoted: fetch,
    forecast(name, at) {
      const one = seen.get(name);
      if (one?.next === undefined) return undefined;
      const { window, model, next } = one;
      if (next.after !== window.times.at(-1)) return undefined;
      if (!canForetell(window, at, model.card.data.intervalMs)) return undefined;
      return forecastOf(next.expected, model.card, model.sha256);
    },
    async settled() {
      while (fetching.size > 0 || running !== undefined) {
        await Promise.all([...fetching, running]);
      }
    },
    stop() {
      stopped = true;
      thread?.end();
    },
  };
}

/** When the next reading is likely to come. */
function nextAfter({ times }: Window, { data }: LstmCard): number {
  return (times.at(-1) ?? 0) + data.intervalMs;
}

function startThread(report: (problem: string) => void): {
  send(message: ToServing): void;
  ask(models: readonly string[], windows: readonly Float64Array[]): Promise<FromServing["answers"]>;
  end(): void;
} {
  const thread = new Worker(new URL("./serving_thread.ts", import.meta.url), {
    type: "module",
    name: "forecasts",
  });
  const waiting = new Map<
    number,
    { resolve(answers: FromServing["answers"]): void; reject(error: Error): void }
  >();
  let last = 0;
  let ended: Error | undefined;

  function fail(error: Error): void {
    ended = error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }

  thread.onmessage = ({ data }: MessageEvent<FromServing>) => {
    waiting.get(data.id)?.resolve(data.answers);
    waiting.delete(data.id);
  };
  thread.onerror = (event) => {
    event.preventDefault();
    report(`The thread of forecasts ended: ${event.message}`);
    fail(new Error("There is no thread to foretell on"));
  };

  const send = (message: ToServing): void => thread.postMessage(message);
  return {
    send,
    ask: (models, windows) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(ended);
        waiting.set(++last, { resolve, reject });
        send({ type: "foretell", id: last, models, windows });
      }),
    end() {
      thread.terminate();
      fail(new Error("Telltale is stopping"));
    },
  };
}
