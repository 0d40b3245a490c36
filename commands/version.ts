/** Which Telltale this is: the one version number, in `deno.json`. */
import config from "../deno.json" with { type: "json" };

export const VERSION: string = config.version;
