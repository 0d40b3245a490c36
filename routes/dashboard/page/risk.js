/** What is foretold now, the most probable first; and what came of what was foretold lately. */
import { get } from "./api.js";
import { choice, fill, make, panel, pill } from "./elements.js";
import { count, toneOf } from "./format.js";
import { predictionItem } from "./predictions.js";

const OPEN_MAX = 200;
const ENDED_MAX = 20;
const LEVELS = ["critical", "high", "medium", "low"];

/** Fills the view; returns how to bring it up to date, and how to leave it. */
export function openRisk(view, onProblem) {
  const levels = make("p", { class: "levels", "aria-live": "polite" });
  const open = make("ul", { class: "list whole" });
  const cleared = make("ul", { class: "list whole" });
  const kind = choice("Kind", [
    ["", "ATMs and machines"],
    ["atm", "ATMs"],
    ["machine", "Machines"],
  ]);
  let closed = false;

  view.replaceChildren(
    make(
      "div",
      { class: "view-head" },
      make("h1", {}, "Foretold failures"),
      make("div", { class: "filter" }, make("label", {}, kind)),
    ),
    make(
      "div",
      { class: "columns" },
      panel("Now, the most probable first", levels, open),
      make("div", { class: "stack after" }, panel("What came of it", cleared, scoreboardLink())),
    ),
  );

  async function refresh() {
    const asked = kind.value;
    const [now, ended, missed] = await Promise.all([
      get("/predictions", { state: "open", kind: asked, limit: OPEN_MAX }),
      get("/predictions", { state: "cleared", kind: asked, limit: ENDED_MAX }),
      get("/predictions", { outcome: "miss", kind: asked, limit: ENDED_MAX }),
    ]);
    if (closed || asked !== kind.value) return;
    const highest = now.predictions.toSorted((a, b) => b.probability - a.probability);
    showLevels(highest, now.next !== null);
    fill(open, items(highest), "No failure is foretold now.");
    const latest = [...ended.predictions, ...missed.predictions]
      .sort((a, b) => momentOf(a) < momentOf(b) ? 1 : -1).slice(0, ENDED_MAX);
    fill(cleared, items(latest), "No prediction has ended yet, and no failure came unforetold.");
  }

  function showLevels(predictions, isMore) {
    const byLevel = Map.groupBy(predictions, ({ risk_level: level }) => level);
    levels.replaceChildren(
      ...LEVELS.filter((level) => byLevel.has(level)).map((level) =>
        pill(`${count(byLevel.get(level).length)}${isMore ? "+" : ""} ${level}`, toneOf(level))
      ),
    );
  }

  kind.addEventListener("change", () => refresh().catch(onProblem));

  return {
    refresh,
    close() {
      closed = true;
    },
  };
}

function momentOf({ cleared_at: clearedAt, failure_at: failureAt }) {
  return clearedAt ?? failureAt;
}

function items(predictions) {
  return predictions.map((each) => [JSON.stringify(each), () => predictionItem(each)]);
}

function scoreboardLink() {
  return make("p", {}, make("a", { href: "#/scoreboard" }, "How often that was right"));
}
