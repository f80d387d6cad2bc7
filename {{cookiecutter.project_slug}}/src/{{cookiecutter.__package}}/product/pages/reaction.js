// What a person makes of a decision: accepts it, overrides it, or answers before the model's answer is shown.

import { check, core, field } from "./form.js";
import { isHidden, make, shown } from "./page.js";

const MAX_ANSWER_BUTTONS = 4; // more answers go into a list

/** What became of a decision, in a few words; empty while nobody reacted. */
export function became({ verdict, reaction_answer: own }) {
  if (!verdict) return "";
  if (verdict === "accept") return "Accepted";
  return `${verdict === "blind" ? "Reviewer" : "Overridden"}: ${shown(own)}`;
}

/** The same, with the model's answer beside that of a reviewer who did not see it. */
export const compared = (decision) =>
  decision.verdict === "blind" ? `${became(decision)}. Model: ${shown(decision.answer)}.` : became(decision);

/** What somebody did with a decision, and a way to the next one. */
export function reacted(decision, next) {
  return make("div", { class: "outcome", tabindex: -1 },
    make("p", {}, make("b", {}, compared(decision)), decision.note && make("q", {}, decision.note)),
    next && make("a", { href: next }, "Next one waiting"));
}

/** The controls to react; while the answer is hidden, they are the same whatever the model answered. */
export function reaction(decision, properties, react) {
  const blind = isHidden(decision);
  const [verdict, caption] = blind ? ["blind", "Answer"] : ["override", "Override"];
  const given = blind ? undefined : decision.answer;
  const kind = core(properties.answer);
  const answers = kind.enum?.filter((answer) => answer !== given);
  const note = field("note", properties.note, { required: false });
  let own; // a control for the person's answer, where buttons would be too many
  const send = (chosen, answer) => react({ verdict: chosen, answer, note: note.value() }, [note, own].filter(Boolean));
  const button = (text, onclick, main) => make("button", { type: "button", class: main && "main", onclick }, text);

  let buttons;
  if (answers && answers.length <= MAX_ANSWER_BUTTONS) {
    buttons = answers.map((answer) => button(`${caption}: ${shown(answer)}`, () => send(verdict, answer)));
  } else {
    own = field("your_own_answer", { ...kind, enum: answers, description: undefined });
    buttons = [button(caption, () => differs(own, given) && send(verdict, own.value()), blind)];
  }
  if (!blind) buttons.unshift(button("Accept", () => send("accept"), true));
  return make("div", { class: "reaction" }, own?.element, note.element, make("div", { class: "buttons" }, buttons));
}

function differs(own, given) {
  if (!check([own])) return false;
  if (own.value() !== given) return true;
  own.say("That is the answer that was given: accept it, or override with another.");
  own.focus();
  return false;
}
