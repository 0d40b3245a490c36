/** The least a server can do that answers POSTed JSON: the limit that `series.ts` measures against. */
import { Hono } from "hono";

const app = new Hono();
app.post("*", async (c) => {
  const { timestamp, value } = await c.req.json();
  return c.json({ anomaly: value > 24, model_version: "v1", timestamp });
});
Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.args[0]), onListen: () => {} }, app.fetch);
