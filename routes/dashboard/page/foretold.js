/** What is likely to fail next, beside what is wrong already. */
import { get } from "./api.js";
import { byId, fill, make, pill } from "./elements.js";
import { ago, count, moment, shortMoment, toneOf } from "./format.js";
import { chance, partLink } from "./predictions.js";

const ASKED_MAX = 200;
const SHOWN_MAX = 5;

export async function refreshForetold() {
  const { predictions, next } = await get("/predictions", { state: "open", limit: ASKED_MAX });
  byId("foretold-count").textContent = predictions.length === 0
    ? "none"
    : `${count(predictions.length)}${next ? "+" : ""} foretold`;
  const likeliest = predictions.sort((a, b) => b.probability - a.probability).slice(0, SHOWN_MAX);
  fill(
    byId("foretold"),
    likeliest.map((prediction) => [JSON.stringify(prediction), () => item(prediction)]),
    "No failure is foretold now.",
  );
}

function item(prediction) {
  const { kind, device, part, probability, risk_level: level, until, predicted_at: at } =
    prediction;
  const { recommendation } = prediction;
  return make(
    "li",
    {},
    make(
      "span",
      { class: "tags" },
      pill(chance(probability), toneOf(level)),
      partLink(kind, device, part),
    ),
    make("time", { class: "when", title: moment(at), "data-since": at }, ago(at)),
    make(
      "span",
      { class: "what" },
      [`by ${shortMoment(until)}`, recommendation?.action].filter(Boolean).join(" · "),
    ),
  );
}
