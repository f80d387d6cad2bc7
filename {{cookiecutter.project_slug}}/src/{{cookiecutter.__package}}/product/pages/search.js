// The search for a case: the decisions with the caller's reference.

import { MAX_LISTED, list, openState } from "./list.js";
import { $, call } from "./page.js";

let sought = ""; // the reference that is searched for

/** Search for what the field holds, or end the search when it is empty. */
export async function search(score) {
  sought = $("#search-input").value.trim();
  show([], sought ? "Searching" : "", score);
  await refreshFound(score);
}

/** End the search. */
export function clearSearch(score) {
  $("#search").reset();
  $("#search-input").focus();
  return search(score);
}

/** Ask again for what is searched for, if anything is. */
export async function refreshFound(score) {
  if (!sought) return;
  const asked = sought;
  const found = await call(`v1/decisions?${new URLSearchParams({ reference: asked, limit: MAX_LISTED })}`);
  if (asked === sought) show(found, count(found.length), score); // else another search has begun
}

function show(found, text, score) {
  list($("#found"), found, score, openState);
  if ($("#found-count").textContent !== text) $("#found-count").textContent = text;
  $("#search-clear").hidden = !sought;
}

function count(found) {
  if (found === 0) return "No decision has this reference.";
  if (found >= MAX_LISTED) return `The latest ${MAX_LISTED} decisions with this reference.`;
  return found === 1 ? "1 decision has this reference." : `${found} decisions have this reference.`;
}
