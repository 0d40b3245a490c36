/** What the running server says about itself: one JSON object a line, on standard error. */
import type { Config } from "./command.ts";

export type Level = Config["logLevel"];

export type Log = (level: Level, message: string, fields?: object) => void;

const LEVELS: readonly Level[] = ["debug", "info", "warn", "error"];
const encoder = new TextEncoder();

export function createLog(lowest: Level): Log {
  const from = LEVELS.indexOf(lowest);
  return (level, message, fields = {}) => {
    if (LEVELS.indexOf(level) < from) return;
    const line = JSON.stringify({ at: new Date().toISOString(), level, message, ...fields });
    Deno.stderr.writeSync(encoder.encode(`${line}\n`));
  };
}
