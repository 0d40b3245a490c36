/**
 * Machines: how fast readings with raw samples are taken in, analysed and shown; and how long the
 * plant's dashboard waits for its counts over a million readings.
 */
import { connectBus } from "../events/bus/connection.ts";
import { createPublisher } from "../events/bus/jetstream_publisher.ts";
import type { Config } from "../commands/command.ts";
import { openStage } from "../tests/routes/stage.ts";
import { randomFrom } from "./fleet.ts";
import { caughtUp, median, numberOption, quantile, say, start } from "./running.ts";
import { compare, rounded } from "./target.ts";

const SAMPLES = 2_560;
const SAMPLE_RATE = 25_600;
/** g per count. */
const SCALE = 0.001;
const MACHINES = 100;
const RAW_PER_SECOND_MIN = 1_000;
const P95_MS_MAX = 100;
const UNDER_WAY_MAX = 500;
const ASKED_TIMES = 41;

export async function run(args: readonly string[], _config: Config): Promise<number> {
  const raw = numberOption(args, "--raw", 10_000);
  const readings = numberOption(args, "--readings", 1_000_000);
  const rounds = numberOption(args, "--rounds", 3);
  const rates: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const rate = await takeIn(raw);
    rates.push(rate);
    say(`round ${round}: ${rounded(rate)} readings of ${SAMPLES} samples a second`);
  }
  compare({
    what: `${SAMPLES}-sample readings taken in, analysed and shown`,
    figure: median(rates),
    unit: "readings/s",
    atLeast: RAW_PER_SECOND_MIN,
  });
  for (const [path, times] of await ask(readings)) {
    compare({
      what: `${readings.toLocaleString("en")} readings, GET ${path}, p95`,
      figure: quantile(times, 0.95),
      unit: "ms",
      atMost: P95_MS_MAX,
    });
  }
  return 0;
}

/** Readings a second, from the first publish until every read model has the last. */
async function takeIn(count: number): Promise<number> {
  const telltale = await start();
  const connection = await connectBus(telltale.natsUrl, "bench");
  const publisher = createPublisher(connection);
  try {
    const encoder = new TextEncoder();
    const publish = (id: string, message: string, body: unknown) =>
      publisher.publish(
        `devices.machine.${id}.${message}`,
        encoder.encode(JSON.stringify(body)),
      );
    const geometry = { balls: 9, ballDiameter: 7.94, pitchDiameter: 39.04 };
    for (let i = 0; i < MACHINES; i++) {
      await publish(`M${i}`, "registered", { machineName: `Pump ${i}`, machineClass: "II" });
      await publish(`M${i}`, "bearing", { _id: "DE", geometry });
    }
    await caughtUp(telltale, 2 * MACHINES);
    const rawData = waveforms(16);
    const startedAt = performance.now();
    let next = 0;
    await Promise.all(Array.from({ length: UNDER_WAY_MAX }, async () => {
      while (next < count) {
        const i = next++;
        await publish(`M${i % MACHINES}`, "reading", {
          _id: `R${i}`,
          bearingId: "DE",
          SR: SAMPLE_RATE,
          rpm: 1_797,
          encoding: "int16",
          scale: SCALE,
          rawData: rawData[i % rawData.length],
        });
      }
    }));
    await caughtUp(telltale, 2 * MACHINES + count);
    return count / ((performance.now() - startedAt) / 1000);
  } finally {
    publisher.close();
    await connection.close();
    await telltale.stop();
  }
}

/** A shaft's turns in noise, base64 of int16. */
function waveforms(count: number): string[] {
  const random = randomFrom(1);
  return Array.from({ length: count }, () => {
    const counts = Int16Array.from(
      { length: SAMPLES },
      (_, i) => 400 * Math.sin(2 * Math.PI * 30 * i / SAMPLE_RATE) + 200 * (random() - 0.5),
    );
    return new Uint8Array(counts.buffer).toBase64();
  });
}

/** Milliseconds of each question, asked in turn. 500 machines of four bearings, one reading an hour. */
async function ask(readings: number): Promise<Map<string, number[]>> {
  const stage = await openStage();
  try {
    const { sql } = stage.database;
    const hours = Math.ceil(readings / 2_000);
    await sql`
      insert into vibration select 'machine-M' || m, b * ${hours}::integer + h,
        'M' || m || '-' || b || '-' || h, 'B' || b, 'H-Axis',
        to_timestamp(1780000000 + h * 3600 + m),
        (array['Normal', 'Satisfactory', 'Alert', 'Unacceptable'])[1 + (h + m) % 4], null,
        1, 2, 3, 4, 5, 6, 7, 8, 9
      from generate_series(1, 500) m, generate_series(0, 3) b, generate_series(1, ${hours}::integer) h`;
    const counts = `array[count(*) filter (where status = 'Normal'),
      count(*) filter (where status = 'Satisfactory'), count(*) filter (where status = 'Alert'),
      count(*) filter (where status = 'Unacceptable'), 0]`;
    const epoch = "extract(epoch from at)::bigint";
    await sql.unsafe(`insert into vibration_hours
      select 0, ${epoch} / 3600, ${counts} from vibration group by 2`);
    await sql.unsafe(`insert into vibration_days
      select stream, ${epoch} / 86400, ${counts} from vibration group by 1, 2`);
    await sql`analyze`;

    const first = new Date(1_780_000_000_000 + 3 * 86_400_000).toISOString();
    const times = new Map<string, number[]>();
    for (let i = 0; i < ASKED_TIMES; i++) {
      for (
        const path of [
          "/api/dashboard/kpis",
          `/api/dashboard/kpis?start_date=${first}`,
          "/api/dashboard/trends/hourly",
          "/api/dashboard/trends/status",
          "/api/stats",
          "/api/data/query?limit=1000",
          "/api/data/query?machine_id=M7&bearing_id=B1&limit=1000",
        ]
      ) {
        const startedAt = performance.now();
        const response = await stage.app.request(path);
        const { length } = await response.text();
        if (!response.ok || length < 10) throw new Error(`${path}: ${response.status}`);
        times.set(path, [...times.get(path) ?? [], performance.now() - startedAt]);
      }
    }
    return times;
  } finally {
    await stage.close();
  }
}
