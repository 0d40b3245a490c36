/** A Telltale reduced to its servers, for tests that kill it. Arguments: data folder, NATS port. */
import { startNats } from "../../services/nats_server.ts";
import { startPostgres } from "../../services/postgres.ts";
import { lockDataFolder } from "../../services/mod.ts";

const [dataDir = "", port = ""] = Deno.args;
const folder = lockDataFolder(dataDir);
const postgres = await startPostgres(folder.path);
const nats = await startNats(folder.path, Number(port));
const line = JSON.stringify({ postgres: postgres.pid(), nats: nats.pid() });
Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
setInterval(() => {}, 60_000);
