/**
 * What every import does around its own work: it finds the running Telltale, waits until nothing is
 * on its way, lends a sender, and ends when the read models have what was sent.
 */
import type { NatsConnection } from "../../events/bus/connection.ts";
import { createPublisher } from "../../events/bus/jetstream_publisher.ts";
import type { Sql } from "../../events/log/database.ts";
import { INTERRUPTED, InterruptedError, print, withLog } from "../audit.ts";
import { connectToRunning } from "../bus.ts";
import type { Config } from "../command.ts";
import { count, type Progress, startProgress } from "../progress.ts";
import { type LogState, watchLog } from "./log_state.ts";
import { createSender, type Sender } from "./sender.ts";

/** What an import works with. */
export interface Tools {
  readonly sql: Sql;
  readonly sender: Sender;
  readonly progress: Progress;
  /** Fires when whoever imports has had enough. */
  readonly signal: AbortSignal;
}

export interface Import<Told> {
  /** As the events' metadata will say: `import stores`. */
  readonly source: string;
  /** Sends what there is to tell. */
  tell(tools: Tools): Promise<Told>;
  /** For whoever imports, once it is in the read models. */
  describe(told: Told): { readonly lines: readonly string[]; readonly complete: boolean };
}

/** Resolves with the exit code. */
export async function importing<Told>(
  config: Config,
  asked: Import<Told>,
): Promise<number> {
  const progress = startProgress();
  const connection = await connectToRunning(config, "import");
  try {
    const { told, tally } = await withLog(
      config,
      "import",
      (sql, signal) => run({ sql, progress, signal }, connection, asked),
    );
    progress.end();
    const { lines, complete } = asked.describe(told);
    print([...lines, ...refusals(tally)].join("\n"));
    return complete && tally.refused === 0 ? 0 : 1;
  } catch (error) {
    progress.end();
    if (!(error instanceof InterruptedError)) throw error;
    print("Interrupted. What was sent is kept; import again to send the rest.");
    return INTERRUPTED;
  } finally {
    await connection.close();
  }
}

/**
 * What an earlier import sent may still be on its way: only when the read models have all of it
 * can they be asked what is known.
 */
async function run<Told>(
  tools: Omit<Tools, "sender">,
  connection: NatsConnection,
  { source, tell }: Import<Told>,
): Promise<{ told: Told; tally: Sender["tally"] }> {
  const { progress } = tools;
  const log = watchLog(tools.sql, connection);
  await log.requireOwner();
  progress.show(() => "Waiting until the log has what is on the bus …");
  await log.busToLog();
  await log.logToReadModels();

  const publisher = createPublisher(connection);
  try {
    const sender = createSender(publisher, { source, onSilence: log.requireOwner });
    const told = await tell({ ...tools, sender });
    await sender.finish();
    progress.show(() => "Waiting until the read models have it …");
    await awaitReadModels(log, sender);
    return { told, tally: sender.tally };
  } finally {
    publisher.close();
  }
}

/** Where an answer got lost, nobody knows up to where: then all that is on the bus must be there. */
async function awaitReadModels(log: LogState, { tally }: Sender): Promise<void> {
  if (tally.unanswered === 0) return await log.logToReadModels(tally.offsets);
  await log.busToLog();
  await log.logToReadModels();
}

function refusals({ refused, refusal }: Sender["tally"]): string[] {
  if (refused === 0) return [];
  return [
    `${count(refused)} messages were NOT understood and went to quarantine. The first: ${
      refusal ?? ""
    }`,
  ];
}
