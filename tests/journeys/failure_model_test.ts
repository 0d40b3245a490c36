/** A fleet's history becomes a failure model that is in force, and makes way again, in a Telltale that runs. */
import assert from "node:assert/strict";
import { connectBus } from "../../events/bus/connection.ts";
import { createPublisher } from "../../events/bus/jetstream_publisher.ts";
import { subjectOf } from "../../events/bus/subjects.ts";
import { publishAll } from "../../simulator/publish.ts";
import { telltale as command } from "../audit/run.ts";
import { atmLives, LIFE_ATMS, LIFE_FROM, LIFE_TO } from "../routes/atm_life.ts";
import { temporaryFolder } from "../support/servers.ts";
import { discardDataFolder, type RunningTelltale, startTelltale } from "../support/telltale.ts";

interface Model {
  readonly sha256: string;
  readonly in_force: boolean;
  readonly about: { readonly simulated: boolean; readonly source: string } | null;
}

interface Training {
  readonly state: string;
  readonly problem: string | null;
  readonly progress: { readonly doing: string } | null;
  readonly model: { readonly sha256: string; readonly promoted: boolean } | null;
}

const RANGE = ["--from", iso(LIFE_FROM), "--to", iso(LIFE_TO)];
const WAIT_MS = 30_000;

Deno.test("a failure model is trained from the log, put in force, and rolled back", async (t) => {
  const dataDir = await temporaryFolder();
  let telltale = await startTelltale({ dataDir });
  const env = { DATA_DIR: dataDir };
  let shipped = "";
  let first = "";
  try {
    await t.step("from the first day the one that comes with Telltale is in force", async () => {
      const [model] = await modelsOnce(telltale, (models) => models.some((own) => own.in_force));
      shipped = model?.sha256 ?? "";
      assert.equal(model?.about?.simulated, true);
      const back = await post(telltale, "/models/failure/rollback");
      assert.equal(back.status, 409);
      assert.equal((await back.json()).code, "no-model-before");
    });

    await t.step("without failures there is nothing to learn, and that is said", async () => {
      const { code, stderr } = await command(["train", "failure"], env);
      assert.equal(code, 1);
      assert.match(stderr, /telltale: Cannot train: .* 0 failures are known, .* are needed\n$/);
    });

    await t.step("a history of ATMs is trained on beside the running Telltale", async () => {
      await sendLives(telltale);
      const { code, stdout, stderr } = await command(
        ["train", "failure", ...RANGE, "--force"],
        env,
      );
      assert.equal(code, 0, stderr);
      assert.match(stdout, new RegExp(`on ${LIFE_ATMS} ATMs of this log`));
      assert.match(stdout, /judged +by .* rows it has not seen: PR-AUC 0\.\d+/);
      first = /model +([0-9a-f]{64})/.exec(stdout)?.[1] ?? "";
      const models = await modelsOnce(telltale, (models) => inForceOf(models) === first);
      assert.deepEqual(models.map(({ sha256 }) => sha256), [first, shipped]);
    });

    await t.step(
      "asked for over HTTP, it tells how far it is, and takes the first one's place",
      async () => {
        const wanted = { from: iso(LIFE_FROM), to: iso(LIFE_TO), seed: 2, force: true };
        const asked = await post(telltale, "/models/failure/train", wanted);
        assert.equal(asked.status, 202);
        await asked.body?.cancel();
        const training = await ended(telltale, asked.headers.get("location") ?? "");
        assert.equal(training.state, "done", training.problem ?? "");
        assert.equal(training.model?.promoted, true);
        const models = await list(telltale);
        assert.equal(inForceOf(models), training.model?.sha256);
        const { sha256 } = training.model ?? { sha256: "" };
        const onnx = await (await fetch(`${telltale.url}/api/v1/models/${sha256}/onnx`))
          .arrayBuffer();
        const digest = await crypto.subtle.digest("SHA-256", onnx);
        assert.equal(new Uint8Array(digest).toHex(), sha256);
        const { card } = await get<{ card: { judged: object } }>(telltale, `/models/${sha256}`);
        assert.deepEqual(Object.keys(card.judged), ["laterTimes"]);
      },
    );

    await t.step("rolled back it makes way, step by step, to the one that was first", async () => {
      for (const expected of [first, shipped]) {
        const back = await post(telltale, "/models/failure/rollback", { by: "night shift" });
        assert.equal(back.status, 200);
        assert.equal((await back.json()).sha256, expected);
        assert.equal(inForceOf(await list(telltale)), expected);
      }
      const last = await post(telltale, "/models/failure/rollback");
      assert.equal(last.status, 409);
      await last.body?.cancel();
      const promoted = await post(telltale, `/models/${first}/promote`);
      assert.equal(promoted.status, 200);
      assert.equal((await promoted.json()).in_force, true);
    });

    await t.step("the log tells of all of it, and folds to the same", async () => {
      const { code, stdout } = await command(["replay", "--stream", "model-failure"], env);
      assert.equal(code, 0);
      assert.equal(stdout.match(/ModelTrained/g)?.length, 3);
      assert.match(stdout, new RegExp(`"failure": "${first}"`));
    });

    await t.step(
      "what is trained while no Telltale runs is in force at its next start",
      async () => {
        await telltale.stop();
        const { code, stdout, stderr } = await command(
          ["train", "failure", ...RANGE, "--seed", "3", "--force"],
          env,
        );
        assert.equal(code, 0, stderr);
        const trained = /model +([0-9a-f]{64})/.exec(stdout)?.[1];
        telltale = await startTelltale({ dataDir });
        const models = await modelsOnce(telltale, (models) => inForceOf(models) === trained);
        assert.equal(models.length, 4);
      },
    );

    await t.step("what it cannot use it says, in a line", async () => {
      for (
        const [args, words] of [
          [["--from", "soon"], /--from "soon": expected an ISO 8601 instant/],
          [["--from", "2026-02-01", "--to", "2026-01-01"], /--from must be before --to/],
          [["--trials", "many"], /--trials "many": expected a whole number, 0 to 200/],
          [["--simulated"], /--simulated --out FILE/],
          [["--out", "m.onnx"], /--simulated --out FILE/],
          [["--simulated", "--out", "m.onnx", "--force"], /no other option but --out/],
          [["--horses"], /horses/],
        ] as const
      ) {
        const { code, stderr } = await command(["train", "failure", ...args], env);
        assert.equal(code, 2, args.join(" "));
        assert.match(stderr, words);
      }
      const help = await command(["train", "failure", "--help"], env);
      assert.match(help.stdout, /^Usage: .\/telltale train failure/);
    });
  } finally {
    await telltale.stop();
    await discardDataFolder(dataDir);
  }
});

async function sendLives(telltale: RunningTelltale): Promise<void> {
  const connection = await connectBus(telltale.natsUrl, "test");
  const publisher = createPublisher(connection);
  const messages = [...atmLives()].map(({ id, at, data }) => ({
    at,
    subject: subjectOf("atm", id, "telemetry"),
    payload: new TextEncoder().encode(JSON.stringify(data)),
    messageId: `${id} ${at}`,
  }));
  try {
    const { acknowledged } = await publishAll(publisher, messages, {
      sendAt: () => 0,
      signal: new AbortController().signal,
    });
    assert.equal(acknowledged, messages.length);
    await until(async () => {
      const { partitions } = await get<{ partitions: { lag: number | null }[] }>(
        telltale,
        "/stats",
      );
      return partitions.every(({ lag }) => lag === 0);
    });
  } finally {
    publisher.close();
    await connection.close();
  }
}

async function modelsOnce(
  telltale: RunningTelltale,
  isSo: (models: readonly Model[]) => boolean,
): Promise<readonly Model[]> {
  let models: readonly Model[] = [];
  await until(async () => isSo(models = await list(telltale)));
  return models;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (!await isSo()) {
    assert.ok(performance.now() < deadline, `not so after ${WAIT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function ended(telltale: RunningTelltale, location: string): Promise<Training> {
  for (;;) {
    const training = await get<Training>(telltale, location.replace("/api/v1", ""));
    if (training.state === "done" || training.state === "failed") return training;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function list(telltale: RunningTelltale): Promise<readonly Model[]> {
  return (await get<{ models: Model[] }>(telltale, "/models")).models;
}

function inForceOf(models: readonly Model[]): string | undefined {
  return models.find((model) => model.in_force)?.sha256;
}

async function get<Body>(telltale: RunningTelltale, path: string): Promise<Body> {
  const response = await fetch(`${telltale.url}/api/v1${path}`);
  assert.equal(response.status, 200, path);
  return await response.json();
}

function post(telltale: RunningTelltale, path: string, body: object = {}): Promise<Response> {
  return fetch(`${telltale.url}/api/v1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
