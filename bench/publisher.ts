/**
 * Publishes part of the bench fleet's messages as fast as the broker stores them; a process of its
 * own, as devices are. Arguments: url first count devices startAt stepMs seed.
 */
import { connectBus } from "../events/bus/connection.ts";
import { managerOf, streamInfo } from "../events/bus/stream.ts";
import { messageAt, randomFrom } from "./fleet.ts";

const [url = "", ...numbers] = Deno.args;
const [first = 0, count = 0, devices = 1, startAt = 0, stepMs = 1000, seed = 1] = numbers.map(
  Number,
);

const connection = await connectBus(url, "bench publisher");
const manager = await managerOf(connection);
const before = (await streamInfo(manager))?.state.last_seq ?? 0;
const random = randomFrom(seed + first);
const encoder = new TextEncoder();

for (let index = first; index < first + count; index++) {
  const { subject, payload } = messageAt(index, { devices, startAt, stepMs, random });
  connection.publish(subject, encoder.encode(payload));
  // Keep the socket's buffer short; the broker's own pace is what is being used.
  if (index % 1_000 === 999) await connection.flush();
}
await connection.flush();
for (;;) {
  const stored = ((await streamInfo(manager))?.state.last_seq ?? 0) - before;
  if (stored >= count) break;
  await new Promise((resolve) => setTimeout(resolve, 20));
}
await connection.close();
