// The desk: asks, shows, listens, and follows what happens elsewhere. All it knows of the question,
// the fields and the answers comes from the API's own description.

import { card } from "./card.js";
import { check, fields } from "./form.js";
import { MAX_LISTED, OPEN, list, mark, openState } from "./list.js";
import { askForKey, attempt, busy, complain } from "./notices.js";
import { $, answered, call, capital, isHidden, keepKey, make, scored, shown } from "./page.js";
import { compared } from "./reaction.js";
import { clearSearch, refreshFound, search } from "./search.js";

const POLL_MS = 4000;
const known = new Map(); // decisions by id, as last seen
let schemas;
let mine; // the decision that the form was last asked for
let form;
let waiting = [];

/** Bring the page up to date; the first time it shows itself, once and whole. */
async function catchUp() {
  if (!schemas) await begin();
  await refresh();
  if (!$("main").hidden) return;
  $("main").hidden = false;
  await open().catch(complain);
}

/** Read the contract and lay out the form. */
async function begin() {
  const description = await call("openapi.json");
  schemas = description.components.schemas;
  form = fields(schemas.Features);
  $("#question").textContent = document.title = description.info.title;
  $("#fields").replaceChildren(...form.sets);
}

/** A live rollout in words; nothing without one. */
function rolledOut(rollout) {
  if (!rollout) return "";
  const { challenger, state, step, steps } = rollout;
  const paused = state === "paused";
  const share = `answers ${shown(rollout.share * 100)} % of the cases`;
  const shadow = `${paused ? "is paused" : "scores every case"} in the shadow and answers nothing`;
  const does = step === 0 ? shadow : `${paused ? "is paused and " : ""}${share}`;
  return `; in a rollout, ${challenger} ${does} (step ${step} of ${steps.length})`;
}

/** Ask what is going on: the model in use, the queue, the latest decisions. */
async function refresh() {
  const [model, queue, recent] = await Promise.all([
    call("v1/model"), call(`v1/decisions?to_review=true&limit=${MAX_LISTED}`), call(`v1/decisions?limit=${MAX_LISTED}`),
  ]);
  const shownModel = `${model.model}|${model.rollout?.changed_at ?? ""}`;
  if ($("#model").dataset.shown !== shownModel) {
    $("#model").dataset.shown = shownModel;
    $("#model").replaceChildren(model.rollout ? "Champion: " : "Answering now: ", make("b", {}, model.model), rolledOut(model.rollout));
  }
  $("#model").classList.remove("away");
  $("#outdated").textContent = capital(model.notice ?? ""); // why a newer model does not answer
  $("#outdated").hidden = !model.notice;
  for (const decision of [...recent, ...queue]) known.set(decision.id, decision);
  waiting = queue;
  const score = schemas.Decision.properties.score;
  list($("#queue ol"), queue, score);
  list($("#recent ol"), recent, score, openState);
  const many = queue.length < MAX_LISTED ? queue.length : `${MAX_LISTED}+`;
  $("#queue-title").dataset.count = many;
  document.title = (many ? `(${many}) ` : "") + $("#question").textContent;
  await refreshFound(score).catch(later);
}

/** Show the decision that the address names, with its reasons. */
async function open() {
  const id = location.hash.startsWith(OPEN) && location.hash.slice(OPEN.length);
  if (!id) return;
  const explained = await call(`v1/decisions/${encodeURIComponent(id)}`).catch((problem) => {
    // an answer is worth showing without its reasons, too; one that a reviewer may not see yet is not known here
    if ((known.get(id)?.answer ?? null) === null) throw problem;
  });
  const decision = { ...known.get(id), ...explained };
  known.set(id, decision);
  const next = waiting.find((other) => other.id !== id);
  $("#card").replaceChildren(...card(decision, schemas, {
    react: (reaction, inputs) => react(decision, reaction, inputs), next: next && OPEN + next.id, mine: id === mine,
  }));
  mark();
  const outcome = compared(decision);
  const answer = `${answered(decision)} ${scored(decision, schemas.Decision.properties.score)}`;
  $("#announcement").textContent = outcome || (isHidden(decision) ? answer : `Answer: ${answer}`);
  const place = $(outcome ? ".outcome" : ".verdict");
  place.focus({ preventScroll: true });
  $(".verdict").scrollIntoView({ block: "nearest" }); // the model's answer may be new, too
  place.scrollIntoView({ block: "nearest" });
}

async function decide() {
  $("#ask-fault").textContent = "";
  if (!check(form.all)) return;
  const features = Object.fromEntries(form.all.map((one) => [one.name, one.value()]));
  const decision = await call("v1/decisions", features).catch((problem) => blame(problem, form.all, $("#ask-fault")));
  if (!decision) return;
  form.reference.clear(); // the next case has another
  known.set(decision.id, isHidden(decision) ? { ...decision, answer: null, score: null } : decision);
  mine = decision.id;
  await refresh().catch(later);
  location.hash = OPEN + decision.id;
}

async function react(decision, reaction, inputs) {
  await attempt(async () => {
    const stored = await call(`v1/decisions/${encodeURIComponent(decision.id)}/reaction`, reaction).catch((problem) => blame(problem, inputs));
    if (!stored) return;
    const { verdict, answer, note } = stored;
    known.set(decision.id, { ...decision, verdict, reaction_answer: answer, note });
    await refresh().catch(later);
    await open();
  });
}

/** Put what the contract refuses beside the fields it is about; anything else is passed on. */
function blame(problem, inputs, rest) {
  if (problem.status !== 422 || problem.errors.length === 0) throw problem;
  const place = (error) => inputs.find((one) => one.name === error.field.replace(/^body\./, ""));
  for (const error of problem.errors) place(error)?.say(error.message);
  const homeless = problem.errors.filter((error) => !place(error)).map((error) => error.message).join(". ");
  if (rest) rest.textContent = homeless;
  else if (homeless) throw problem;
  problem.errors.map(place).find(Boolean)?.focus();
}

// what was asked for is done; if the lists cannot follow, the next round says so
function later() {}

/** Keep up, unless nobody looks or a key is being asked for. */
async function follow() {
  if (!document.hidden && !busy() && $("#key").hidden) {
    try {
      await catchUp();
    } catch (problem) {
      if (problem.status === 401) askForKey();
      $("#model").textContent = problem.status === 401 ? "Locked" : `${problem.message}; trying again`;
      $("#model").classList.add("away");
    }
  }
  setTimeout(follow, POLL_MS);
}

$("#ask").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(decide);
});
$("#search").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(() => search(schemas.Decision.properties.score), { waits: true });
});
$("#search-clear").addEventListener("click", () => attempt(() => clearSearch(schemas.Decision.properties.score), { waits: true }));
$("#key").addEventListener("submit", (event) => {
  event.preventDefault();
  keepKey($("#key-input").value);
  attempt(async () => {
    await catchUp();
    $("#key").hidden = true;
    $("#key").reset();
  });
});
addEventListener("hashchange", () => attempt(open, { waits: true }));
// a click on the decision that is open already changes no address, but means: go there
$("main").addEventListener("click", (event) => {
  if (event.target.closest("a")?.hash === location.hash) attempt(open);
});
follow();
