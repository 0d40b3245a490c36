/** Polls of stores: those that nobody has told yet, many of one store to a message. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { subjectOf } from "../../events/bus/subjects.ts";
import type { Sql } from "../../events/log/database.ts";
import { visitPolls } from "../../projections/availability.ts";
import type { SurveyedFile } from "./files.ts";
import { createPollWindow, type PollsOfStore, type PollWindow, unknownOf } from "./poll_window.ts";
import { readRows } from "./read_rows.ts";
import { type PollKey, pollText, readId, readPoll, Unreadable } from "./rows.ts";
import type { Sender } from "./sender.ts";
import type { Unreadables } from "./unreadable.ts";

/** Some 40 KB: an actor is done with them in a millisecond or two. */
const POLLS_PER_MESSAGE = 1_000;
/** Asked for at once: what they polled before, which may be years, is in memory meanwhile. */
const STORES_PER_QUESTION = 200;

export interface PollCounts {
  /** Rows that are polls. */
  rows: number;
  /** New ones, acknowledged so far. */
  acknowledged: number;
  /** New ones, sent. */
  sent: number;
  /** Known before, or there twice. */
  known: number;
}

export interface PollImport {
  readonly sql: Sql;
  readonly sender: Sender;
  readonly unreadables: Unreadables;
  readonly now: number;
  readonly onProgress: (counts: Readonly<PollCounts>) => void;
}

export async function importPolls(
  { sql, sender, unreadables, now, onProgress }: PollImport,
  file: SurveyedFile<"status">,
): Promise<PollCounts> {
  const counts: PollCounts = { rows: 0, acknowledged: 0, sent: 0, known: 0 };
  const window = createPollWindow();
  const { id, status, at } = file.columns;

  async function sendWindow(): Promise<void> {
    const told = window.polls;
    let sent = 0;
    for await (const { id, keys } of unknownPolls(sql, window)) {
      for (let from = 0; from < keys.length; from += POLLS_PER_MESSAGE) {
        const part = keys.subarray(from, from + POLLS_PER_MESSAGE);
        await sender.send(
          { subject: subjectOf("store", id, "polls"), text: bodyOf(part) },
          () => {
            counts.acknowledged += part.length;
            onProgress(counts);
          },
        );
        sent += part.length;
        counts.sent += part.length;
      }
      // The answers have to be read too, on this thread.
      await nextTurn();
    }
    counts.known += told - sent;
  }

  await readRows(file, unreadables, take, async () => {
    onProgress(counts);
    if (window.isFull()) await sendWindow();
  });
  await sendWindow();
  await sender.finish();
  return counts;

  function take(cells: readonly string[]): Unreadable | undefined {
    const store = cells[id] ?? "";
    const place = window.placeOf(store);
    if (place === undefined) {
      const name = readId(store);
      if (name instanceof Unreadable) return name;
    }
    const key = readPoll(cells[at] ?? "", cells[status] ?? "", now);
    if (key instanceof Unreadable) return key;
    window.add(place ?? window.addStore(store), key);
    counts.rows++;
    return undefined;
  }
}

/** What the log has not, store by store; empties the window. */
async function* unknownPolls(sql: Sql, window: PollWindow): AsyncGenerator<PollsOfStore> {
  const stores = window.drain();
  for (let first = 0; first < stores.length; first += STORES_PER_QUESTION) {
    const some = stores.slice(first, first + STORES_PER_QUESTION);
    const known = await knownPolls(sql, some);
    for (const { id, keys } of some) yield { id, keys: unknownOf(keys, known.get(id) ?? []) };
  }
}

async function knownPolls(
  sql: Sql,
  stores: readonly PollsOfStore[],
): Promise<Map<string, PollKey[]>> {
  const known = new Map<string, PollKey[]>();
  const from = Math.min(...stores.map(({ keys }) => keys[0] ?? Infinity)) / 2000;
  const to = Math.max(...stores.map(({ keys }) => keys.at(-1) ?? -Infinity)) / 2000;
  const ids = stores.map(({ id }) => id);
  await visitPolls(sql, ids, { from, to }, (id, at, status) => {
    const keys = known.get(id) ?? [];
    if (keys.length === 0) known.set(id, keys);
    keys.push(Math.round(at * 1000) * 2 + (status === "inactive" ? 1 : 0));
  });
  return known;
}

function bodyOf(keys: Float64Array): string {
  const polls = Array.from(keys, pollText);
  return `{"polls":[${polls.join(",")}]}`;
}
