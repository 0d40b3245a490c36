/** A log to project, written without the actors: events as a test wants them, in their own order. */
import type { Metadata, RecordedEvent } from "../../events/event.ts";
import { type Sql, sqlInstant } from "../../events/log/database.ts";
import { EVENT_COLUMNS, eventLine } from "../../events/log/rows.ts";
import type { Json } from "../../events/vocabulary.ts";

export interface Fact {
  readonly stream: string;
  readonly type: string;
  readonly data: Json;
  /** Epoch ms. */
  readonly occurredAt: number;
  readonly recordedAt?: number;
  readonly metadata?: Metadata;
}

/** Gives facts their places in the log, as the writer would. One per test database. */
export function createRecorder(): (partition: number, facts: readonly Fact[]) => RecordedEvent[] {
  const offsets = new Map<number, number>();
  const versions = new Map<string, number>();
  return (partition, facts) =>
    facts.map(({ recordedAt, metadata = {}, ...fact }) => {
      const offset = (offsets.get(partition) ?? 0) + 1;
      offsets.set(partition, offset);
      const version = versions.get(fact.stream) ?? 0;
      versions.set(fact.stream, version + 1);
      return {
        ...fact,
        recordedAt: recordedAt ?? fact.occurredAt,
        partition,
        offset,
        version,
        schemaVersion: 1,
        metadata,
      };
    });
}

/** Appends events of one partition to the log and moves its head. */
export async function appendToLog(sql: Sql, events: readonly RecordedEvent[]): Promise<void> {
  const last = events.at(-1);
  if (last === undefined) return;
  const lines = events.map((event) =>
    eventLine(
      event,
      JSON.stringify(event.data),
      JSON.stringify(event.metadata),
      sqlInstant(event.recordedAt),
    )
  );
  await sql.begin(async (tx) => {
    const writable = await tx`copy events (${tx.unsafe(EVENT_COLUMNS)}) from stdin`.writable();
    await new Promise<void>((resolve, reject) => {
      writable.on("error", reject);
      writable.on("finish", resolve);
      writable.end(lines.join(""));
    });
    await tx`
      insert into partitions (partition, "offset") values (${last.partition}, ${last.offset})
      on conflict (partition) do update set "offset" = excluded."offset"`;
  });
}
