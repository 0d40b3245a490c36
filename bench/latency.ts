/**
 * How long after a message was due the live feed has shown its event, at a steady pace: through the
 * bus, the actor, the log on disk and SSE. Once with one who watches, once with a crowd beside it.
 */
import type { Config } from "../commands/command.ts";
import type { RunningTelltale } from "../tests/support/telltale.ts";
import { median, numberOption, quantile, say, start } from "./running.ts";
import { gatherCrowd, publishSteadily, wallClock } from "./steady.ts";
import { compare, rounded } from "./target.ts";

const DEVICES = 1_000;
const WARM_UP_SECONDS = 5;
const P99_MS_MAX = 100;
/** What is not shown by then is lost. */
const SHOWN_WITHIN_MS = 10_000;

interface Latencies {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly most: number;
}

export async function run(args: readonly string[], _config: Config): Promise<number> {
  const rate = numberOption(args, "--rate", 1_000);
  const seconds = numberOption(args, "--seconds", 20);
  const rounds = numberOption(args, "--rounds", 3);
  const crowd = numberOption(args, "--crowd", 100);
  for (const others of [0, crowd]) {
    const what = `publish to live feed at ${rounded(rate)} messages/s${
      others > 0 ? `, ${others} others watching` : ""
    }`;
    const results: Latencies[] = [];
    for (let round = 1; round <= rounds; round++) {
      const result = await measure({ rate, seconds, others, seed: round });
      results.push(result);
      const { p50, p95, p99, most } = result;
      say(
        `round ${round}: p50 ${rounded(p50)} ms, p95 ${rounded(p95)} ms, p99 ${
          rounded(p99)
        } ms, most ${rounded(most)} ms`,
      );
    }
    const figure = median(results.map(({ p99 }) => p99));
    compare({ what: `${what}, p99`, figure, unit: "ms", atMost: P99_MS_MAX });
  }
  return 0;
}

interface Round {
  readonly rate: number;
  readonly seconds: number;
  readonly others: number;
  readonly seed: number;
}

async function measure({ rate, seconds, others, seed }: Round): Promise<Latencies> {
  const telltale = await start();
  try {
    const feed = `${telltale.url}/api/v1/live?topics=readings`;
    const crowd = others > 0 ? await gatherCrowd(feed, others) : undefined;
    const body = await watch(feed);
    const inAll = WARM_UP_SECONDS + seconds;
    const [shown] = await Promise.all([
      collect(body, rate * inAll),
      publishSteadily(telltale.natsUrl, { rate, seconds: inAll, devices: DEVICES, seed }),
    ]);
    await crowd?.leave();
    return latenciesOf(shown, rate * WARM_UP_SECONDS);
  } finally {
    await stopped(telltale);
  }
}

async function stopped(telltale: RunningTelltale): Promise<void> {
  const code = await telltale.stop();
  if (code !== 0) throw new Error(`Telltale ended with ${code}:\n${telltale.output()}`);
}

interface Shown {
  readonly dueAt: number;
  readonly shownAt: number;
}

async function watch(url: string): Promise<ReadableStream<Uint8Array>> {
  const response = await fetch(url);
  if (!response.ok || !response.body) throw new Error(`Cannot watch ${url}: ${response.status}`);
  return response.body;
}

/** What the feed shows, until so many reports were on it. */
async function collect(body: ReadableStream<Uint8Array>, count: number): Promise<Shown[]> {
  const shown: Shown[] = [];
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = "";
  try {
    while (shown.length < count) {
      const { done, value } = await orLost(reader.read(), shown.length, count);
      if (done) throw new Error(`The live feed ended after ${shown.length} of ${count} reports`);
      const shownAt = wallClock();
      const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data !== undefined) shown.push({ dueAt: JSON.parse(data).data.due_at, shownAt });
      }
    }
  } finally {
    await reader.cancel();
  }
  return shown;
}

/** The next chunk; a feed that says nothing for so long has lost what is missing. */
async function orLost<Chunk>(next: Promise<Chunk>, seen: number, count: number): Promise<Chunk> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const lost = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`The live feed showed ${seen} of ${count} reports`)),
      SHOWN_WITHIN_MS,
    );
  });
  try {
    return await Promise.race([next, lost]);
  } finally {
    clearTimeout(timer);
  }
}

/** Of those after the warm-up, by when they were due. */
function latenciesOf(shown: readonly Shown[], warmUp: number): Latencies {
  const measured = [...shown].sort((a, b) => a.dueAt - b.dueAt).slice(warmUp);
  const latencies = measured.map(({ dueAt, shownAt }) => shownAt - dueAt);
  return {
    p50: quantile(latencies, 0.5),
    p95: quantile(latencies, 0.95),
    p99: quantile(latencies, 0.99),
    most: quantile(latencies, 1),
  };
}
