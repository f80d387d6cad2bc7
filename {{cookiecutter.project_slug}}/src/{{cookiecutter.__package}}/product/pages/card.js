// One decision: what was answered, why, and what a person makes of it.

import { answered, capital, day, isHidden, isShare, make, moment, scored, shown, words } from "./page.js";
import { reacted, reaction } from "./reaction.js";

const MAX_REASONS = 6; // on the page; the API has all
const AFTERWARDS = "Answer this case yourself. The model's answer and its reasons are shown afterwards.";

/** Fill the card's place.
 *
 * `react` is called with what a person says, `next` leads to the next one waiting, and `mine` says that
 * what was asked still stands in the form. While the answer is hidden, nothing that follows from it is shown. */
export function card(decision, schemas, { react, next, mine }) {
  const properties = schemas.Decision.properties;
  const hidden = isHidden(decision);
  const features = asked(decision.features, schemas.Features.properties, hidden || !mine);
  return [
    make("p", { class: hidden ? "verdict hidden" : "verdict", tabindex: -1 }, answered(decision)),
    make("p", { class: "origin" }, make("b", {}, decision.model), " · ", moment(decision.decided_at)),
    decision.reference && make("p", {}, "Reference ", make("bdi", { class: "reference" }, decision.reference)),
    ...(hidden ? [make("p", {}, AFTERWARDS), features] : [badges(decision, properties), score(decision, properties.score), reasons(decision), counterfactual(decision), happened(decision)]),
    decision.verdict ? reacted(decision, next) : reaction(decision, schemas.Reaction.properties, react),
    !hidden && features,
  ].filter(Boolean);
}

function badges(decision, properties) {
  const raised = ["needs_review", "fallback"].filter((name) => decision[name]);
  return raised.length > 0 && make("ul", { class: "badges" }, raised.map((name) =>
    make("li", {}, make("b", { class: "badge" }, words(name)), make("span", { class: "hint" }, properties[name].description ?? ""))));
}

function score(decision, schema) {
  const text = scored(decision, schema);
  if (!text) return false;
  const line = make("p", {}, make("span", {}, schema.description ?? "Score"), make("b", {}, text));
  if (!isShare(schema)) return make("div", { class: "score" }, line);
  const bar = make("i");
  bar.style.inlineSize = `${decision.score * 100}%`;
  return make("div", { class: "score" }, line, make("div", { class: "bar", "aria-hidden": "true" }, bar));
}

function reasons({ reasons: all = [], effect_unit: unit, unexplained }) {
  if (all.length === 0 && !unexplained) return false;
  const list = all.slice(0, MAX_REASONS);
  const largest = Math.max(...list.map(({ effect }) => Math.abs(effect)));
  const items = list.map(({ column, effect, text }) => {
    const what = make("li", {}, make("span", {}, capital(text)));
    if (!column) return what; // a rule has no effect to be compared with
    const bar = make("i", { class: effect < 0 ? "down" : "up" });
    bar.style.inlineSize = `${Math.abs(effect) / largest * 50}%`;
    what.append(make("div", { class: "bar two", "aria-hidden": "true" }, bar),
      make("span", { class: "hint" }, `${effect < 0 ? "lowers" : "raises"} the ${unit} by ${shown(Math.abs(effect))}`));
    return what;
  });
  const why = items.length > 0 ? make("ul", { class: "reasons" }, items) : make("p", { class: "hint" }, capital(unexplained));
  return make("section", {}, make("h3", {}, "Why"), why);
}

function counterfactual({ counterfactual: found }) {
  return found && make("section", { class: "counterfactual" }, make("h3", {}, "What would turn the answer"), make("p", {}, `${capital(found.text)}.`));
}

function asked(features, properties, open) {
  if (!features) return false;
  // whoever reviews decides on what the model saw: a group that is only recorded is not shown
  const seen = Object.entries(features).filter(([name]) => !properties[name]?.["x-protected"]);
  const rows = seen.map(([name, value]) => make("div", {}, make("dt", {}, words(name)), make("dd", {}, shown(value))));
  return make("details", { open }, make("summary", {}, "What was asked"), make("dl", {}, rows));
}

function happened({ outcome, outcome_at: at }) {
  if (outcome === null || outcome === undefined) return false;
  return make("p", {}, "What happened: ", make("b", {}, shown(outcome)), at && [", ", day(at)]);
}
