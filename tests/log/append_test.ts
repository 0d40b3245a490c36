/** The log's promises, on the PostgreSQL that Telltale starts and on one that a user brings. */
import assert from "node:assert/strict";
import {
  append,
  encode,
  PartitionLostError,
  type PreparedBatch,
  seal,
} from "../../events/log/append.ts";
import { connect, type ConnectOptions, type Sql, sqlInstant } from "../../events/log/database.ts";
import { readPosition } from "../../events/log/partitions.ts";
import { readPartition, readStream } from "../../events/log/read.ts";
import {
  BATCH_COLUMNS,
  EVENT_COLUMNS,
  eventLine,
  QUARANTINE_COLUMNS,
  type QuarantineRow,
} from "../../events/log/rows.ts";
import { AppendFailedError, startWriter } from "../../events/log/writer.ts";
import { migrate } from "../../migrations/migrate.ts";
import { freshDatabase } from "../support/servers.ts";
import { userServer } from "../support/user_server.ts";

interface Place {
  readonly sql: Sql;
  readonly address: Pick<ConnectOptions, "url" | "socket">;
}

const NOW = Date.UTC(2026, 4, 1, 12);
const NOTHING = new Uint8Array();

/** Texts that a careless writer of COPY lines would spoil. */
const HOSTILE = [
  "",
  "\\N",
  "\\.",
  "\\",
  "tab\there",
  "line\nbreak\r\n",
  "\b\f\v",
  "'; drop table events; --",
  "é 漢 🏧 \u2028 \ufeff",
  "\\x41 \\101 \\t",
];

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Batch `number` of partition 0, one event per text, on top of a log in which every batch is alike. */
function batchOf(number: number, texts: readonly string[], rest: {
  quarantine?: readonly QuarantineRow[];
  eventLines?: string;
  writer?: string;
} = {}): PreparedBatch {
  const before = (number - 1) * texts.length;
  const stream = `sensor-${rest.writer ?? "A"}`;
  const lines = texts.map((text, i) =>
    eventLine(
      {
        partition: 0,
        offset: before + i + 1,
        stream,
        version: before + i,
        type: "ReadingReported",
        schemaVersion: 1,
        data: {},
        metadata: {},
        occurredAt: NOW + 0.25,
        recordedAt: NOW,
      },
      JSON.stringify({ text }),
      JSON.stringify({ sequence: before + i + 1, source: text }),
      sqlInstant(NOW),
    )
  );
  const quarantine = rest.quarantine ?? [];
  return {
    row: {
      partition: 0,
      batch: number,
      firstOffset: before + 1,
      lastOffset: before + texts.length,
      epoch: 0,
      firstSequence: before + 1,
      lastSequence: before + texts.length,
      repeats: [],
      quarantined: quarantine.length,
      recordedAt: NOW,
    },
    events: bytesOf(rest.eventLines ?? lines.join("")),
    quarantine,
    sequenceTimeUs: NOW * 1000,
    streamCreated: "2026-05-01T00:00:00Z",
  };
}

function setAside(sequence: number, text: string): QuarantineRow {
  return {
    partition: 0,
    batch: 1,
    epoch: 0,
    sequence,
    subject: `devices.atm.${text}`,
    headers: { "Nats-Msg-Id": text },
    payload: Uint8Array.from({ length: 256 }, (_, byte) => byte),
    code: "not-json",
    reason: text,
    receivedAt: NOW - 0.5,
    recordedAt: NOW,
  };
}

async function copyOut(sql: Sql, query: string): Promise<string> {
  const readable = await sql.unsafe(`copy (${query}) to stdout`).readable();
  const chunks: Uint8Array[] = [];
  for await (const chunk of readable) chunks.push(chunk);
  return new TextDecoder().decode(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).bytes());
}

async function expectEmpty(sql: Sql): Promise<void> {
  const position = await readPosition(sql, 0);
  assert.deepEqual([position.batch, position.offset, position.sequence], [0, 0, 0]);
  for (const table of ["batches", "events", "quarantine"]) {
    assert.deepEqual([...await sql`select * from ${sql(table)}`], [], table);
  }
}

const PROMISES: Readonly<Record<string, (place: Place) => Promise<void>>> = {
  async "what is read is what was written, to the last byte"({ sql }) {
    const quarantine = HOSTILE.map((text, i) => setAside(i + 1, text));
    const sealed = await seal(NOTHING, encode(batchOf(1, HOSTILE, { quarantine })));
    await append(sql, sealed);
    const events = await readPartition(sql, 0, 0, 100);
    assert.deepEqual(events.map(({ data }) => data.text), HOSTILE);
    assert.deepEqual(events.map(({ metadata }) => metadata.source), HOSTILE);
    assert.deepEqual(events.map(({ offset }) => offset), HOSTILE.map((_, i) => i + 1));
    assert.deepEqual(await readStream(sql, "sensor-A", 2, 3), events.slice(2, 5));
    assert.equal(events[0]?.occurredAt, NOW + 0.25);
    const kept =
      await sql`select subject, headers, payload, reason from quarantine order by sequence`;
    assert.deepEqual(
      kept.map(({ subject, headers, reason }) => [subject, headers["Nats-Msg-Id"], reason]),
      HOSTILE.map((text) => [`devices.atm.${text}`, text, text]),
    );
    assert.deepEqual(Uint8Array.from(kept[0]?.payload), quarantine[0]?.payload);
  },

  async "the hash of a batch is that of what the database gives back"({ sql }) {
    let previous: Uint8Array = NOTHING;
    for (const number of [1, 2, 3]) {
      const quarantine = number === 2 ? [{ ...setAside(9, "x\ty"), batch: 2 }] : [];
      const sealed = await seal(previous, encode(batchOf(number, HOSTILE, { quarantine })));
      await append(sql, sealed);
      previous = sealed.hash;
    }
    let expected: Uint8Array = NOTHING;
    for (const number of [1, 2, 3]) {
      const own = await copyOut(
        sql,
        `select ${BATCH_COLUMNS} from batches where batch = ${number}`,
      );
      const [first, last] = [(number - 1) * HOSTILE.length, number * HOSTILE.length];
      const events = await copyOut(
        sql,
        `select ${EVENT_COLUMNS} from events where "offset" > ${first} and "offset" <= ${last} order by "offset"`,
      );
      const quarantine = await copyOut(
        sql,
        `select ${QUARANTINE_COLUMNS} from quarantine where batch = ${number} order by sequence`,
      );
      const bytes = new TextEncoder().encode(own + events + quarantine);
      const link = new Uint8Array([...expected, ...bytes]);
      expected = new Uint8Array(await crypto.subtle.digest("SHA-256", link));
      const [row] = await sql`select hash from batches where batch = ${number}`;
      assert.deepEqual(Uint8Array.from(row?.hash), expected, `batch ${number}`);
    }
    assert.deepEqual(Uint8Array.from((await readPosition(sql, 0)).hash), expected);
  },

  async "a batch is written whole or not at all"({ sql }) {
    const good = batchOf(1, ["a", "b"]);
    const lines = new TextDecoder().decode(good.events);
    const broken: Record<string, PreparedBatch> = {
      "a line that is no JSON": {
        ...good,
        events: bytesOf(lines.replace('{"text":"b"}', "{")),
      },
      "a line that lacks a column": { ...good, events: bytesOf(`${lines}0\t3\n`) },
      "a NUL": { ...good, events: bytesOf(lines.replace('"b"', '"\0"')) },
      "an offset twice": { ...good, events: bytesOf(lines.replace("0\t2\t", "0\t1\t")) },
      "a quarantined message twice": { ...good, quarantine: [setAside(1, "x"), setAside(1, "x")] },
    };
    for (const [what, batch] of Object.entries(broken)) {
      await assert.rejects(append(sql, await seal(NOTHING, encode(batch))), what);
      await expectEmpty(sql);
    }
    await append(sql, await seal(NOTHING, encode(good)));
    assert.equal((await readPosition(sql, 0)).offset, 2);
  },

  async "of two writers exactly one wins each batch, and the other writes nothing"({ address }) {
    const writers = ["A", "B"].map((name) => ({
      name,
      sql: connect({ ...address, name: `writer ${name}`, connectionsMax: 2 }),
      won: [] as number[],
    }));
    const [{ sql } = assert.fail()] = writers;
    try {
      let hash: Uint8Array = NOTHING;
      for (let number = 1; number <= 20; number++) {
        const sealed = await Promise.all(
          writers.map(({ name }) => seal(hash, encode(batchOf(number, ["x"], { writer: name })))),
        );
        const ends = await Promise.allSettled(writers.map((writer, i) => {
          const batch = sealed[i] ?? assert.fail();
          return append(writer.sql, batch).then(() => writer.won.push(number));
        }));
        const lost = ends.filter((end) => end.status === "rejected");
        assert.equal(lost.length, 1);
        assert.ok(lost[0]?.reason instanceof PartitionLostError, String(lost[0]?.reason));
        hash = Uint8Array.from((await readPosition(sql, 0)).hash);
      }
      const events = await readPartition(sql, 0, 0, 100);
      assert.deepEqual(
        events.map(({ offset }) => offset),
        Array.from({ length: 20 }, (_, i) => i + 1),
      );
      for (const { name, won } of writers) {
        const written = events.filter(({ stream }) => stream === `sensor-${name}`);
        assert.deepEqual(written.map(({ offset }) => offset), won, `writer ${name}`);
      }
    } finally {
      for (const writer of writers) await writer.sql.end({ timeout: 5 });
    }
  },

  async "a writer that was replaced is told so, and so is everything behind it"({ sql, address }) {
    const writer = startWriter({ ...address, name: "replaced" });
    try {
      writer.begin(NOTHING);
      await writer.append(batchOf(1, ["x"]));
      const { hash } = await readPosition(sql, 0);
      await append(sql, await seal(hash, encode(batchOf(2, ["x"], { writer: "B" }))));
      const ends = await Promise.allSettled([2, 3, 4].map((n) => writer.append(batchOf(n, ["x"]))));
      for (const end of ends) {
        assert.ok(end.status === "rejected" && end.reason instanceof PartitionLostError);
      }
      assert.equal((await readPosition(sql, 0)).batch, 2);
    } finally {
      await writer.close();
    }
  },

  async "batches handed over together are written in order, each on top of the one before"(place) {
    const writer = startWriter({ ...place.address, name: "pipelined" });
    try {
      writer.begin(NOTHING);
      const hashes = await Promise.all(
        Array.from({ length: 50 }, (_, i) => writer.append(batchOf(i + 1, ["x", "y"]))),
      );
      const position = await readPosition(place.sql, 0);
      assert.deepEqual([position.batch, position.offset], [50, 100]);
      assert.deepEqual(Uint8Array.from(position.hash), hashes.at(-1));
      const offsets = (await readPartition(place.sql, 0, 0, 1000)).map(({ offset }) => offset);
      assert.deepEqual(offsets, Array.from({ length: 100 }, (_, i) => i + 1));
    } finally {
      await writer.close();
    }
  },

  async "a writer whose database is away says so, and goes on when it is back"({ sql, address }) {
    const [{ name } = { name: "" }] = await sql<
      { name: string }[]
    >`select current_database() as name`;
    const admin = connect({ ...toDatabase(address, "postgres"), name: "test admin" });
    const writer = startWriter({ ...address, name: "patient" });
    try {
      writer.begin(NOTHING);
      await writer.append(batchOf(1, ["x"]));
      await admin.unsafe(`alter database ${name} allow_connections false`);
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'telltale patient' and datname = ${name}`;
      await assert.rejects(writer.append(batchOf(2, ["x"])), AppendFailedError);
      const { hash } = await readPosition(sql, 0);
      writer.begin(hash);
      await assert.rejects(writer.append(batchOf(2, ["x"])), {
        name: "AppendFailedError",
        message: /^Cannot append batch 2: .*not currently accepting connections/,
      });
      await admin.unsafe(`alter database ${name} allow_connections true`);
      writer.begin(hash);
      await writer.append(batchOf(2, ["x"]));
      assert.equal((await readPosition(sql, 0)).batch, 2);
    } finally {
      await writer.close();
      await admin.end({ timeout: 5 });
    }
  },

  async "a connection cut in the middle of a batch fails it and all above it, and the next run goes on"(
    { sql, address },
  ) {
    const writer = startWriter({ ...address, name: "cut off" });
    try {
      writer.begin(NOTHING);
      await writer.append(batchOf(1, ["x"]));
      // Again and again: what a broken connection leaves behind must not reach the next one.
      for (let next = 2; next < 8; next++) {
        const ends = await cutWhileWriting(
          sql,
          next,
          () => [next, next + 1].map((number) => writer.append(batchOf(number, ["x"]))),
        );
        for (const end of ends) {
          assert.ok(end.status === "rejected" && end.reason instanceof AppendFailedError);
        }
        const position = await readPosition(sql, 0);
        assert.equal(position.batch, next - 1);
        writer.begin(position.hash);
        await writer.append(batchOf(next, ["x"]));
      }
      const began = performance.now();
      await writer.close();
      assert.ok(performance.now() - began < 2_000, "a writer that was cut off takes long to close");
    } finally {
      await writer.close();
    }
  },
};

/** Another database on the same server. */
function toDatabase({ url, socket }: Place["address"], database: string): Place["address"] {
  return socket ? { socket: { ...socket, database } } : { url: new URL(`/${database}`, url).href };
}

/** Ends the session that writes this offset, while the server is at it; how the writes ended. */
async function cutWhileWriting(
  sql: Sql,
  offset: number,
  write: () => Promise<unknown>[],
): Promise<PromiseSettledResult<unknown>[]> {
  const obstacle = await sql.reserve();
  try {
    await obstacle`begin`;
    // Whoever writes the same key waits here to see how this transaction ends.
    await obstacle`insert into events (${sql.unsafe(EVENT_COLUMNS)}) values
      (0, ${offset}, 'x', 0, 'X', 1, '{}', '{}', now(), ${sqlInstant(NOW)}::timestamptz)`;
    const ends = Promise.allSettled(write());
    for (let attempt = 0; attempt < 200; attempt++) {
      const { count } = await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like 'copy%'`;
      if (count > 0) return await ends;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`Nobody wrote offset ${offset}`);
  } finally {
    await obstacle`rollback`;
    obstacle.release();
  }
}

for (const [name, keep] of Object.entries(PROMISES)) {
  Deno.test(`log: ${name}`, async () => {
    const database = await freshDatabase();
    try {
      await database.sql`insert into partitions (partition) values (0)`;
      const { sql, url, socket } = database;
      await keep({ sql, address: socket ? { socket } : { url } });
    } finally {
      await database.close();
    }
  });
}

Deno.test("a PostgreSQL that a user brings keeps the same promises", async (t) => {
  const server = await userServer();
  if (server === undefined) {
    Deno.stdout.writeSync(new TextEncoder().encode("skipped: no PostgreSQL is installed\n"));
    return;
  }
  const admin = connect({ url: server.url, name: "test admin", connectionsMax: 1 });
  try {
    for (const [number, [name, keep]] of Object.entries(PROMISES).entries()) {
      const url = new URL(`/promise_${number}`, server.url).href;
      await admin.unsafe(`create database promise_${number}`);
      const sql = connect({ url, name: "test" });
      await migrate(sql);
      await sql`insert into partitions (partition) values (0)`;
      await t.step(`${name} (${server.version})`, () => keep({ sql, address: { url } }));
      await sql.end({ timeout: 5 });
    }
  } finally {
    await admin.end({ timeout: 5 });
    await server.stop();
  }
});
