/**
 * A database that dies while a connection to it is only just being made. The real server, behind a
 * relay that cuts the line at the very question a new connection asks first.
 */
import assert from "node:assert/strict";
import { connect } from "../../events/log/database.ts";
import { startWriter } from "../../events/log/writer.ts";
import { type FreshDatabase, freshDatabase } from "../support/servers.ts";

/** What the driver asks for itself, before whatever it was connected for. */
const FIRST_QUESTION = "typarray";

/** Relays to the server; the first `cuts` connections end when they ask their first question. */
function relay(
  { socket, url }: FreshDatabase,
  cuts: number,
): { address: Parameters<typeof connect>[0]; cut(): number; close(): void } {
  const target = new URL(url ?? "postgres://unused");
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let left = cuts;
  const open = new Set<Deno.Conn>();

  async function pass(from: Deno.Conn, to: Deno.Conn, watched: boolean): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (;;) {
        const count = await from.read(buffer);
        if (count === null) break;
        const bytes = buffer.subarray(0, count);
        if (watched && left > 0 && new TextDecoder().decode(bytes).includes(FIRST_QUESTION)) {
          left--;
          break;
        }
        for (let sent = 0; sent < count;) sent += await to.write(bytes.subarray(sent));
      }
    } catch { /* The other direction has closed it. */ }
    for (const end of [from, to]) if (open.delete(end)) end.close();
  }

  function connectThrough(): Promise<Deno.Conn> {
    return socket
      ? Deno.connect({ transport: "unix", path: socket.path })
      : Deno.connect({ hostname: target.hostname, port: Number(target.port || 5432) });
  }

  void (async () => {
    for await (const client of listener) {
      const server = await connectThrough().catch(() => client.close());
      if (!server) continue;
      open.add(client).add(server);
      void pass(client, server, true);
      void pass(server, client, false);
    }
  })();
  const front = new URL(url ?? `postgres://${socket?.user}@localhost/${socket?.database}`);
  front.hostname = "127.0.0.1";
  front.port = String((listener.addr as Deno.NetAddr).port);
  return {
    address: { url: front.href, name: "cut off", connectionsMax: 2 },
    cut: () => cuts - left,
    close() {
      listener.close();
      for (const end of open) end.close();
      open.clear();
    },
  };
}

const WAYS: readonly [string, (sql: ReturnType<typeof connect>) => Promise<unknown>][] = [
  ["asks", (sql) => sql`select 1`],
  ["begins", (sql) => sql.begin((tx) => tx`select 1`)],
  ["reserves a session", async (sql) => {
    const session = await sql.reserve();
    await session`select 1`.finally(() => session.release());
  }],
];

for (const [what, act] of WAYS) {
  Deno.test(`who ${what} on a connection that is cut off at once is told or served, and nobody dies of it`, async () => {
    const database = await freshDatabase();
    const line = relay(database, 3);
    const sql = connect(line.address);
    try {
      for (let attempt = 0; line.cut() < 3 && attempt < 20; attempt++) {
        await act(sql).catch(() => {});
      }
      assert.equal(line.cut(), 3);
      await act(sql);
    } finally {
      await sql.end({ timeout: 1 });
      line.close();
      await database.close();
    }
  });
}

Deno.test("a log writer whose connection is cut off at once says so, and writes the next batch", async () => {
  const database = await freshDatabase();
  await database.sql`insert into partitions (partition) values (0)`;
  const line = relay(database, 1);
  const writer = startWriter(line.address);
  const empty = {
    row: {
      partition: 0,
      batch: 1,
      firstOffset: 1,
      lastOffset: 0,
      epoch: 0,
      firstSequence: 1,
      lastSequence: 0,
      repeats: [],
      quarantined: 0,
      recordedAt: Date.UTC(2026, 4, 1),
    },
    events: new Uint8Array(),
    quarantine: [],
    sequenceTimeUs: 0,
    streamCreated: "",
  };
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      writer.begin(new Uint8Array());
      const written = await writer.append(empty).then(() => true, () => false);
      if (written) break;
    }
    assert.equal(line.cut(), 1);
    const [row] = await database.sql`select batch from partitions where partition = 0`;
    assert.equal(row?.batch, 1);
  } finally {
    await writer.close();
    line.close();
    await database.close();
  }
});
