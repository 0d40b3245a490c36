/** `./telltale help`: what there is, and how to go on from there. */
import { commandNames, loadCommand } from "./registry.ts";

const HEAD = `Telltale watches a fleet of ATMs, machines, stores and sensors.

Usage: ./telltale <command> [options]

See a fleet live, simulated, in one command:
  ./telltale start --demo

Commands`;

const FOOT = `
Environment (all optional)
  HOST          where to listen; 127.0.0.1
  PORT          of the HTTP server; 8000
  NATS_PORT     of the nats-server that Telltale starts; 4222
  DATA_DIR      where it keeps everything; data/ beside ./telltale
  DATABASE_URL  a PostgreSQL 15 or newer of your own; otherwise Telltale starts one
  NATS_URL      a NATS with JetStream of your own; otherwise Telltale starts one
  KV_URL        where nodes share snapshots; otherwise a file in DATA_DIR
  PARTITIONS    how many writers share the devices; 1
  LOG_LEVEL     debug, info, warn or error; info

./telltale <command> --help tells more about one.`;

export async function helpText(): Promise<string> {
  const width = Math.max(...commandNames.map((name) => name.length));
  const lines = await Promise.all(commandNames.map(async (name) => {
    const { summary } = await loadCommand(name);
    return `  ${name.padEnd(width)}  ${summary}`;
  }));
  return [HEAD, ...lines, FOOT].join("\n");
}
