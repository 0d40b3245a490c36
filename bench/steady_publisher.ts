/**
 * Publishes the bench fleet's messages at a steady pace, each acknowledged by JetStream; a process
 * of its own, as devices are. Arguments: url rate seconds devices seed. Prints what it did as JSON.
 *
 * A message's own field `due_at` says when it was due, in ms: whoever measures from there sees the
 * publisher's delays as well, so a stall anywhere cannot hide the messages it held up.
 */
import { jetstream } from "@nats-io/jetstream";
import { connectBus } from "../events/bus/connection.ts";
import { messageAt, randomFrom } from "./fleet.ts";
import { wallClock } from "./steady.ts";

const [url = "", ...numbers] = Deno.args;
const [rate = 1, seconds = 1, devices = 1, seed = 1] = numbers.map(Number);

const connection = await connectBus(url, "bench publisher");
const stream = jetstream(connection);
const random = randomFrom(seed);
const encoder = new TextEncoder();
const count = rate * seconds;
const startAt = wallClock();
const fleet = { devices, startAt, stepMs: devices / rate * 1000, random };

const underWay = new Set<Promise<unknown>>();
let failed = 0;
for (let index = 0; index < count;) {
  const due = Math.floor((wallClock() - startAt) / 1000 * rate);
  for (; index <= due && index < count; index++) {
    const { subject, payload } = messageAt(index, fleet);
    const dueAt = startAt + index / rate * 1000;
    const body = encoder.encode(`${payload.slice(0, -1)},"due_at":${dueAt}}`);
    const publishing = stream.publish(subject, body).catch(() => failed++);
    underWay.add(publishing);
    publishing.then(() => underWay.delete(publishing));
  }
  await new Promise((resolve) => setTimeout(resolve, 1));
}
await Promise.all(underWay);
await connection.close();
Deno.stdout.writeSync(encoder.encode(JSON.stringify({ count, failed, startAt })));
