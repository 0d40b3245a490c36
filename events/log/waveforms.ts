/** The samples behind machines' readings, beside the log: by the stream and their SHA-256. */
import type { Encoding } from "../waveform.ts";
import { type Sql, sqlInstant } from "./database.ts";

export interface StoredWaveform {
  readonly sha256: string;
  readonly encoding: Encoding;
  readonly scale: number;
  readonly sampleRate: number | null;
  readonly samples: number;
  readonly bytes: Uint8Array;
}

const DAY_MS = 86_400_000;

/** What samples told is in the log for ever; they themselves are kept this long. */
export const WAVEFORMS_KEPT_MS = 90 * DAY_MS;

/**
 * Keeps them; the same samples twice are kept once, as long as the later ones. Durable when it
 * resolves. What no event comes to name (a repeat, a crash before its event) goes with its age.
 */
export async function keepWaveforms(
  sql: Sql,
  waveforms: readonly { readonly stream: string; readonly waveform: StoredWaveform }[],
): Promise<void> {
  if (waveforms.length === 0) return;
  const rows = waveforms.map(({ stream, waveform }) => ({
    stream,
    ...waveform,
    bytes: waveform.bytes.toBase64(),
  }));
  await sql`
    insert into waveforms (stream, sha256, encoding, scale, sample_rate, samples, bytes)
    select distinct on (stream, sha256)
      stream, sha256, encoding, scale, "sampleRate", samples, decode(bytes, 'base64')
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as row (
      stream text, sha256 text, encoding text, scale double precision,
      "sampleRate" double precision, samples integer, bytes text)
    on conflict (stream, sha256) do update set kept_at = excluded.kept_at`;
}

/** Undefined where they are kept no more. */
export async function readWaveformOf(
  sql: Sql,
  stream: string,
  sha256: string,
): Promise<StoredWaveform | undefined> {
  const [row] = await sql<StoredWaveform[]>`
    select sha256, encoding, scale, sample_rate as "sampleRate", samples, bytes from waveforms
    where stream = ${stream} and sha256 = ${sha256}`;
  return row;
}

const FORGET_AT_ONCE = 500;

/** Lets go of the oldest that are over age, some at a time; returns how many. */
export async function forgetOldWaveforms(sql: Sql, now: number): Promise<number> {
  const { count } = await sql`
    delete from waveforms where (stream, sha256) in (
      select stream, sha256 from waveforms
      where kept_at < ${sqlInstant(now - WAVEFORMS_KEPT_MS)}::timestamptz
      order by kept_at limit ${FORGET_AT_ONCE})`;
  return count;
}
