/** Recordings of bearings, damaged or not: a manifest and a file of samples for each. */
import { basename, join } from "node:path";
import { messageOf } from "../../events/errors.ts";
import {
  analyse,
  type Analysis,
  type BearingGeometry,
  type Evidence,
  type Fault,
  type FaultName,
} from "../../models/vibration/mod.ts";
import { UserError } from "../command.ts";
import { numberOf, readLines } from "./series_files.ts";
import { table } from "./table.ts";

export const MANIFEST = "manifest.csv";

export interface Recording {
  readonly file: string;
  readonly rpm: number;
  /** In g. */
  readonly samples: Float64Array;
  /** What the manifest calls it; for whoever compares, never for whoever names. */
  readonly klass: string | undefined;
}

const PARTS: Readonly<Record<string, string>> = {
  outer: "BPFO",
  inner: "BPFI",
  ball: "BSF",
  cage: "FTF",
};

export async function describeRecords(
  folder: string,
  { geometry, sampleRateHz }: { geometry: BearingGeometry; sampleRateHz: number },
): Promise<string> {
  const rows: string[][] = [];
  const outcomes: { name: FaultName | undefined; expected: string | undefined }[] = [];
  for await (const { file, rpm, samples, klass } of readRecordings(folder)) {
    const analysis = analyse({ samples, sampleRateHz, rpm, geometry });
    const expected = klass === undefined ? undefined : expectedOf(klass);
    outcomes.push({ name: analysis.fault?.name, expected });
    rows.push([basename(file).replace(/\.i16(\.gz)?$/, ""), ...cellsOf(analysis), expected ?? "-"]);
  }
  const head = ["record", "rms g", "peak g", "crest", "kurtosis", "velocity mm/s", "fault"];
  return [
    table([[...head, "confidence", "shows at", "expected"], ...rows]),
    summaryOf(outcomes),
  ].join("\n\n");
}

function cellsOf({ acceleration, velocity, fault }: Analysis): string[] {
  const { rms, peak, crestFactor, kurtosis } = acceleration;
  return [
    rms.toPrecision(6),
    peak.toPrecision(6),
    crestFactor.toFixed(2),
    kurtosis?.toPrecision(6) ?? "-",
    velocity?.rms.toFixed(2) ?? "-",
    fault?.name ?? "unknown",
    fault?.confidence.toFixed(2) ?? "-",
    fault ? whereOf(fault).map(placeOf).join(", ") : "-",
  ];
}

/** What speaks for the named fault: its own comb, or for a ball that of both races. */
function whereOf({ name, evidence }: Fault): readonly Evidence[] {
  const [first, second] = evidence;
  if (name === "healthy" || first?.part === name) return first ? [first] : [];
  return first && second && name === "ball"
    ? [first, second]
    : evidence.filter(({ part }) => part === name);
}

function placeOf({ part, foundHz, prominenceDb }: Evidence): string {
  return `${PARTS[part]} ${foundHz.toFixed(1)} Hz +${prominenceDb.toFixed(1)} dB`;
}

function summaryOf(
  outcomes: readonly { name: string | undefined; expected: string | undefined }[],
) {
  const known = outcomes.filter(({ expected }) => expected !== undefined);
  if (known.length === 0) return `${outcomes.length} records`;
  const right = (ones: typeof known) => ones.filter(({ name, expected }) => name === expected);
  const damaged = known.filter(({ expected }) => expected !== "healthy");
  const healthy = known.filter(({ expected }) => expected === "healthy");
  return `As expected: ${right(damaged).length} of ${damaged.length} damaged, ${
    right(healthy).length
  } of ${healthy.length} healthy.
"shows at": the frequency as found in the envelope's spectrum, and how far its harmonics stand above
the noise on average; of a healthy bearing, the most conspicuous one. What strikes both races alike
(BPFO, BPFI) is a ball.`;
}

/** `outer_race@6` is outer, `normal` is healthy. */
function expectedOf(klass: string): string {
  const [first = ""] = klass.split(/[_@\s]/);
  return first === "normal" ? "healthy" : first;
}

export async function* readRecordings(folder: string): AsyncGenerator<Recording> {
  const path = join(folder, MANIFEST);
  const [header = "", ...lines] = await readLines(path);
  const names = header.split(",").map((name) => name.trim());
  for (const needed of ["file", "rpm", "scale_g_per_count"]) {
    if (names.includes(needed)) continue;
    throw new UserError(`Cannot read ${path}: expected a column ${needed}, found ${header}`);
  }
  for (const [i, line] of lines.entries()) {
    const cells = line.split(",");
    const cell = (name: string) => cells[names.indexOf(name)] ?? "";
    const where = { path, line: i + 2 };
    const scale = numberOf(cell("scale_g_per_count"), where);
    const counts = await readCounts(join(folder, cell("file")));
    yield {
      file: cell("file"),
      rpm: numberOf(cell("rpm"), where),
      samples: Float64Array.from(counts, (count) => count * scale),
      klass: names.includes("klass") ? cell("klass") : undefined,
    };
  }
}

async function readCounts(path: string): Promise<Int16Array> {
  let bytes: Uint8Array;
  try {
    const file = await Deno.open(path);
    const stream = path.endsWith(".gz")
      ? file.readable.pipeThrough(new DecompressionStream("gzip"))
      : file.readable;
    bytes = await new Response(stream).bytes();
  } catch (error) {
    const message = messageOf(error);
    throw new UserError(`Cannot read ${path}: ${message}`, { cause: error });
  }
  if (bytes.length % 2 !== 0) {
    throw new UserError(
      `Cannot read ${path}: expected 16-bit samples, found ${bytes.length} bytes`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int16Array.from({ length: bytes.length / 2 }, (_, n) => view.getInt16(2 * n, true));
}
