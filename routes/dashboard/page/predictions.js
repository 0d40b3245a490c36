/** What is foretold, told so that somebody can act on it. */
import { make, pill } from "./elements.js";
import { factorText } from "./factors.js";
import { ago, duration, left, moment, roughly, shortMoment, toneOf, words } from "./format.js";

const HOUR_MS = 3_600_000;
const FACTORS_AT_ONCE = 3;

export const OUTCOMES = {
  hit: ["it failed, as foretold", "good"],
  "false-alarm": ["false alarm", "bad"],
  miss: ["not foretold", "bad"],
  serviced: ["serviced before it failed", "dim"],
};

export const WHY = {
  "risk-fell": "the risk fell",
  expired: "its time has passed",
  failed: "it failed",
  serviced: "it was serviced",
  "out-of-service": "it was taken out of service",
};

/** One prediction, as an item of a list. */
export function predictionItem(prediction) {
  const { kind, device, part, risk_level: level, probability } = prediction;
  const { factors, recommendation, outcome, cleared_at: clearedAt } = prediction;
  const at = prediction.predicted_at ?? prediction.failure_at;
  const isOpen = clearedAt === null && outcome === null;
  const [told, tone] = OUTCOMES[outcome] ?? [];
  return make(
    "li",
    {},
    make(
      "span",
      { class: "tags" },
      level && pill(`${level} · ${chance(probability)}`, isOpen ? toneOf(level) : "dim"),
      told && pill(told, tone),
      !told && !isOpen && pill("not decided yet", "dim"),
      partLink(kind, device, part),
    ),
    make("time", { class: "when", title: moment(at), "data-since": at }, ago(at)),
    make("p", { class: "what" }, isOpen ? claimOf(prediction) : endOf(prediction)),
    factors.length > 0 && factorList(factors, isOpen ? FACTORS_AT_ONCE : 0),
    isOpen && recommendation && make(
      "p",
      { class: "wide" },
      make("strong", {}, recommendation.action),
      recommendation.by ? `, by ${shortMoment(recommendation.by)}. ` : ". ",
      make("a", { href: "#/maintenance" }, "Plan it"),
    ),
  );
}

/** "ATM-0042", or "PUMP-7 · DE"; both lead to where more is told of it. */
export function partLink(kind, device, part, text = titleOf(device, part)) {
  const path = [kind, device, ...(part ? [part] : [])].map(encodeURIComponent).join("/");
  return make("a", { href: `#/${path}` }, text);
}

function titleOf(device, part) {
  return part ? `${device} · ${partName(device, part)}` : device;
}

/** Many name a part after its device, which is named beside it. */
export function partName(device, part) {
  const own = part.startsWith(device) ? part.slice(device.length).replace(/^[^\p{L}\d]+/u, "") : "";
  return own || part;
}

/** A probability is no more exact than a whole per cent. */
export function chance(probability) {
  if (typeof probability !== "number") return "–";
  if (probability > 0.99) return "> 99 %";
  return probability < 0.01 ? "< 1 %" : roughly(probability);
}

function claimOf({ until, remaining, threshold }) {
  return [
    `A failure is foretold to begin by ${shortMoment(until)} · `,
    make("span", { "data-until": until }, left(until)),
    remaining && ` · ${remainingText(remaining)} from then`,
    ` · threshold ${roughly(threshold)}`,
  ];
}

/** "Lasts another 3 d (1 d to 9 d)". */
export function remainingText(
  { expected_hours: expected, earliest_hours: early, latest_hours: late },
) {
  const latest = late === null ? "never" : duration(late * HOUR_MS);
  return `lasts another ${duration(expected * HOUR_MS)} (${
    duration(early * HOUR_MS)
  } to ${latest})`;
}

function endOf(prediction) {
  const { why, outcome, lead_time_hours: lead, failure_at: failureAt, code, cleared_at: at } =
    prediction;
  const failed = failureAt && `failed ${shortMoment(failureAt)}${code ? ` (${code})` : ""}`;
  return [
    failed,
    outcome === "hit" && lead !== null && `foretold ${duration(lead * HOUR_MS)} before`,
    !failed && at && `withdrawn ${shortMoment(at)}: ${WHY[why] ?? words(why ?? "unknown")}`,
    outcome === null && "whether it was right is known some hours after its time",
  ].filter(Boolean).join(" · ");
}

/** Those that matter most at once, the rest when asked for. */
function factorList(factors, atOnce) {
  const items = factors.map((factor) => {
    const raises = factor.contribution > 0;
    return make(
      "li",
      { "data-tone": raises ? "bad" : "good" },
      make("span", { class: "arrow", "aria-hidden": "true" }, raises ? "▲" : "▼"),
      make("span", { class: "unseen" }, raises ? "Raises the risk: " : "Lowers the risk: "),
      factorText(factor),
    );
  });
  const more = items.slice(atOnce);
  return make(
    "div",
    { class: "wide" },
    make("ul", { class: "factors" }, items.slice(0, atOnce)),
    more.length > 0 && make(
      "details",
      {},
      make("summary", {}, atOnce > 0 ? `${more.length} more` : "Why it was foretold"),
      make("ul", { class: "factors" }, more),
    ),
  );
}
