/**
 * The files of a chain as large as the largest we know: real stores with their hours and zones where
 * the data is at hand, made-up ones where it is not, and polls made from a seed.
 */
import { readData } from "../tests/support/data.ts";
import { randomFrom } from "./fleet.ts";

export interface StoreFiles {
  readonly status: string;
  readonly hours: string | undefined;
  readonly timezones: string | undefined;
  readonly stores: number;
  readonly polls: number;
}

const HOUR_MS = 3_600_000;
const END = Date.UTC(2023, 0, 25, 18, 13, 22);
/** Rows between two writes of the file. */
const CHUNK_ROWS = 20_000;

/** Writes the files into a folder. The polls are not sorted: stores take turns, hours do not. */
export async function makeStoreFiles(
  folder: string,
  { polls, stores, seed }: { polls: number; stores: number; seed: number },
): Promise<StoreFiles> {
  const random = randomFrom(seed);
  const known = new Set<string>();
  const hours = await copyOf(folder, "stores/v2023_business_hours.csv.gz", "hours.csv", known);
  const timezones = await copyOf(
    folder,
    "stores/v2023_store_timezones.csv.gz",
    "timezones.csv",
    known,
  );
  const ids = [...known].slice(0, stores);
  while (ids.length < stores) ids.push(String(BigInt(Math.floor(random() * 9e15)) * 997n));

  const status = `${folder}/polls.csv`;
  const file = await Deno.open(status, { write: true, create: true, truncate: true });
  const encoder = new TextEncoder();
  let text = "store_id,status,timestamp_utc\n";
  for (let row = 0; row < polls; row++) {
    const hour = Math.floor(row / ids.length);
    const id = ids[(row * 7919) % ids.length] ?? "";
    const at = END - hour * HOUR_MS - Math.floor(random() * HOUR_MS);
    const micros = String(Math.floor(random() * 1000)).padStart(3, "0");
    const iso = new Date(at).toISOString();
    const state = random() < 0.12 ? "inactive" : "active";
    text += `${id},${state},${iso.slice(0, 10)} ${iso.slice(11, 23)}${micros} UTC\n`;
    if (row % CHUNK_ROWS === CHUNK_ROWS - 1) {
      await file.write(encoder.encode(text));
      text = "";
    }
  }
  await file.write(encoder.encode(text));
  file.close();
  return { status, hours, timezones, stores: ids.length, polls };
}

/** The real file, unpacked, and the stores it names; undefined where it is not at hand. */
async function copyOf(
  folder: string,
  data: string,
  name: string,
  known: Set<string>,
): Promise<string | undefined> {
  const rows = await readData(data);
  const columns = Object.keys(rows?.[0] ?? {});
  if (rows === undefined) return undefined;
  for (const { store_id = "" } of rows) known.add(store_id);
  const lines = rows.map((row) => columns.map((column) => row[column]).join(","));
  await Deno.writeTextFile(`${folder}/${name}`, [columns.join(","), ...lines, ""].join("\n"));
  return `${folder}/${name}`;
}
