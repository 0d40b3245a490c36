/** What could not be understood, word for word. Answers: what did devices say that we set aside? */
import type { Sql } from "../events/log/database.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";

/** Moments are epoch milliseconds. */
export interface Quarantined {
  /** `partition-epoch-sequence`. */
  readonly id: string;
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  /** As text where it is UTF-8, else in base64. */
  readonly payload: string;
  readonly encoding: "utf-8" | "base64";
  readonly code: string;
  readonly reason: string;
  readonly receivedAt: number;
  readonly recordedAt: number;
  /** The message it was sent again as, after a fix; null while it was not. */
  readonly resubmittedAs: number | null;
  readonly resubmittedAt: number | null;
}

export interface QuarantineQuery {
  readonly code?: string | undefined;
  readonly includeResubmitted?: boolean | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface QuarantinePage {
  readonly messages: readonly Quarantined[];
  readonly next: string | undefined;
}

/** Epoch, sequence, partition. */
const PLACE = [/^\d{1,9}$/, /^\d{1,15}$/, /^\d{1,9}$/];

type Row = Omit<Quarantined, "id" | "payload" | "encoding"> & {
  readonly partition: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
};

/** Quarantined messages, the newest first. Throws CursorError. */
export async function listQuarantine(sql: Sql, query: QuarantineQuery): Promise<QuarantinePage> {
  const { code, includeResubmitted = false, limit, cursor } = query;
  const after = cursor === undefined ? undefined : decodeCursor(cursor, PLACE).map(Number);
  const rows = await sql<Row[]>`
    ${selection(sql)}
    where true
      ${code === undefined ? sql`` : sql`and code = ${code}`}
      ${includeResubmitted ? sql`` : sql`and new_sequence is null`}
      ${
    after
      ? sql`and (epoch, sequence, partition) <
          (${after[0] ?? 0}::integer, ${after[1] ?? 0}::bigint, ${after[2] ?? 0}::integer)`
      : sql``
  }
    order by epoch desc, sequence desc, partition desc limit ${limit + 1}`;
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const more = rows.length > limit && last !== undefined;
  return {
    messages: page.map(toQuarantined),
    next: more ? encodeCursor([last.epoch, last.sequence, last.partition].map(String)) : undefined,
  };
}

export async function getQuarantined(sql: Sql, id: string): Promise<Quarantined | undefined> {
  const place = placeOf(id);
  if (place === undefined) return undefined;
  const [row] = await sql<Row[]>`
    ${selection(sql)}
    where partition = ${place.partition} and epoch = ${place.epoch}
      and sequence = ${place.sequence}`;
  return row === undefined ? undefined : toQuarantined(row);
}

/** Notes that it was sent again, as which message. Of several times the last stays. */
export async function markResubmitted(sql: Sql, id: string, newSequence: number): Promise<void> {
  const place = placeOf(id);
  if (place === undefined) throw new Error(`"${id}" is not the id of a quarantined message`);
  await sql`
    insert into quarantine_resubmissions (partition, epoch, sequence, new_sequence)
    values (${place.partition}, ${place.epoch}, ${place.sequence}, ${newSequence})
    on conflict (partition, epoch, sequence) do update
      set new_sequence = excluded.new_sequence, resubmitted_at = now()`;
}

function selection(sql: Sql) {
  return sql`
    select partition, epoch, sequence, subject, headers, payload, code, reason,
      received_at as "receivedAt", recorded_at as "recordedAt",
      new_sequence as "resubmittedAs", resubmitted_at as "resubmittedAt"
    from quarantine left join quarantine_resubmissions using (partition, epoch, sequence)`;
}

function placeOf(id: string): { partition: number; epoch: number; sequence: number } | undefined {
  const match = /^(\d{1,6})-(\d{1,9})-(\d{1,15})$/.exec(id);
  if (!match) return undefined;
  return { partition: Number(match[1]), epoch: Number(match[2]), sequence: Number(match[3]) };
}

function toQuarantined({ partition, epoch, sequence, payload, ...row }: Row): Quarantined {
  return { id: `${partition}-${epoch}-${sequence}`, ...row, ...textOf(payload) };
}

function textOf(payload: Uint8Array): Pick<Quarantined, "payload" | "encoding"> {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload);
    return { payload: text, encoding: "utf-8" };
  } catch {
    // Not UTF-8, which is often why it is here.
    return { payload: payload.toBase64(), encoding: "base64" };
  }
}
