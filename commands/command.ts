/** What `main.ts` knows of a command, and what every command is told. */

import type { Retention } from "../projections/retention.ts";

/** The environment, read and validated once, in `main.ts`. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** Port of the managed broker. */
  readonly natsPort: number;
  /** Absolute. */
  readonly dataDir: string;
  /** Servers of the user's own; undefined for the ones Telltale starts itself. */
  readonly databaseUrl: string | undefined;
  readonly natsUrl: string | undefined;
  readonly kvUrl: string | undefined;
  readonly partitions: number;
  /** How long finished reports and their files are kept. */
  readonly reportRetentionDays: number;
  /** What read models keep of each device, in days before its newest. */
  readonly keep: Retention;
  /** When a failure model is trained again; undefined for never by itself. */
  readonly trainFailure: { readonly cron: string; readonly zone: string } | undefined;
  readonly logLevel: "debug" | "info" | "warn" | "error";
}

export interface Command {
  /** One line for `./telltale help`. */
  readonly summary: string;
  /** What `./telltale <command> --help` prints: usage, options, examples, exit codes. */
  readonly help: string;
  /** What `./telltale <command> <word> --help` prints; undefined where the word is nothing to it. */
  helpOn?(word: string): Promise<string | undefined>;
  /** Resolves with the exit code. */
  run(args: readonly string[], config: Config): Promise<number>;
}

/** Something the user can put right: printed as one line, without a stack, exit code 1. */
export class UserError extends Error {
  override readonly name = "UserError";
}
