/** Files a plant has kept, a row after the other. A reading without a moment is not made one up. */
import { basename } from "node:path";
import { dateOf } from "../../events/instant.ts";
import type { Json } from "../../events/vocabulary.ts";
import { count } from "../progress.ts";
import type { MachineImport } from "./machines.ts";
import { type MachineFile, machineFiles, readMachineFile } from "./machine_files.ts";
import { machineId, momentOf, WrongRowError } from "./machine_rows.ts";

export async function importFromFiles(path: string, work: MachineImport): Promise<void> {
  for (const file of await machineFiles(path)) {
    let rows = 0;
    for await (const { line, row } of readMachineFile(file)) {
      work.signal.throwIfAborted();
      rows++;
      work.progress.show(() => `${basename(file.path)}: ${count(rows)} rows read`);
      try {
        if (row instanceof WrongRowError) throw row;
        await tell(file, row, work);
      } catch (error) {
        if (!(error instanceof WrongRowError)) throw error;
        work.trouble(`${basename(file.path)}, line ${line}: ${error.message}`);
      }
    }
  }
}

async function tell(
  { kind }: MachineFile,
  row: Json,
  { teller, dates }: MachineImport,
): Promise<void> {
  if (kind === "machines") return await teller.machine(row);
  const machine = machineId(row, "machineId");
  if (kind === "bearings") return await teller.bearing(machine, row);
  const moment = momentOf(row);
  if (moment === undefined) throw new WrongRowError("it has no timestamp");
  if (dates !== undefined && !dates.includes(dateOf(moment))) return;
  const { _id, bearingId = "", Axis_Id = "" } = row;
  const id = typeof _id === "string" && _id !== ""
    ? _id
    : `${machine}-${bearingId}-${Axis_Id}-${moment}`;
  await teller.reading(id, machine, { ...row, timestamp: moment });
}
