/** `./telltale simulate`: a seeded fleet that speaks to a real bus. */
import { createPublisher } from "../events/bus/jetstream_publisher.ts";
import { formatInstant } from "../events/instant.ts";
import { fleet, type SimulatedMessage } from "../simulator/fleet.ts";
import { publishAll, type Tally } from "../simulator/publish.ts";
import { connectToRunning } from "./bus.ts";
import type { Command } from "./command.ts";
import { count, rate, startProgress } from "./progress.ts";
import { readSimulation, type Simulation, SIMULATION_HELP } from "./simulate_options.ts";

export const command: Command = {
  summary: "publish what a simulated fleet says, repeatable by its seed",
  help: SIMULATION_HELP,

  async run(args, config) {
    const simulation = readSimulation(args, Date.now());
    const connection = await connectToRunning(config, "simulator");
    const interrupt = new AbortController();
    const onSignal = () => interrupt.abort();
    Deno.addSignalListener("SIGINT", onSignal);
    Deno.addSignalListener("SIGTERM", onSignal);
    try {
      print(introduction(simulation));
      const progress = startProgress();
      const startedAt = performance.now();
      const secondsPassed = () => (performance.now() - startedAt) / 1000;
      const tally = await publishAll(createPublisher(connection), limited(simulation), {
        sendAt: simulation.pace,
        signal: interrupt.signal,
        onProgress: (tally, { at }) => progress.show(() => underWay(tally, secondsPassed(), at)),
      }).finally(progress.end);
      print(conclusion(tally, secondsPassed()));
      if (tally.failed > 0) return 1;
      return interrupt.signal.aborted && simulation.ends ? 130 : 0;
    } finally {
      Deno.removeSignalListener("SIGINT", onSignal);
      Deno.removeSignalListener("SIGTERM", onSignal);
      await connection.close();
    }
  },
};

function* limited({ options, until, count: countMax }: Simulation): Generator<SimulatedMessage> {
  let sent = 0;
  if (countMax === 0) return;
  for (const message of fleet(options)) {
    if (message.at >= until) return;
    yield message;
    if (++sent >= countMax) return;
  }
}

function introduction({ options, paceText, until, count: countMax }: Simulation): string {
  const { atm, machine, store, sensor } = options.devices;
  const bounds = [
    until === Infinity ? "" : ` until ${formatInstant(until)}`,
    countMax === Infinity ? "" : `, at most ${count(countMax)} messages`,
  ].join("");
  return `Fleet ${options.seed}: ${atm} ATMs, ${machine} machines, ${store} stores, ${sensor} sensors, from ${
    formatInstant(options.startAt)
  }${bounds}, ${paceText}. Ctrl-C ends it.`;
}

function underWay({ acknowledged }: Readonly<Tally>, seconds: number, at: number): string {
  return `${count(acknowledged)} acknowledged, ${count(rate(acknowledged, seconds))}/s, at ${
    formatInstant(at)
  }`;
}

function conclusion(tally: Tally, seconds: number): string {
  const { published, acknowledged, repeats, retries, failed, failure } = tally;
  return [
    `Sent ${count(published)} messages in ${seconds.toFixed(1)} s, `,
    `${count(rate(acknowledged, seconds))}/s: ${count(acknowledged)} acknowledged`,
    repeats > 0 ? `, ${count(repeats)} of them recognised as repeats` : "",
    retries > 0 ? `, ${count(retries)} tried again` : "",
    failed > 0 ? `, ${count(failed)} NOT acknowledged. The first: ${failure}` : "",
  ].join("");
}

const encoder = new TextEncoder();

function print(text: string): void {
  Deno.stdout.writeSync(encoder.encode(`${text}\n`));
}
