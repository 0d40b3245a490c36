/** The plant's contract, line by line. */
import assert from "node:assert/strict";
import type { Fact } from "../projections/log.ts";
import { NOW, type Stage, withStage } from "./stage.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function iso(at: number): string {
  return new Date(at).toISOString();
}

function described(id: string, rest: Record<string, unknown> = {}): Fact {
  const data = {
    _id: id,
    machineName: `Pump ${id}`,
    customer: "Harbour Foods",
    area: "Utilities",
    subarea: "Cooling water",
    machineType: "Pump",
    status: "Normal",
    ingestedDate: iso(NOW - 5 * DAY),
    ...rest,
  };
  return { stream: `machine-${id}`, type: "MachineDescribed", data, occurredAt: NOW };
}

function bearing(machine: string, id: string): Fact {
  const data = { _id: id, bearingLocation: "Drive end", bearingType: "6205", position: "DE" };
  return { stream: `machine-${machine}`, type: "BearingDescribed", data, occurredAt: NOW };
}

function reading(
  machine: string,
  bearingId: string,
  at: number,
  rest: Record<string, unknown> = {},
): Fact {
  const data = {
    _id: `${machine}-${bearingId}-${at}`,
    bearingId,
    status: "Normal",
    Axis_Id: "H-Axis",
    acceleration: { rms: 0.21, peak: 0.84, crestFactor: 4, kurtosis: 3.2 },
    velocity: { rms: 3.1, peak: 5.9, crestFactor: 1.9 },
    temperature: 47.5,
    ...rest,
  };
  return { stream: `machine-${machine}`, type: "VibrationReported", data, occurredAt: at };
}

const SPECTRUM = { frequencies: [24.6, 49.2], amplitudes: [1.2, 0.3], dominantFrequency: 24.6 };

async function ask(stage: Stage, path: string) {
  const response = await stage.app.request(path);
  return { status: response.status, body: await response.json() };
}

Deno.test("a machine and its bearings are shown as they were registered", () =>
  withStage(async (stage) => {
    await stage.record([described("M-1"), bearing("M-1", "DE"), bearing("M-1", "NDE")]);
    const machine = {
      _id: "M-1",
      machineName: "Pump M-1",
      customer: "Harbour Foods",
      area: "Utilities",
      subarea: "Cooling water",
      machineType: "Pump",
      machineClass: null,
      status: "Normal",
      ingestedDate: iso(NOW - 5 * DAY),
    };
    assert.deepEqual((await ask(stage, "/api/machines")).body, [machine]);
    assert.deepEqual((await ask(stage, "/api/machines/M-1")).body, machine);
    assert.equal((await ask(stage, "/api/machines/M-2")).status, 404);
    const { body } = await ask(stage, "/api/bearings?machine_id=M-1");
    assert.deepEqual(body.map(({ _id }: { _id: string }) => _id), ["DE", "NDE"]);
    assert.deepEqual(body[0], {
      _id: "DE",
      machineId: "M-1",
      bearingLocation: "Drive end",
      bearingType: "6205",
      position: "DE",
      status: null,
      geometry: null,
    });
  }));

Deno.test("machines are found by part of a name in any case, and by their very status", () =>
  withStage(async (stage) => {
    await stage.record([
      described("A"),
      described("B", { customer: "Mill & Sons", area: "Mixing 100%", status: "Alert" }),
      described("C", { subarea: "Ovens", ingestedDate: iso(NOW) }),
    ]);
    const found = async (query: string) => {
      const { status, body } = await ask(stage, `/api/machines/search?${query}`);
      assert.equal(status, 200, query);
      return body.map(({ _id }: { _id: string }) => _id).join("");
    };
    assert.equal(await found(""), "ABC");
    assert.equal(await found("customer=harbour"), "AC");
    assert.equal(await found("area=0%25"), "B");
    assert.equal(await found("subarea=OVEN&customer=foods"), "C");
    assert.equal(await found("machine_name=pump+b"), "B");
    assert.equal(await found("status=Alert"), "B");
    assert.equal(await found(`start_date=${iso(NOW).slice(0, 10)}`), "C");
    assert.equal(await found(`end_date=${iso(NOW - 5 * DAY).slice(0, 10)}`), "AB");
    for (const query of ["status=alert", "start_date=tomorrow", "end_date=2026-02-30"]) {
      assert.equal((await ask(stage, `/api/machines/search?${query}`)).status, 422, query);
    }
  }));

Deno.test("readings are queried by machine, bearing and date, the newest first", () =>
  withStage(async (stage) => {
    await stage.record([
      described("M-1"),
      reading("M-1", "DE", NOW - 2 * DAY),
      reading("M-1", "DE", NOW - HOUR, { status: "Alert", fftData: SPECTRUM }),
      reading("M-1", "NDE", NOW - 3 * HOUR, { velocity: null }),
      reading("M-2", "DE", NOW - 2 * HOUR),
      // Late: it takes its place in time.
      reading("M-1", "DE", NOW - DAY),
    ]);
    const times = async (query: string) => {
      const { status, body } = await ask(stage, `/api/data/query?${query}`);
      assert.equal(status, 200, query);
      return body.map(({ timestamp }: { timestamp: string }) =>
        (NOW - Date.parse(timestamp)) / HOUR
      );
    };
    assert.deepEqual(await times(""), [1, 2, 3, 24, 48]);
    assert.deepEqual(await times("machine_id=M-1&bearing_id=DE"), [1, 24, 48]);
    assert.deepEqual(await times("bearing_id=DE&limit=2"), [1, 2]);
    const day = iso(NOW - DAY).slice(0, 10);
    assert.deepEqual(await times(`start_date=${day}&end_date=${day}`), [24]);
    assert.deepEqual(await times(`end_date=${iso(NOW - DAY)}`), [24, 48]);
    assert.deepEqual(await times("start_date=0100-01-01&end_date=9999-12-31"), [1, 2, 3, 24, 48]);

    const [newest] = (await ask(stage, "/api/data/query?limit=1")).body;
    assert.deepEqual(newest, {
      _id: `M-1-DE-${NOW - HOUR}`,
      machineId: "M-1",
      bearingId: "DE",
      timestamp: iso(NOW - HOUR),
      status: "Alert",
      Axis_Id: "H-Axis",
      acceleration: { rms: 0.21, peak: 0.84, crestFactor: 4, kurtosis: 3.2 },
      velocity: { rms: 3.1, peak: 5.9, crestFactor: 1.9 },
      temperature: 47.5,
      fftData: { dominantFrequency: 24.6 },
      fault: null,
    });
    const { body: latest } = await ask(stage, "/api/machines/M-1/latest-readings");
    assert.deepEqual(latest.map(({ _id }: { _id: string }) => _id), [
      `M-1-DE-${NOW - HOUR}`,
      `M-1-NDE-${NOW - 3 * HOUR}`,
    ]);
    assert.deepEqual(latest[0].fftData, SPECTRUM);

    const series = "/api/machines/M-1/timeseries";
    assert.deepEqual((await ask(stage, `${series}?metric=velocity&limit=2`)).body, [
      { timestamp: iso(NOW - HOUR), value: 3.1 },
      { timestamp: iso(NOW - DAY), value: 3.1 },
    ]);
    const { body: temperatures } = await ask(
      stage,
      `${series}?metric=temperature&bearing_id=NDE`,
    );
    assert.deepEqual(temperatures, [{ timestamp: iso(NOW - 3 * HOUR), value: 47.5 }]);
    for (
      const path of [
        `${series}?metric=noise`,
        `${series}?limit=0`,
        "/api/data/query?limit=10001",
        "/api/data/query?start_date=soon",
        "/api/data/query?start_date=2026-02-01&end_date=2026-01-01",
      ]
    ) assert.equal((await ask(stage, path)).status, 422, path);
  }));

Deno.test("a spectrum is asked for by its reading, and its absence is told apart from the reading's", () =>
  withStage(async (stage) => {
    await stage.record([
      reading("M-1", "DE", NOW - HOUR, { fftData: SPECTRUM }),
      reading("M-1", "DE", NOW, { _id: undefined }),
    ]);
    assert.deepEqual(await ask(stage, `/api/readings/M-1-DE-${NOW - HOUR}/fft`), {
      status: 200,
      body: { fft_data: SPECTRUM },
    });
    const without = await ask(stage, "/api/readings/M-1@1/fft");
    assert.deepEqual([without.status, without.body.detail], [
      404,
      "FFT data not available for this reading",
    ]);
    const absent = await ask(stage, "/api/readings/nobody/fft");
    assert.deepEqual([absent.status, absent.body.detail], [404, "Reading not found"]);
  }));

Deno.test("counts by status, hour and day agree with the readings, whatever a span cuts off", () =>
  withStage(async (stage) => {
    const minute = 60_000;
    await stage.record([
      described("M-1"),
      described("M-2", { customer: "Mill" }),
      reading("M-1", "DE", NOW - 30 * HOUR + 10 * minute, { status: "Unacceptable" }),
      reading("M-1", "DE", NOW - 90 * minute, { status: "Alert" }),
      reading("M-1", "DE", NOW - 30 * minute),
      reading("M-2", "DE", NOW - 29 * minute),
      reading("M-2", "DE", NOW - 10 * minute, { status: undefined }),
    ]);
    const kpis = async (query = "") => {
      const { body } = await ask(stage, `/api/dashboard/kpis?${query}`);
      assert.deepEqual(stage.reported, []);
      const { Normal, Satisfactory, Alert, Unacceptable } = body.status_counts;
      return [body.total_readings, Normal, Satisfactory, Alert, Unacceptable];
    };
    assert.deepEqual(await kpis(), [5, 2, 0, 1, 1]);
    assert.deepEqual(await kpis("start_date=0100-01-01&end_date=9999-12-31"), [5, 2, 0, 1, 1]);
    assert.deepEqual(await kpis("start_date=9999-12-31T23:59:59Z"), [0, 0, 0, 0, 0]);
    assert.deepEqual(await kpis(`start_date=${iso(NOW).slice(0, 10)}`), [4, 2, 0, 1, 0]);
    assert.deepEqual(await kpis(`end_date=${iso(NOW).slice(0, 10)}`), [5, 2, 0, 1, 1]);
    const [from, to] = [iso(NOW - 90 * minute), iso(NOW - 30 * minute)];
    assert.deepEqual(await kpis(`start_date=${from}&end_date=${to}`), [2, 1, 0, 1, 0]);
    assert.deepEqual(await kpis(`start_date=${to}&end_date=${to}`), [1, 1, 0, 0, 0]);

    const { body: hours } = await ask(stage, "/api/dashboard/trends/hourly");
    assert.equal(hours.length, 24);
    const busy = hours.filter(({ count }: { count: number }) => count > 0);
    assert.deepEqual(busy, [{ hour: 6, count: 1 }, { hour: 10, count: 1 }, { hour: 11, count: 3 }]);

    const today = iso(NOW).slice(0, 10);
    const { body: days } = await ask(stage, "/api/dashboard/trends/status?customer=harbour foods");
    assert.deepEqual(days, [
      {
        date: iso(NOW - DAY).slice(0, 10),
        status_counts: { Normal: 0, Satisfactory: 0, Alert: 0, Unacceptable: 1 },
      },
      { date: today, status_counts: { Normal: 1, Satisfactory: 0, Alert: 1, Unacceptable: 0 } },
    ]);
    const { body: ofToday } = await ask(
      stage,
      `/api/dashboard/trends/status?start_date=${today}&end_date=${today}`,
    );
    assert.equal(ofToday.length, 1);
    assert.equal((await ask(stage, "/api/dashboard/kpis?start_date=x")).status, 422);
    const { body: stats } = await ask(stage, "/api/stats");
    assert.deepEqual([stats.total_machines, stats.total_bearings, stats.total_readings], [2, 2, 5]);
  }));

Deno.test("without a database there is no answer, and no invented one", () =>
  withStage(async (stage) => {
    await stage.deps.sql.end();
    for (
      const path of [
        "/api/machines",
        "/api/machines/M-1",
        "/api/data/query",
        "/api/dashboard/kpis",
        "/api/dashboard/trends/hourly",
        "/api/stats",
      ]
    ) {
      const { status, body } = await ask(stage, path);
      assert.equal(status, 503, path);
      assert.equal(typeof body.detail, "string");
    }
  }));
