// Form fields from a JSON schema: what they are called, what fits, and what to say when it does not.

import { make, shown, words } from "./page.js";

const MAX_RADIOS = 2; // more options go into a list
const LONG = 16; // a form with more fields than this is long
const MARKS = {
  "x-protected": "recorded to audit fairness, not used to decide",
  "x-personal": "not stored",
};
let fieldCount = 0;

/** The part of a schema that is not null, with the keys around it. */
export function core(schema) {
  return { ...schema, ...schema.anyOf?.find((part) => part.type !== "null") };
}

/** One labelled control for a property; `name` is its key, `start` the value it begins with. */
export function field(name, schema, { required = true, start = "" } = {}) {
  const kind = core(schema);
  const id = `field-${++fieldCount}`;
  const options = kind.enum && (required && start ? kind.enum : [...kind.enum, ""]); // never a choice nobody made
  const aria = { "aria-describedby": `${id}-hint ${id}-range ${id}-fault` };
  const fault = make("p", { class: "fault", id: `${id}-fault` });
  const radios = options && options.length <= MAX_RADIOS;
  let inputs;
  let control;
  if (radios) {
    inputs = options.map((value) => make("input", { type: "radio", name: id, value, required, checked: value === start }));
    const labels = inputs.map((input) => make("label", {}, input, make("span", {}, shown(input.value))));
    control = make("div", { class: "choice", role: "radiogroup", "aria-labelledby": `${id}-label`, ...aria }, labels);
  } else if (options) {
    const choices = options.map((value) => make("option", { value, selected: value === start }, shown(value)));
    control = make("select", { id, required, ...aria }, choices);
    inputs = [control];
  } else {
    const number = kind.type === "number" || kind.type === "integer";
    control = make("input", {
      id, required, ...aria, type: number ? "number" : "text", inputmode: kind.type === "number" ? "decimal" : undefined,
      min: kind.minimum, max: kind.maximum, step: number ? (kind.type === "integer" ? 1 : "any") : undefined,
      maxlength: kind.maxLength, autocomplete: "off", value: start,
    });
    inputs = [control];
  }

  const self = {
    name,
    required,
    marks: Object.keys(MARKS).filter((mark) => schema[mark]).map((mark) => MARKS[mark]).join("; "),
    element: make("div", { class: "field", "data-name": name },
      make("label", { id: `${id}-label`, for: radios ? undefined : id }, words(name)),
      make("p", { class: "hint", id: `${id}-hint`, hidden: kind.description === words(name) }, kind.description), control,
      make("div", { class: "below" }, fault, make("p", { class: "hint", id: `${id}-range` }, [!required && "Optional", range(kind)].filter(Boolean).join(", ")))),
    value() {
      const raw = radios ? inputs.find((input) => input.checked)?.value ?? "" : inputs[0].value;
      // an empty field is left out: the contract says what that means
      if (raw.trim() === "") return undefined;
      return inputs[0].type === "number" ? Number(raw) : raw;
    },
    clear() {
      inputs[0].value = "";
    },
    say(message = "") {
      fault.textContent = message;
      control.toggleAttribute("data-wrong", message !== "");
      if (message) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    },
    /** Say what is wrong, if anything; returns whether nothing is. */
    check() {
      self.say(wrong(inputs[0].validity, kind));
      return inputs[0].validity.valid;
    },
    focus() {
      self.element.closest("details")?.setAttribute("open", "");
      (inputs.find((input) => input.checked) ?? inputs[0]).focus();
    },
  };
  self.element.addEventListener("change", self.check);
  // while it is being typed nothing is wrong yet, but what was wrong may be right again
  self.element.addEventListener("input", () => fault.textContent && self.check());
  return self;
}

/** The fields of an object's schema; those with marks of their own are set apart below, and say so.
 *
 * A long form shows what is required; its optional fields are folded away. The reference of the case comes last. */
export function fields(schema) {
  const example = schema.examples?.[0] ?? {};
  const features = Object.entries(schema.properties).filter(([, property]) => !property["x-identifier"]);
  const all = features.map(([name, property]) => {
    const required = schema.required?.includes(name) ?? false;
    // an example is no statement about a person: nobody's group is filled in beforehand
    return field(name, property, { required, start: property["x-protected"] && !required ? undefined : example[name] ?? undefined });
  });
  const isLong = all.length > LONG;
  const isFolded = (one) => isLong && !one.marks && !one.required;
  const set = (legend, some) => make("fieldset", { class: isLong && "long" }, legend && make("legend", {}, legend), some.map((one) => one.element));
  const sets = [...new Set(all.map((one) => one.marks))].sort().map((marks) =>
    set(marks && words(marks), all.filter((one) => one.marks === marks && !isFolded(one))));
  const folded = all.filter(isFolded);
  const isOnly = folded.length === all.length;
  if (folded.length > 0) sets.push(make("details", { open: isOnly }, make("summary", {}, `Optional fields (${folded.length})`), set("", folded)));
  const [name, property] = Object.entries(schema.properties).find(([, { "x-identifier": kind }]) => kind === "reference");
  const reference = field(name, property, { required: false });
  sets.push(make("fieldset", { class: "apart" }, reference.element));
  all.push({ ...reference, value: () => reference.value()?.trim() });
  return { all, reference, sets: sets.filter((one) => one.querySelector(".field")) };
}

/** Check every field and go to the first that is wrong; returns whether all are right. */
export function check(all) {
  const wrong = all.filter((one) => !one.check());
  wrong[0]?.focus();
  return wrong.length === 0;
}

function wrong({ valid, badInput, valueMissing, stepMismatch }, kind) {
  if (valid) return "";
  if (badInput) return "A number, please";
  if (valueMissing) return "Please fill this in";
  return stepMismatch ? "A whole number, please" : `Must be ${range(kind)}`;
}

function range({ minimum: low, maximum: high }) {
  if (low === undefined) return high === undefined ? "" : `up to ${shown(high)}`;
  return high === undefined ? `${shown(low)} or more` : `${shown(low)} to ${shown(high)}`;
}
