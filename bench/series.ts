/**
 * The 3-sigma service over HTTP: predictions a second beside a bare Hono server that answers POSTed
 * JSON, asked by the same program in turns; and fits of 1,000 points, each in the log when answered.
 */
import type { Config } from "../commands/command.ts";
import { freePort } from "../tests/support/servers.ts";
import { leftBehind } from "../tests/support/telltale.ts";
import { processorTimes } from "./processor_time.ts";
import { median, numberOption, say, start } from "./running.ts";
import { compare, rounded } from "./target.ts";

const SHARE_MIN = 0.25;
const P95_MS_MAX = 10;
const FITS_PER_SECOND_MIN = 500;
const POINTS = 1_000;
const SERIES = 100;
/** Histories that differ, so that every fit is a new one. */
const HISTORIES = 4;

export async function run(args: readonly string[], _config: Config): Promise<number> {
  const seconds = numberOption(args, "--seconds", 6);
  const rounds = numberOption(args, "--rounds", 3);
  const connections = numberOption(args, "--connections", 50);
  const folder = await Deno.makeTempDir({ prefix: "telltale-bench-" });
  const telltale = await start();
  const bare = await startBare();
  try {
    const ask = { seconds, connections, folder };
    const servers = await leftBehind(telltale.dataDir);
    const ours = { ...ask, url: telltale.url, pid: telltale.pid, servers };
    const theirs = { ...ask, url: bare.url, pid: bare.pid, servers: [] };
    for (let i = 0; i < SERIES; i++) await fitOnce(telltale.url, i);
    await load({ ...ours, seconds: 3, script: PREDICT });
    const shares: number[] = [];
    const answers: Load[] = [];
    for (let round = 1; round <= rounds; round++) {
      const limit = await load({ ...theirs, script: PREDICT });
      const predictions = await load({ ...ours, script: PREDICT });
      answers.push(predictions);
      shares.push(predictions.perSecond / limit.perSecond);
      say(
        `round ${round}: ${described(predictions)}; bare Hono ${described(limit)}; share ${
          (predictions.perSecond / limit.perSecond).toFixed(2)
        }`,
      );
    }
    const at = `at ${connections} connections`;
    const share = median(shares);
    compare({
      what: `POST /predict ${at}, of bare Hono`,
      figure: share,
      unit: "",
      atLeast: SHARE_MIN,
    });
    const p95 = median(answers.map(({ p95Ms }) => p95Ms));
    compare({ what: `POST /predict ${at}, p95`, figure: p95, unit: "ms", atMost: P95_MS_MAX });

    const fits: Load[] = [];
    for (let round = 1; round <= rounds; round++) {
      const fitted = await load({ ...ours, script: fitScript(round) });
      fits.push(fitted);
      say(`round ${round}: fits of ${POINTS} points ${described(fitted)}`);
    }
    compare({
      what: `POST /fit of ${POINTS} points ${at}`,
      figure: median(fits.map(({ perSecond }) => perSecond)),
      unit: "fits/s",
      atLeast: FITS_PER_SECOND_MIN,
    });
    return 0;
  } finally {
    await bare.stop();
    await telltale.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

async function fitOnce(url: string, series: number): Promise<void> {
  const response = await fetch(`${url}/fit/S${series}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      timestamps: Array.from({ length: POINTS }, (_, i) => 1_609_459_200 + i * 60),
      values: Array.from({ length: POINTS }, (_, i) => 20 + Math.sin(i + series)),
    }),
  });
  if (!response.ok) throw new Error(`Cannot fit: ${response.status} ${await response.text()}`);
  await response.body?.cancel();
}

/** What reads a body, understands it and answers, and does nothing else. A process of its own. */
async function startBare(): Promise<{ url: string; pid: number; stop(): Promise<void> }> {
  const port = freePort();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", "--v8-flags=--max-semi-space-size=8", BARE, String(port)],
    stdin: "null",
    stdout: "null",
  }).spawn();
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    try {
      await (await fetch(url, { method: "POST", body: "{}" })).body?.cancel();
      break;
    } catch {
      // Not listening yet.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return {
    url,
    pid: child.pid,
    async stop() {
      child.kill("SIGTERM");
      await child.status;
    },
  };
}

const BARE = new URL("./bare_hono.ts", import.meta.url).pathname;

interface Load {
  readonly perSecond: number;
  readonly p95Ms: number;
  /** Of one core, microseconds a request: of Hono or Telltale, and with its database and broker. */
  readonly ownUs: number;
  readonly allUs: number;
}

interface Asking {
  readonly url: string;
  readonly pid: number;
  /** Its database and its broker. */
  readonly servers: readonly number[];
  readonly script: string;
  readonly seconds: number;
  readonly connections: number;
  readonly folder: string;
}

/** By wrk, which leaves the second core to whoever is asked. */
async function load(asking: Asking): Promise<Load> {
  const { url, pid, servers, script, seconds, connections, folder } = asking;
  const path = `${folder}/ask.lua`;
  const before = await processorTimes();
  await Deno.writeTextFile(path, script + TELL);
  const { success, stdout, stderr } = await new Deno.Command("wrk", {
    args: ["-t1", `-c${connections}`, `-d${seconds}s`, "-s", path, url],
  }).output().catch(() => {
    throw new Error("This benchmark asks with wrk; install it (Debian, macOS: wrk)");
  });
  const said = new TextDecoder().decode(stdout);
  const told = /^told (.*)$/m.exec(said)?.[1];
  if (!success || told === undefined) {
    throw new Error(`wrk failed: ${said}${new TextDecoder().decode(stderr)}`);
  }
  const { requests, micros, p95, failed } = JSON.parse(told);
  if (failed > 0) throw new Error(`${failed} of ${requests} requests failed: ${said}`);
  const after = await processorTimes();
  const ownUs = after.of(pid) - before.of(pid);
  const serversUs = servers.reduce(
    (sum, server) => sum + after.withChildren(server) - before.withChildren(server),
    0,
  );
  return {
    perSecond: requests / micros * 1e6,
    p95Ms: p95 / 1000,
    ownUs: ownUs / requests,
    allUs: (ownUs + serversUs) / requests,
  };
}

function described(load: Load): string {
  const { perSecond, p95Ms, ownUs, allUs } = load;
  const servers = allUs > ownUs ? `, ${rounded(allUs)} with its servers` : "";
  return `${rounded(perSecond)}/s, p95 ${rounded(p95Ms)} ms, ${
    rounded(ownUs)
  } µs of processor each${servers}`;
}

const PREDICT = `
local n = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
request = function()
  n = n + 1
  local body = string.format('{"timestamp": "%d", "value": %.2f}', 1609459500 + n, 15 + n % 1000 / 100)
  return wrk.format(nil, "/predict/S" .. n % ${SERIES}, nil, body)
end
`;

/** Bodies are made before; each differs from all others by its threshold. */
function fitScript(round: number): string {
  return `
local n = 0
local bodies = {}
for h = 1, ${HISTORIES} do
  local at, values = {}, {}
  for i = 1, ${POINTS} do
    at[i] = 1609459200 + i * 60
    values[i] = string.format("%.17g", 20 + math.sin(i * h + ${round}))
  end
  bodies[h] = '{"timestamps":[' .. table.concat(at, ",") .. '],"values":[' .. table.concat(values, ",") .. '],"threshold":'
end
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
request = function()
  n = n + 1
  local body = bodies[n % ${HISTORIES} + 1] .. string.format("%.6f}", 2 + ${round} + n / 1000000)
  return wrk.format(nil, "/fit/F" .. n % ${SERIES}, nil, body)
end
`;
}

const TELL = `
done = function(summary, latency, requests)
  local e = summary.errors
  print(string.format('told {"requests": %d, "micros": %d, "p95": %d, "failed": %d}',
    summary.requests, summary.duration, latency:percentile(95),
    e.connect + e.read + e.write + e.status + e.timeout))
end
`;
