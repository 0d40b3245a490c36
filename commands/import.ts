/** `./telltale import`: what others have kept in files, through the same door as live messages. */
import { importStores, STORES_HELP } from "./import/stores.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./usage.ts";

export const command: Command = {
  summary: "bring in what was kept in files: stores",
  help: `Usage: ./telltale import stores [--status FILE] [--hours FILE] [--timezones FILE]

Sends what the files say to the running Telltale, as if the devices said it: over the bus, through
their actors, into the log. Needs a Telltale that runs (./telltale start) with the same settings.
What the log has already is not sent again, so importing a file twice changes nothing, and a file
that has grown, or is sorted otherwise, adds only what is new. After an interruption import again.

Files are CSV, plain or gzipped, their columns in any order:
${STORES_HELP}

Hours and zones may come together or one after the other: what a file does not mention stays as it
was. A line that cannot be read goes to quarantine with file, line and reason, and is counted at the
end; a file whose ids a spreadsheet has rounded is refused before anything is sent.

Examples
  ./telltale import stores --status polls.csv --hours hours.csv --timezones zones.csv
  ./telltale import stores --status polls-of-today.csv.gz

Exit codes: 0 all of it is in the log and the read models (unreadable lines in quarantine); 1 it is
not, and why; 2 wrong usage; 130 interrupted`,

  async run([what, ...options], config) {
    if (what !== "stores") {
      throw new UsageError(
        what === undefined
          ? "Say what to import: stores"
          : `Cannot import "${what}": expected stores`,
      );
    }
    return await importStores(options, config);
  },
};
