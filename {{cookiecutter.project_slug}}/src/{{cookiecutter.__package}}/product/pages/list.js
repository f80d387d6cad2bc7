// Lists of decisions, each a link that opens one.

import { answered, isHidden, make, moment, scored } from "./page.js";
import { became } from "./reaction.js";

export const MAX_LISTED = 20;
export const OPEN = "#decision-"; // how the address names the decision that is open

/** Fill a list with decisions, newest first; `open` says what to call one that nobody reacted to. */
export function list(place, decisions, score, open = () => "") {
  const rows = JSON.stringify(decisions);
  if (place.dataset.rows === rows) return;
  place.dataset.rows = rows;
  const focused = place.contains(document.activeElement) && document.activeElement.hash;
  place.replaceChildren(...decisions.map((decision) => make("li", {}, make("a", { href: OPEN + decision.id },
    decision.reference && make("bdi", { class: "reference" }, decision.reference),
    make("b", {}, answered(decision)), make("span", {}, scored(decision, score)),
    make("span", { class: "state" }, became(decision) || open(decision)),
    make("span", { class: "origin" }, decision.model, " · ", moment(decision.decided_at))))));
  mark();
  if (focused) place.querySelector(`[href="${focused}"]`)?.focus();
}

/** Mark the decision that the address names. */
export function mark() {
  for (const link of document.querySelectorAll("ol a")) {
    if (link.hash === location.hash) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

/** What to call a decision outside the queue that nobody reacted to. */
export const openState = (decision) => decision.needs_review && !isHidden(decision) && "Needs review";
