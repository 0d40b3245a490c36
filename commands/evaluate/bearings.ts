/** `./telltale evaluate bearings`: which fault a vibration has, and how early wear is noticed. */
import { join } from "node:path";
import { messageOf } from "../../events/errors.ts";
import type { BearingGeometry } from "../../models/vibration/mod.ts";
import { parseArguments } from "../arguments.ts";
import { UserError } from "../command.ts";
import { UsageError } from "../usage.ts";
import { describeRecords, MANIFEST } from "./bearing_records.ts";
import { describeRuns, FEATURES } from "./bearing_runs.ts";

interface Options {
  readonly data: string;
  readonly geometry: BearingGeometry;
  readonly sampleRateHz: number;
  readonly intervalSeconds: number;
}

/** The bearing at the drive end of the Case Western Reserve test rig, in inches. */
const SKF_6205 = "9,0.3126,1.537";

export const evaluation = {
  help: `Names the fault of recorded vibrations, and tells how early wear is noticed in
bearings that were run to failure, and how well that was foretold by what the others teach.

Reads, in DIR and the folders right below it,
  ${MANIFEST}   with the columns file, rpm, scale_g_per_count: recordings of 16-bit counts
                 (little-endian, plain or .gz), one line each. A column klass is shown
                 beside the fault that was named, and not looked at before.
  ${FEATURES}   (or .gz) with the columns bearing and, for every axis, <axis>_rms and <axis>_peak:
                 one row a reading, in the order of time, until the bearing failed. A bearing's
                 first hundred readings teach what is normal for it.

Options
  --data DIR         where the data is
  --geometry N,d,D   balls, their diameter, that of their circle, and the contact angle in degrees
                     if there is one; ${SKF_6205} (SKF 6205, in inches)
  --rate HZ          samples a second of the recordings; 12000
  --interval S       seconds from one reading of ${FEATURES} to the next; 10`,

  async run(args: readonly string[]): Promise<number> {
    const options = readOptions(args);
    const found: string[] = [];
    for (const folder of await foldersIn(options.data)) {
      if (await isFile(join(folder, MANIFEST))) found.push(await describeRecords(folder, options));
      for (const name of [FEATURES, `${FEATURES}.gz`]) {
        if (await isFile(join(folder, name))) {
          found.push(await describeRuns(join(folder, FEATURES), options.intervalSeconds));
          break;
        }
      }
    }
    if (found.length === 0) {
      throw new UserError(`Cannot evaluate ${options.data}: no ${MANIFEST} or ${FEATURES} there`);
    }
    console.log(found.join("\n\n"));
    return 0;
  },
};

function readOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const { values } = parseArguments(args, {
    options: { data: text, geometry: text, rate: text, interval: text },
  });
  if (values.data === undefined) throw new UsageError("Say where the data is: --data DIR");
  return {
    data: values.data,
    geometry: readGeometry(values.geometry ?? SKF_6205),
    sampleRateHz: positive("--rate", values.rate ?? "12000"),
    intervalSeconds: positive("--interval", values.interval ?? "10"),
  };
}

function positive(option: string, text: string): number {
  const number = text.trim() === "" ? NaN : Number(text);
  if (number > 0 && Number.isFinite(number)) return number;
  throw new UsageError(`Cannot use ${option} "${text}": expected a number above 0`);
}

function readGeometry(text: string): BearingGeometry {
  const [balls = NaN, ballDiameter = NaN, pitchDiameter = NaN, contactAngle = 0, ...rest] = text
    .split(",").map((part) => part.trim() === "" ? NaN : Number(part));
  const isRight = Number.isInteger(balls) && balls > 0 && ballDiameter > 0 &&
    pitchDiameter > ballDiameter && Number.isFinite(pitchDiameter) &&
    Math.abs(contactAngle) <= 90 && rest.length === 0;
  if (isRight) return { balls, ballDiameter, pitchDiameter, contactAngle };
  throw new UsageError(
    `Cannot use --geometry "${text}": expected balls, ball diameter, pitch diameter and, ` +
      `if there is one, the contact angle, such as ${SKF_6205}`,
  );
}

async function foldersIn(folder: string): Promise<string[]> {
  const below: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (isDirectory) below.push(join(folder, name));
    }
  } catch (error) {
    const message = messageOf(error);
    throw new UserError(`Cannot read folder "${folder}": ${message}`, { cause: error });
  }
  return [folder, ...below.sort()];
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false; // Absent, or not for us to read: opening it would say so.
  }
}
