/**
 * Many who watch the live feed, in a process of their own. Arguments: url count. Says "watching"
 * when all do, and, when its input ends, how many of them were served to the last.
 */
const [url = "", count = "1"] = Deno.args;
const encoder = new TextEncoder();

/** A feed that fell behind by more than this at the end was not served. */
const BEHIND_MAX = 0.05;

const watchers = await Promise.all(
  Array.from({ length: Number(count) }, async () => {
    const response = await fetch(url);
    if (!response.ok || !response.body) throw new Error(`Cannot watch: ${response.status}`);
    const watcher = { bytes: 0, ended: false };
    (async () => {
      for await (const chunk of response.body ?? []) watcher.bytes += chunk.length;
      watcher.ended = true;
    })().catch(() => watcher.ended = true);
    return watcher;
  }),
);
Deno.stdout.writeSync(encoder.encode("watching\n"));

for await (const _ of Deno.stdin.readable);
const most = Math.max(...watchers.map(({ bytes }) => bytes));
const served = watchers.filter(({ bytes, ended }) => !ended && bytes >= most * (1 - BEHIND_MAX));
const dropped = watchers.filter(({ ended }) => ended);
Deno.stdout.writeSync(
  encoder.encode(JSON.stringify({ served: served.length, dropped: dropped.length })),
);
Deno.exit();
