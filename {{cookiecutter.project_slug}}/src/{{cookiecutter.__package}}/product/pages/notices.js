// What did not work, in words: one notice for everything, and a form where a key is missing.

import { $, hasKey } from "./page.js";

let working = false;
let waiting; // what was asked for during a call, to be done after it
export const busy = () => working;

/** Do what a person asked for, one thing at a time; say in words what did not work.
 *
 * During a call, more work is dropped (a button is pressed twice), or done after it if it `waits`. */
export async function attempt(work, { waits = false } = {}) {
  if (working) {
    if (waits) waiting = work;
    return;
  }
  working = true;
  document.body.setAttribute("aria-busy", "true");
  say("");
  for (let task = work; task; [task, waiting] = [waiting, undefined]) await task().catch(complain);
  working = false;
  document.body.removeAttribute("aria-busy");
}

/** Say what did not work. */
export function complain(problem) {
  if (problem.status === 401) askForKey();
  else say(problem.passing ? `${problem.message}. What you typed is still here.` : problem.message);
}

function say(message) {
  $("#notice").textContent = message;
  $("#notice").hidden = message === "";
}

/** Show the form for the key. */
export function askForKey() {
  if (hasKey()) $("#key-hint").textContent = "That key is not accepted. Try another.";
  if (!$("#key").hidden) return;
  $("#key").hidden = false;
  $("#key-input").focus();
}
