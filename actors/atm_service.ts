/** What whoever is sent to an ATM should look at, by what made its failure likely. */
import type { Factor } from "../events/inference.ts";

/** What each part shows itself by in the features (`models/features/atm.ts`); the first that fits. */
const PARTS: readonly (readonly [part: string, features: RegExp])[] = [
  ["the card reader", /^e001_/],
  ["the dispenser", /^e002_/],
  ["the cash cassettes", /^(cash_|current_cash|e004_)/],
  ["the cooling", /^(temperature_|current_temperature|e005_|e007_)/],
  ["the receipt printer", /^e006_/],
  ["the network", /^(latency_|current_latency|disconnected_|unstable_|e003_)/],
  ["the power supply", /^(restarts_|uptime_|e010_)/],
  ["the computer", /^(cpu_|memory_|current_cpu|current_memory|e008_|e009_)/],
];

/** Factors are the strongest first; those that made it less likely say nothing here. */
export function serviceFor(factors: readonly Factor[]): string {
  for (const { feature, contribution } of factors) {
    if (contribution <= 0) continue;
    const part = PARTS.find(([, features]) => features.test(feature));
    if (part) return `Inspect ${part[0]} before it fails`;
  }
  return "Inspect the ATM before it fails";
}
