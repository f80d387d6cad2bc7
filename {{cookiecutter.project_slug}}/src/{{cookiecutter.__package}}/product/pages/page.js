// What every part of the page needs: elements, words, and calls to the product with failures in words.

export const $ = (selector) => document.querySelector(selector);

/** Make an element: data only ever becomes text, never markup.
 * Attributes that are `undefined` or `false` are left out, as are such children, null and "";
 * `on…` are listeners, children are nodes or text. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => (child ?? false) !== false && child !== ""));
  return element;
}

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** `debt_to_income` as a person would write it. */
export const words = (name) => capital(String(name).replaceAll("_", " ").trim());

const digits = new Intl.NumberFormat("en", { maximumFractionDigits: 3, useGrouping: "min2" }); // a year is 2024, not 2,024
const share = new Intl.NumberFormat("en", { minimumFractionDigits: 3, maximumFractionDigits: 3 });
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const date = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" }); // most outcomes come with a date only
const calendar = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** Any value of a contract as people read it. */
export function shown(value) {
  if (value === null || value === undefined || value === "") return "Not given";
  return typeof value === "number" ? digits.format(value) : words(value);
}

/** True when a schema's numbers lie between 0 and 1, so that a bar can show them. */
export const isShare = ({ minimum, maximum }) => minimum === 0 && maximum === 1;

/** True while a reviewer has to answer before the model's answer may be seen: then nothing of it is shown. */
export const isHidden = ({ blind, verdict }) => Boolean(blind && !verdict);

/** What a decision answers, as far as it may be seen. */
export const answered = (decision) => (isHidden(decision) ? "Your answer first" : shown(decision.answer));

/** A decision's score; nothing when it only says the answer again, or must not be seen. */
export function scored(decision, schema) {
  const { answer, score } = decision;
  if (isHidden(decision)) return "";
  if (isShare(schema)) return share.format(score);
  return shown(score) === shown(answer) ? "" : shown(score);
}

/** A moment; today's without the date. */
export function moment(iso) {
  const then = new Date(iso);
  const today = then.toDateString() === new Date().toDateString();
  return make("time", { datetime: iso }, (today ? clock : calendar).format(then));
}

/** The day of a moment. */
export const day = (iso) => make("time", { datetime: iso }, date.format(new Date(iso)));

const KEY = "api-key"; // in this tab's storage: gone when the tab is closed
const TIMEOUT_MS = 10_000;

/** A call that did not work; status 0 when nobody answered. `errors` name fields. */
export class Problem extends Error {
  constructor(status, detail, errors = []) {
    super(capital(detail));
    this.status = status;
    this.errors = errors;
  }

  /** True when the same request may well succeed later. */
  get passing() {
    return this.status === 0 || this.status >= 500;
  }
}

export const keepKey = (key) => sessionStorage.setItem(KEY, key);
export const hasKey = () => sessionStorage.getItem(KEY) !== null;

/** Return what a path answers; with a body it is a POST. */
export async function call(path, body) {
  const headers = hasKey() ? { "X-API-Key": sessionStorage.getItem(KEY) } : {};
  const request = { headers, cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) };
  if (body) {
    headers["Content-Type"] = "application/json";
    Object.assign(request, { method: "POST", body: JSON.stringify(body) });
  }
  let response;
  let answer;
  try {
    response = await fetch(path, request);
    answer = await response.json();
  } catch {
    throw new Problem(response && !response.ok ? response.status : 0, "the product cannot be reached; try again");
  }
  if (response.ok) return answer;
  throw new Problem(response.status, answer.detail ?? response.statusText, answer.errors);
}
