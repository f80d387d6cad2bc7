// One decision: what was answered, why, and what a person makes of it.

import { check, core, field } from "./form.js";
import { capital, isShare, make, moment, scored, shown, words } from "./page.js";

const MAX_OVERRIDE_BUTTONS = 4; // more other answers go into a list

/** Fill the card's place.
 *
 * `react` is called with what a person says, `next` leads to the next one waiting, and `mine` says that
 * what was asked still stands in the form. */
export function card(decision, schemas, { react, next, mine }) {
  const properties = schemas.Decision.properties;
  return [
    make("p", { class: "verdict", tabindex: -1 }, shown(decision.answer)),
    make("p", { class: "origin" }, make("b", {}, decision.model), " · ", moment(decision.decided_at)),
    badges(decision, properties),
    score(decision, properties.score),
    reasons(decision),
    decision.verdict ? outcome(decision, next) : reaction(decision, schemas.Reaction.properties, react),
    asked(decision.features, schemas.Features.properties, !mine),
  ].filter(Boolean);
}

/** What became of a decision, in a few words; empty while nobody reacted. */
export function became(decision) {
  if (!decision.verdict) return "";
  return decision.verdict === "accept" ? "Accepted" : `Overridden: ${shown(decision.reaction_answer)}`;
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

function reasons({ reasons: list = [], unexplained }) {
  if (list.length === 0 && !unexplained) return false;
  const largest = Math.max(...list.map(({ effect }) => Math.abs(effect)));
  const items = list.map(({ effect, text }) => {
    const what = make("li", {}, make("span", {}, capital(text)));
    if (list.length < 2) return what; // alone it has nothing to be compared with
    const bar = make("i", { class: effect < 0 ? "down" : "up" });
    bar.style.inlineSize = `${Math.abs(effect) / largest * 50}%`;
    what.append(make("div", { class: "bar two", "aria-hidden": "true" }, bar),
      make("span", { class: "hint" }, `${effect < 0 ? "lowers" : "raises"} the score by ${shown(Math.abs(effect))}`));
    return what;
  });
  const why = items.length > 0 ? make("ul", { class: "reasons" }, items) : make("p", { class: "hint" }, capital(unexplained));
  return make("section", {}, make("h3", {}, "Why"), why);
}

function asked(features, properties, open) {
  if (!features) return false;
  // whoever reviews decides on what the model saw: a group that is only recorded is not shown
  const seen = Object.entries(features).filter(([name]) => !properties[name]?.["x-protected"]);
  const rows = seen.map(([name, value]) => make("div", {}, make("dt", {}, words(name)), make("dd", {}, shown(value))));
  return make("details", { open }, make("summary", {}, "What was asked"), make("dl", {}, rows));
}

function outcome(decision, next) {
  return make("div", { class: "outcome", tabindex: -1 },
    make("p", {}, make("b", {}, became(decision)), decision.note && make("q", {}, decision.note)),
    next && make("a", { href: next }, "Next one waiting"));
}

function reaction(decision, properties, react) {
  const kind = core(properties.answer);
  const note = field("note", properties.note, { required: false });
  const accept = make("button", { type: "button", class: "main", onclick: () => send("accept") }, "Accept");
  let own; // a control for the person's answer, where buttons would be too many
  const send = (verdict, answer) => react({ verdict, answer, note: note.value() }, [note, own].filter(Boolean));

  const others = kind.enum?.filter((answer) => answer !== decision.answer) ?? [];
  let overrides;
  if (kind.enum && others.length <= MAX_OVERRIDE_BUTTONS) {
    overrides = others.map((answer) => make("button", { type: "button", onclick: () => send("override", answer) }, `Override: ${shown(answer)}`));
  } else {
    own = field("your_own_answer", kind.enum ? { ...kind, enum: others } : kind);
    overrides = [make("button", { type: "button", onclick: () => different(own, decision.answer) && send("override", own.value()) }, "Override")];
  }
  return make("div", { class: "reaction" }, own?.element, note.element, make("div", { class: "buttons" }, accept, overrides));
}

function different(own, answer) {
  if (!check([own])) return false;
  if (own.value() !== answer) return true;
  own.say("That is the answer that was given: accept it, or override with another.");
  own.focus();
  return false;
}
