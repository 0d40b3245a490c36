/** What a command was given: its options, and what their texts mean. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { messageOf } from "../events/errors.ts";
import { parseInstant } from "../events/instant.ts";
import { UsageError } from "./usage.ts";

type Parsed<Config extends ParseArgsConfig> = ReturnType<typeof parseArgs<Config>>;

/** Throws UsageError for an option that there is not, or one without its value. */
export function parseArguments<const Config extends ParseArgsConfig>(
  args: readonly string[],
  config: Config,
): Parsed<Config> {
  try {
    return parseArgs({ ...config, args: [...args] }) as Parsed<Config>;
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error });
  }
}

/** Throws UsageError, which names the option as it was given: `--seed`. */
export function wholeNumber(option: string, text: string, max: number, min = 0): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(
    `Cannot use ${option} "${text}": expected a whole number, ${min} to ${max}`,
  );
}

/** Epoch ms. Throws UsageError. */
export function momentOf(option: string, text: string): number {
  const at = parseInstant(text);
  if (at !== undefined) return at;
  throw new UsageError(
    `Cannot use ${option} "${text}": expected an ISO 8601 instant such as 2026-01-31T12:00:00Z`,
  );
}
