/** What a test in the middle of its work is: two servers run, and it waits for ever. */
import { freshBroker, freshDatabase } from "../support/servers.ts";

const { sql } = await freshDatabase();
await freshBroker();
await sql`select 1`;
Deno.stdout.writeSync(new TextEncoder().encode(`working in ${Deno.env.get("TMPDIR")}\n`));
setInterval(() => {}, 1_000);
