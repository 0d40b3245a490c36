/** `./telltale start`: everything, wired together, until told to stop. */
import { endAllAtOnce } from "../services/mod.ts";
import type { Command } from "./command.ts";
import { type Server, startServer } from "./server.ts";
import { UsageError } from "./usage.ts";

/** Servers asked to end at once have this long, then they are ended. */
const AT_ONCE_MS = 2_000;

export const command: Command = {
  summary: "watch the fleet: bus, log, read models, HTTP; --demo adds a simulated fleet",
  help: `Usage: ./telltale start [--demo]

Starts its own PostgreSQL and nats-server (or uses DATABASE_URL and NATS_URL), takes in what devices
publish on devices.<kind>.<id>.<message>, and answers over HTTP.

Options
  --demo    also run a small simulated fleet, so that there is something to see

Environment (all optional)
  HOST 127.0.0.1   PORT 8000   NATS_PORT 4222   DATA_DIR ./data   DATABASE_URL   NATS_URL   KV_URL
  PARTITIONS 1   REPORT_RETENTION_DAYS 30   TREND_MINUTES_DAYS 30   LOG_LEVEL info
  TRAIN_FAILURE_CRON   TRAIN_FAILURE_ZONE UTC

Ctrl-C stops taking messages, commits what was taken and ends; a second Ctrl-C ends at once.

Exit codes: 0 stopped when asked; 1 could not start or had to stop; 2 wrong usage`,

  async run(args, config) {
    const unknown = args.filter((argument) => argument !== "--demo");
    if (unknown.length > 0) {
      throw new UsageError(`Unknown option "${unknown[0]}"; see ./telltale start --help`);
    }
    const stop = Promise.withResolvers<void>();
    let asked = 0;
    async function onSignal(): Promise<void> {
      asked++;
      if (asked === 1) {
        print("\nStopping: committing what was taken. Ctrl-C again to stop at once.");
        stop.resolve();
      } else if (asked === 2) {
        await endAllAtOnce(AT_ONCE_MS);
        Deno.exit(130);
      }
    }
    Deno.addSignalListener("SIGINT", onSignal);
    Deno.addSignalListener("SIGTERM", onSignal);

    let server: Server | undefined;
    const demo = new AbortController();
    let demoEnded: Promise<void> = Promise.resolve();
    try {
      server = await startServer(config);
      const { log, lost, natsUrl, summary } = server;
      if (asked === 0) print(summary);
      if (asked === 0 && args.includes("--demo")) {
        const { runDemo } = await import("../simulator/demo.ts");
        demoEnded = runDemo(natsUrl, demo.signal).catch((error) =>
          log("warn", "the simulated fleet stopped", { problem: String(error) })
        );
        print("A simulated fleet is publishing; watch it on the page above.");
      }
      await Promise.race([stop.promise, lost]);
    } finally {
      demo.abort();
      await demoEnded;
      await server?.stop();
      Deno.removeSignalListener("SIGINT", onSignal);
      Deno.removeSignalListener("SIGTERM", onSignal);
    }
    print("Stopped.");
    return 0;
  },
};

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
