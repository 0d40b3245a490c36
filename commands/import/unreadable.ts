/**
 * Lines that say nothing: each goes to quarantine with file, line and reason, once, however often
 * its file is imported.
 */
import { subjectOf } from "../../events/bus/subjects.ts";
import type { Sql } from "../../events/log/database.ts";
import { DEVICE_ID } from "../../events/vocabulary.ts";
import type { Sender } from "./sender.ts";

/** Enough to see what is wrong; the quarantine has them all. */
const SHOWN_MAX = 10;
const TEXT_LENGTH_MAX = 2_000;
/** Where the line names no store. */
const NOBODY = "unknown";

export interface UnreadableLine {
  readonly file: string;
  readonly line: number;
  readonly cells: readonly string[];
  /** As the line has it, or nothing. */
  readonly id: string | undefined;
  readonly reason: string;
}

export interface Unreadables {
  setAside(line: UnreadableLine): Promise<void>;
  readonly count: number;
  /** Of those, in quarantine since an earlier import. */
  readonly known: number;
  /** The first of them, a line of text each. */
  readonly shown: readonly string[];
}

export function createUnreadables(sql: Sql, sender: Sender): Unreadables {
  const shown: string[] = [];
  let count = 0;
  let known = 0;
  /** How often each line is in quarantine, wherever in its file it stood; read when needed. */
  let quarantined: Map<string, number> | undefined;

  return {
    async setAside({ file, line, cells, id, reason }) {
      count++;
      if (shown.length < SHOWN_MAX) shown.push(`${file}, line ${line}: ${reason}`);
      const text = cells.join(",").slice(0, TEXT_LENGTH_MAX).toWellFormed();
      quarantined ??= await readQuarantined(sql);
      const key = keyOf(file, text);
      const before = quarantined.get(key) ?? 0;
      if (before > 0) {
        quarantined.set(key, before - 1);
        known++;
        return;
      }
      const subject = subjectOf(
        "store",
        id !== undefined && DEVICE_ID.test(id) ? id : NOBODY,
        "unreadable",
      );
      await sender.send({ subject, text: JSON.stringify({ file, line, text, reason }) });
    },
    get count() {
      return count;
    },
    get known() {
      return known;
    },
    shown,
  };
}

async function readQuarantined(sql: Sql): Promise<Map<string, number>> {
  const rows = await sql<{ payload: Uint8Array }[]>`
    select payload from quarantine where code = 'unreadable-line'`;
  const decoder = new TextDecoder();
  const counts = new Map<string, number>();
  for (const { payload } of rows) {
    const { file, text } = JSON.parse(decoder.decode(payload));
    const key = keyOf(file, text);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function keyOf(file: string, text: string): string {
  return `${file}\n${text}`;
}
