/**
 * Writes a small log the way a partition worker does (same encoding, same append), with one of
 * everything in it: events by message and by timer, two events of one message, repeats,
 * quarantine, a recorded loss, a changed history of the broker, batches without events.
 */
import type { RecordedEvent } from "../../events/event.ts";
import { append, encode, seal } from "../../events/log/append.ts";
import type { Sql } from "../../events/log/database.ts";
import { sqlInstant } from "../../events/log/database.ts";
import { eventLine, type QuarantineRow } from "../../events/log/rows.ts";
import { deviceOf, type Json } from "../../events/vocabulary.ts";

/** What became of one message, or what a timer or the runtime did. */
export type Entry =
  | { readonly events: readonly Said[] }
  | { readonly timer: Said }
  | "repeat"
  | "quarantine";

export interface Said {
  readonly stream: string;
  readonly type: string;
  readonly data: Json;
}

export interface Scribe {
  batch(entries: readonly Entry[], at?: { epoch?: number; sequence?: number }): Promise<void>;
  readonly offset: number;
}

const START = Date.UTC(2026, 4, 1, 12);

export function createScribe(sql: Sql, partition = 0): Scribe {
  const versions = new Map<string, number>();
  let batch = 0;
  let offset = 0;
  let epoch = 0;
  let sequence = 0;
  let hash: Uint8Array = new Uint8Array();

  async function write(entries: readonly Entry[], at: { epoch?: number; sequence?: number } = {}) {
    batch++;
    epoch = at.epoch ?? epoch;
    sequence = at.sequence ?? sequence;
    const now = START + batch * 1000 + 0.25;
    const firstOffset = offset + 1;
    const firstSequence = sequence + 1;
    const lines: string[] = [];
    const repeats: number[] = [];
    const quarantine: QuarantineRow[] = [];
    const record = ({ stream, type, data }: Said, metadata: Json) => {
      const version = versions.get(stream) ?? 0;
      versions.set(stream, version + 1);
      const event: RecordedEvent = {
        partition,
        offset: ++offset,
        stream,
        version,
        type,
        schemaVersion: 1,
        data,
        metadata,
        occurredAt: now - 500,
        recordedAt: now,
      };
      lines.push(
        eventLine(event, JSON.stringify(data), JSON.stringify(metadata), sqlInstant(now)),
      );
    };
    for (const entry of entries) {
      if (entry === "repeat") repeats.push(++sequence);
      else if (entry === "quarantine") quarantine.push(setAside(++sequence, now));
      else if ("timer" in entry) record(entry.timer, {});
      else {
        sequence++;
        for (const said of entry.events) record(said, { sequence, messageId: `m-${sequence}` });
      }
    }
    const encoded = encode({
      row: {
        partition,
        batch,
        firstOffset,
        lastOffset: offset,
        epoch,
        firstSequence,
        lastSequence: sequence,
        repeats,
        quarantined: quarantine.length,
        recordedAt: now,
      },
      events: new TextEncoder().encode(lines.join("")),
      quarantine,
      sequenceTimeUs: now * 1000,
      streamCreated: "2026-05-01T00:00:00Z",
    });
    const sealed = await seal(hash, encoded);
    await append(sql, sealed);
    hash = sealed.hash;
  }

  function setAside(at: number, now: number): QuarantineRow {
    return {
      partition,
      batch,
      epoch,
      sequence: at,
      subject: "devices.atm.ATM-1.telemetry",
      headers: { "Nats-Msg-Id": `m-${at}` },
      payload: Uint8Array.of(0x7b, 0x00, 0xff, 0x5c, 0x0a, 0x09),
      code: "not-json",
      reason: 'Cannot read "{\\": expected JSON,\n\tfound something else',
      receivedAt: now - 10,
      recordedAt: now,
    };
  }

  return {
    batch: write,
    get offset() {
      return offset;
    },
  };
}

/** A report whose text needs every kind of care: tab, newline, backslash, quotes, not ASCII. */
export function report(stream: string, value: number): Said {
  return {
    stream,
    type: "TelemetryReported",
    data: { atm_id: deviceOf(stream).id, value, note: 'a\tb\n"c" \\ d é 漢 🏧' },
  };
}

/** One of everything, in nine batches and two histories of the broker. */
export async function writeLog(sql: Sql): Promise<void> {
  await sql`truncate partitions, batches, events, quarantine, checkpoints`;
  await sql`insert into partitions (partition) values (0)`;
  const scribe = createScribe(sql);
  const [a, b] = ["atm-ATM-1", "store-9999"];
  const system = "system-partition-0";
  await scribe.batch([
    { events: [{ stream: a, type: "DeviceRegistered", data: { kind: "atm" } }, report(a, 1)] },
    { events: [report(a, 2)] },
    { events: [report(b, 3)] },
  ]);
  await scribe.batch([
    { events: [report(a, 4)] },
    "repeat",
    "quarantine",
    { events: [report(b, 5)] },
    "repeat",
    "repeat",
    { timer: { stream: b, type: "DeviceFellSilent", data: { timeoutSeconds: 60 } } },
  ]);
  await scribe.batch([{ timer: { stream: a, type: "DeviceFellSilent", data: {} } }]);
  const lost = { fromSequence: 10, toSequence: 19 };
  await scribe.batch([{ timer: { stream: system, type: "MessagesMissing", data: lost } }], {
    sequence: 19,
  });
  await scribe.batch(["repeat", "repeat"]);
  await scribe.batch([{ events: [report(a, 6)] }, "quarantine", { events: [report(b, 7)] }]);
  const changed = { epoch: 1, sequence: 4, why: 'the stream ends at 4, before "24"' };
  await scribe.batch([
    { timer: { stream: system, type: "BrokerHistoryChanged", data: changed } },
  ], { epoch: 1, sequence: 4 });
  await scribe.batch([{ events: [report(a, 8), report(a, 9)] }, { events: [report(b, 10)] }]);
  await scribe.batch(["quarantine"]);
}
