// The desk: ask, read the answer, accept or override it, and work off what a person should look at.

import { fill, mark, read } from "./form.js";
import { ask, find, make, notice } from "./page.js";

const SECONDS = 3;
let features;
let label;
let bounded;

const time = (iso) => new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const choices = () => label.enum ?? (label.const ? [label.const] : null);

async function start() {
  const document_ = await ask("/openapi.json");
  const { Features, Decision } = document_.components.schemas;
  features = Features;
  label = Decision.properties.answer;
  bounded = Decision.properties.score.maximum === 1;
  find("question").textContent = document.title = document_.info.title;
  if (!find("fields").children.length) fill(find("fields"), Features);
  await refresh();
}

async function refresh() {
  const [model, queue, recent] = await Promise.all([
    ask("/v1/model"), ask("/v1/decisions?to_review=true&limit=50"), ask("/v1/decisions?limit=20"),
  ]);
  find("model").textContent = model.model;
  find("waiting-count").textContent = queue.length ? `(${queue.length})` : "";
  list(find("queue"), queue, "Nobody has to look at anything.");
  list(find("recent"), recent, "No decision yet.");
}

function list(place, decisions, nothing) {
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.id : null;
  const items = decisions.map((decision) => {
    const said = decision.verdict === "override" ? `overridden: ${decision.reaction_answer}` : decision.verdict === "accept" ? "accepted" : "open";
    const button = make("button", { type: "button", onclick: () => show(decision) }, [
      make("span", { textContent: `${time(decision.decided_at)}  ${decision.answer}` }),
      make("span", { className: "quiet", textContent: said }),
    ]);
    button.dataset.id = decision.id;
    return make("li", {}, [button]);
  });
  place.replaceChildren(...(items.length ? items : [make("li", { className: "quiet", textContent: nothing })]));
  if (focused) place.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
}

async function show(decision) {
  const place = find("decision");
  const parts = [make("p", { className: "answer", textContent: String(decision.answer) })];
  if (bounded) {
    parts.push(make("meter", { min: 0, max: 1, value: decision.score, ariaLabel: "score" }));
    parts.push(make("p", { textContent: `Score ${decision.score.toFixed(3)}: ${label.enum?.length === 2 ? `probability of ${label.enum[1]}` : "probability of this answer"}` }));
  }
  parts.push(make("p", { className: "quiet", textContent: `${decision.model}, ${time(decision.decided_at)}` }));
  if (decision.fallback) parts.push(make("span", { className: "badge", textContent: "the rules stood in for a model that failed" }));
  else if (decision.needs_review) parts.push(make("span", { className: "badge", textContent: "a person should look" }));
  const reasons = make("ul", { className: "reasons" });
  parts.push(reasons, decision.verdict ? done(decision) : reaction(decision));
  place.replaceChildren(...parts);
  place.focus();
  const trace = await ask(`/v1/decisions/${decision.id}`).catch(() => ({}));
  reasons.replaceChildren(...(trace.reasons ?? []).map((reason) => make("li", { textContent: reason.text })));
}

function done(decision) {
  const said = decision.verdict === "override" ? `Overridden with ${decision.reaction_answer}.` : "Accepted.";
  return make("p", { className: "react", textContent: `${said} ${decision.note ?? ""}` });
}

function reaction(decision) {
  const others = choices()?.filter((choice) => choice !== decision.answer);
  const other = others
    ? make("select", { id: "other" }, others.map((value) => make("option", { value, textContent: value })))
    : make("input", { id: "other", type: "number", step: "any", value: decision.answer });
  const note = make("input", { id: "note", maxLength: 500, placeholder: "Why? No names, please." });
  const problem = make("p", { className: "error", role: "alert" });
  const react = async (body) => {
    try {
      await ask(`/v1/decisions/${decision.id}/reaction`, { ...body, note: note.value });
      await show({ ...decision, verdict: body.verdict, reaction_answer: body.answer, note: note.value });
      await refresh();
    } catch (failure) {
      problem.textContent = failure.detail ?? String(failure);
    }
  };
  const value = () => (others ? other.value : Number(other.value));
  return make("div", { className: "react" }, [
    make("label", {}, ["Note ", note]),
    make("div", { className: "row" }, [
      make("button", { type: "button", id: "accept", textContent: "Accept", onclick: () => react({ verdict: "accept" }) }),
      make("label", {}, ["Right answer ", other]),
      make("button", { type: "button", id: "override", textContent: "Override", onclick: () => react({ verdict: "override", answer: value() }) }),
    ]),
    problem,
  ]);
}

find("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button");
  button.disabled = true;
  notice("");
  mark(form, []);
  try {
    await show(await ask("/v1/decisions", read(form, features)));
    await refresh();
  } catch (failure) {
    const unplaced = mark(form, failure.errors ?? []);
    if (unplaced.length || !failure.errors?.length) notice([failure.detail, ...unplaced].join(" "));
  } finally {
    button.disabled = false;
  }
});

find("key").addEventListener("submit", async (event) => {
  event.preventDefault();
  sessionStorage.setItem("key", event.target.elements.key.value);
  event.target.hidden = true;
  notice("");
  await start().catch((failure) => notice(failure.detail));
});

start().catch((failure) => notice(failure.detail ?? String(failure)));
setInterval(() => features && refresh().then(() => notice("")).catch((failure) => notice(failure.detail)), SECONDS * 1000);
