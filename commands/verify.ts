/** `./telltale verify`: proves the log whole, or names where it is not. */
import { messageOf } from "../events/errors.ts";
import { type Verification, verify, type Witness } from "../events/log/verify.ts";
import { parseArguments } from "./arguments.ts";
import { INTERRUPTED, InterruptedError, print, withLog } from "./audit.ts";
import type { Command } from "./command.ts";
import { count, progressText, rate, startProgress } from "./progress.ts";
import { UsageError } from "./usage.ts";

const WHOLE = 0;
const NOT_WHOLE = 1;
const NOT_VERIFIED = 2;

export const command: Command = {
  summary: "prove the log whole: nothing changed, missing, added or out of order",
  help: `Usage: ./telltale verify [--witness PARTITION:BATCH:HASH]… [--json]

Reads the whole event log again, byte for byte, and proves that every batch hashes to what was
stored when it was written, that offsets and versions have no gap, and that every message of the
broker became an event, a recognised repeat, a quarantine row or a recorded loss.

Works while Telltale runs, and when it does not.

Options
  --witness P:B:H   a hash that was written down earlier, as verify prints it; the log must still
                    have it. Only this shows that somebody cut off the end, or hashed all anew.
  --json            the result as one JSON object

Examples
  ./telltale verify
  ./telltale verify --witness 0:15034:9f2c…   (all 64 digits)

Exit codes: 0 whole; 1 not whole; 2 wrong usage, or the log could not be read; 130 interrupted`,

  async run(args, config) {
    const { witnesses, json } = readArguments(args);
    const startedAt = performance.now();
    const progress = startProgress();
    let result: Verification;
    try {
      result = await withLog(config, "verify", (sql, signal) =>
        verify(sql, {
          signal,
          witnesses,
          onProgress: ({ events, total }) =>
            progress.show(() =>
              progressText(events, total, "events", (performance.now() - startedAt) / 1000)
            ),
        }));
    } catch (error) {
      progress.end();
      const message = messageOf(error);
      Deno.stderr.writeSync(new TextEncoder().encode(`telltale: Cannot verify: ${message}\n`));
      return error instanceof InterruptedError ? INTERRUPTED : NOT_VERIFIED;
    }
    progress.end();
    print(json ? JSON.stringify(result, null, 2) : describe(result));
    return result.ok ? WHOLE : NOT_WHOLE;
  },
};

function readArguments(args: readonly string[]): { witnesses: Witness[]; json: boolean } {
  const { witness = [], json = false } = parseArguments(args, {
    options: { witness: { type: "string", multiple: true }, json: { type: "boolean" } },
  }).values;
  return { witnesses: witness.map(readWitness), json };
}

function readWitness(text: string): Witness {
  const match = /^(\d+):(\d+):([0-9a-f]{64})$/i.exec(text);
  if (!match) {
    throw new UsageError(
      `Cannot read --witness "${text}": expected PARTITION:BATCH:HASH, the hash in 64 hexadecimal digits`,
    );
  }
  const [, partition, batch, hash = ""] = match;
  return { partition: Number(partition), batch: Number(batch), hash };
}

function describe(result: Verification): string {
  const { events, batches, streams, seconds, heads, findings, findingsCount } = result;
  const read = `${count(events)} events of ${count(streams)} streams in ${
    count(batches)
  } batches, read in ${seconds.toFixed(1)} s (${count(rate(events, seconds))} events/s)`;
  const lines = [read, ...describeMessages(result)];
  if (result.ok) {
    lines.push("The log is whole.", "", "Write down, to prove later that this is still so:");
    for (const { partition, batch, hash } of heads) {
      lines.push(
        batch === 0 ? `  partition ${partition}: empty` : `  ${partition}:${batch}:${hash}`,
      );
    }
    return lines.join("\n");
  }
  lines.push(
    `The log is NOT whole: ${count(findingsCount)} finding${findingsCount === 1 ? "" : "s"}`,
    ...findings.map(({ code, message }) => `  ${code}: ${message}`),
  );
  if (findingsCount > findings.length) {
    lines.push(`  … and ${count(findingsCount - findings.length)} more`);
  }
  return lines.join("\n");
}

function describeMessages({ accounted }: Verification): string[] {
  if (accounted === undefined) {
    return [
      "Messages: each partition's are in order; that none is missing between the partitions cannot be claimed, because the broker's history has changed",
    ];
  }
  return accounted.map(({ epoch, from, to }) =>
    to < from
      ? `Messages: none in the broker's history ${epoch}`
      : `Messages ${count(from)} to ${
        count(to)
      } of the broker's history ${epoch}: looked for one by one`
  );
}
