/** Rebuilds all projections of the database named in TELLTALE_TEST_ADDRESS, to be killed halfway. */
import { connect } from "../../events/log/database.ts";
import { projections } from "../../projections/mod.ts";
import { rebuildAll } from "../../projections/rebuild.ts";

const address = JSON.parse(Deno.env.get("TELLTALE_TEST_ADDRESS") ?? "{}");
const sql = connect({ ...address, name: "rebuild" });
const written = new TextEncoder().encode("page\n");
await rebuildAll(sql, projections, { onProgress: () => Deno.stdout.writeSync(written) });
await sql.end();
