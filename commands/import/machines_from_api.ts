/**
 * A day after the other, the oldest first; machine by machine; of each bearing every axis. What
 * cannot be had of one machine keeps no other from being told.
 */
import type { Json } from "../../events/vocabulary.ts";
import { sha256Of } from "../../models/sha256.ts";
import { count } from "../progress.ts";
import { AXES, type MachineApi, openMachineApi, SourceError, TYPES } from "./machine_api.ts";
import type { MachineImport } from "./machines.ts";
import { bearingId, machineId, momentOf, WrongRowError } from "./machine_rows.ts";

type Work = MachineImport & { readonly dates: readonly string[] };

export async function importFromApi(base: string, timeoutMs: number, work: Work): Promise<void> {
  const { dates, trouble, progress, signal, teller } = work;
  const api = openMachineApi(base, { timeoutMs, signal });
  for (const [i, date] of dates.entries()) {
    const machines = await attempt(`machines of ${date}`, trouble, () => api.machines(date)) ?? [];
    for (const [j, row] of machines.entries()) {
      signal.throwIfAborted();
      progress.show(() =>
        `${date} (day ${i + 1} of ${dates.length}): machine ${j + 1} of ${machines.length}, ` +
        `${count(teller.counts.readings)} new readings`
      );
      await attempt(
        `machine ${String(row._id)} of ${date}`,
        trouble,
        () => importMachine(api, row, date, work),
      );
    }
  }
}

async function importMachine(
  api: MachineApi,
  row: Json,
  date: string,
  work: Work,
): Promise<void> {
  const machine = machineId(row);
  await work.teller.machine(row);
  for (const bearing of await api.bearings(machine)) {
    await attempt(
      `bearing ${String(bearing._id)} of machine ${machine} of ${date}`,
      work.trouble,
      () => importBearing(api, machine, bearing, date, work),
    );
  }
}

async function importBearing(
  api: MachineApi,
  machine: string,
  row: Json,
  date: string,
  { teller }: Work,
): Promise<void> {
  const bearing = bearingId(row);
  await teller.bearing(machine, row);
  const questions = AXES.flatMap((axis) => TYPES.map((type) => ({ axis, type })));
  const answers = await Promise.allSettled(
    questions.map(({ axis, type }) => api.data(machine, bearing, axis, type)),
  );
  const seen = new Set<string>();
  for (const [i, answer] of answers.entries()) {
    if (answer.status === "rejected" || answer.value === undefined) continue;
    const { axis, type } = questions[i] as { axis: string; type: string };
    const samples = await fingerprint(answer.value);
    // A server may answer both types with the same measurement.
    if (seen.has(`${axis} ${samples}`)) continue;
    seen.add(`${axis} ${samples}`);
    const moment = momentOf(answer.value);
    // Without a moment the samples themselves tell a measurement from another one.
    const own = answer.value._id;
    const id = typeof own === "string" && own !== ""
      ? own
      : `${machine}-${bearing}-${axis}-${type}-${moment ?? samples}`;
    await teller.reading(id, machine, {
      ...answer.value,
      bearingId: bearing,
      Axis_Id: axis,
      type,
      timestamp: moment ?? `${date}T00:00:00.000Z`,
    });
  }
  const failed = answers.find((answer) => answer.status === "rejected");
  if (failed) throw failed.reason;
}

async function fingerprint({ rawData }: Json): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify(rawData));
  return (await sha256Of(text)).slice(0, 24);
}

/** Does it, or says what kept it from being done; other errors are ours, and end the import. */
async function attempt<Result>(
  what: string,
  trouble: (text: string) => void,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SourceError || error instanceof WrongRowError)) throw error;
    trouble(`${what}: ${error.message}`);
    return undefined;
  }
}
