/** Reads the environment, picks the command, and says what went wrong in a line. */
import { UsageError } from "./commands/usage.ts";
import { commandNames, loadCommand, nearestCommand } from "./commands/registry.ts";

const FAILED = 1;
const WRONG_USAGE = 2;
/** What a shell calls a program that wrote to somebody who had gone: 128 + SIGPIPE. */
const NOBODY_READS = 141;

/** Errors whose message tells the user what to do; they come from parts that are loaded late. */
const EXPLAINED = new Set([
  "UserError",
  "ServiceError",
  "MigrationError",
  "BrokerUnsuitableError",
  "PartitionOwnedError",
]);

async function main(args: readonly string[]): Promise<number> {
  const [name = "help", ...rest] = args;
  if (["help", "--help", "-h"].includes(name)) return await help(rest);

  if (!commandNames.includes(name)) return unknown(name);
  const ours = rest.includes("--") ? rest.slice(0, rest.indexOf("--")) : rest;
  if (ours.includes("--help") || ours.includes("-h")) return await help([name, ...ours]);

  const { readConfig } = await import("./commands/config.ts");
  const config = readConfig(Deno.env.toObject());
  const command = await loadCommand(name);
  return await command.run(rest, config);
}

async function help([name, word]: readonly string[]): Promise<number> {
  if (name !== undefined) {
    if (!commandNames.includes(name)) return unknown(name);
    const command = await loadCommand(name);
    print(Deno.stdout, word && await command.helpOn?.(word) || command.help);
    return 0;
  }
  const { helpText } = await import("./commands/help.ts");
  print(Deno.stdout, await helpText());
  return 0;
}

function unknown(name: string): number {
  const nearest = nearestCommand(name);
  const hint = nearest === undefined
    ? `expected one of ${commandNames.join(", ")}`
    : `did you mean "${nearest}"?`;
  print(Deno.stderr, `telltale: Unknown command "${name}": ${hint}`);
  return WRONG_USAGE;
}

/** Says what went wrong; returns the exit code. */
function explain(error: unknown): number {
  // `telltale … | head` has seen enough, and that is no failure to tell of.
  if (error instanceof Deno.errors.BrokenPipe) return NOBODY_READS;
  const message = error instanceof Error ? error.message || error.name : String(error);
  for (const line of message.split("\n")) print(Deno.stderr, `telltale: ${line}`);
  if (error instanceof UsageError) return WRONG_USAGE;
  if (error instanceof Error && EXPLAINED.has(error.name)) return FAILED;
  if (Deno.env.get("LOG_LEVEL") === "debug" && error instanceof Error) {
    print(Deno.stderr, error.stack ?? "");
  } else {
    print(Deno.stderr, "telltale: That was not expected; LOG_LEVEL=debug shows where it happened");
  }
  return FAILED;
}

function print(stream: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  stream.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) {
  Deno.exit(await main(Deno.args).catch(explain));
}
