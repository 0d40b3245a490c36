/** Who gives an order. Everybody may say so, and nobody need. */
import { z } from "zod";

export const OPERATOR = "operator";

export const by = z.string().min(1).max(100).default(OPERATOR);
