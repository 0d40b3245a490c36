/** `./telltale bench`: what each capability does on this machine, beside its limit or its peer. */
import type { Command, Config } from "./command.ts";
import { UsageError } from "./usage.ts";

type Bench = { run(args: readonly string[], config: Config): Promise<number> };

const BENCHES: Readonly<Record<string, { summary: string; load(): Promise<Bench> }>> = {
  ingest: {
    summary: "messages a second until the log and every read model have them",
    load: () => import("../bench/ingest.ts"),
  },
  latency: {
    summary: "publish to live feed at 1,000 messages/s",
    load: () => import("../bench/latency.ts"),
  },
  fleet: {
    summary: "10,000 devices: GET /devices and KPIs, memory",
    load: () => import("../bench/fleet_reads.ts"),
  },
  start: {
    summary: "time to ready: new folder, existing one, a million events",
    load: () => import("../bench/starting.ts"),
  },
  judging: {
    summary: "what judging a sensor's reading costs, beside not judging it",
    load: () => import("../bench/judging.ts"),
  },
  audit: {
    summary: "rebuild and verify, events a second",
    load: () => import("../bench/audit.ts"),
  },
  series: {
    summary: "3-sigma: predictions beside a bare server, fits of 1,000 points",
    load: () => import("../bench/series.ts"),
  },
  detectors: {
    summary: "anomaly detectors: readings a second of one core, state of a series",
    load: () => import("../bench/detectors.ts"),
  },
  lstm: {
    summary: "forecaster: training time, readings a second foretold and judged on one core",
    load: () => import("../bench/lstm.ts"),
  },
  vibration: {
    summary: "a bearing's waveform analysed: milliseconds of one core",
    load: () => import("../bench/vibration.ts"),
  },
  machines: {
    summary: "readings with raw samples a second; KPIs and trends over a million readings",
    load: () => import("../bench/machines.ts"),
  },
  failure: {
    summary: "boosted trees beside XGBoost, 100,000 devices scored",
    load: () => import("../bench/failure.ts"),
  },
  atm: {
    summary: "what the rules for alerts cost a report; a week of 1,000 ATMs asked about",
    load: () => import("../bench/atm.ts"),
  },
  predictions: {
    summary: "1,000 ATMs foretold in one request; the scoreboard over a year of 10,000 devices",
    load: () => import("../bench/predictions.ts"),
  },
  foretelling: {
    summary: "what an ATM's memory costs its messages; 100,000 ATMs scored in the runtime's path",
    load: () => import("../bench/foretelling.ts"),
  },
  stores: {
    summary: "1,825,000 polls of 14,092 stores: import, memory, report",
    load: () => import("../bench/stores.ts"),
  },
};

export const command: Command = {
  summary: `measure this machine: ${Object.keys(BENCHES).join(", ")}`,
  help: `Usage: ./telltale bench <name> [options]

${Object.entries(BENCHES).map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`).join("\n")}

Each starts servers of its own on temporary folders, and removes them. Figures depend on the machine;
ratios of two things measured in one run say more.

Options
  --messages N   (ingest: 300000) how many          --step-ms N  (ingest: 1000) device time between
  --rounds N     (ingest: 3) repetitions            two messages of a device
  --no-emmett    (ingest) leave the peer out        --seconds N, --rate N, --crowd N, --devices N
                                                    (latency, fleet) see bench/README.md
  --polls N, --stores N   (stores: 1825000, 14092); --rate and --seconds are of the live messages
  --raw N, --readings N   (machines: 10000, 1000000)
  --every-s N    (atm: 600) from one report of an ATM to its next

Exit codes: 0 measured; 1 failed; 2 wrong usage`,

  async run([name, ...options], config) {
    const bench = name === undefined ? undefined : BENCHES[name];
    if (!bench) {
      throw new UsageError(`Name a benchmark: one of ${Object.keys(BENCHES).join(", ")}`);
    }
    return await (await bench.load()).run(options, config);
  },
};
