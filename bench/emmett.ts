/**
 * A peer: Emmett's PostgreSQL event store on the same server, one event per append, 16 writers.
 * Optional: fetched only for this comparison, and left out with a word where it cannot be had.
 */
import type { ProvidedDatabase } from "../services/mod.ts";
import { perSecond, say } from "./running.ts";

type Reached = Pick<ProvidedDatabase, "connect" | "socket" | "url">;

/** Prints how many times as fast the whole path took its messages. `rate`: ours, per second. */
export async function compareWithEmmett(database: Reached, rate: number): Promise<void> {
  const theirs = await appendRate(database);
  if (theirs === undefined) return;
  say(
    `emmett-postgresql 0.42, one event per append, 16 writers, same server: ${
      perSecond(theirs, 1000)
    } appends/s; Telltale's whole path did ${(rate / theirs).toFixed(1)} times that`,
  );
}

async function appendRate(database: Reached): Promise<number | undefined> {
  const sql = database.connect("bench", 1);
  await sql.unsafe("create database bench_emmett");
  await sql.end();
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--no-lock",
      new URL("./emmett_peer.ts", import.meta.url).pathname,
      connectionString(database),
    ],
    stdin: "null",
  }).output();
  if (success) return Number(new TextDecoder().decode(stdout));
  const reason = new TextDecoder().decode(stderr).trim().split("\n").at(0);
  say(`emmett-postgresql is left out: ${reason}`);
  return undefined;
}

function connectionString({ socket, url }: Reached): string {
  if (socket) {
    const folder = socket.path.slice(0, socket.path.lastIndexOf("/"));
    return `postgresql://${socket.user}@localhost/bench_emmett?host=${encodeURIComponent(folder)}`;
  }
  const own = new URL(url ?? "");
  own.pathname = "/bench_emmett";
  return own.href;
}
