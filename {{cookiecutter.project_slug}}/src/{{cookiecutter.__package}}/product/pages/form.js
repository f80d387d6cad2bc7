// A form from the contract: one field for each property of the Features schema.

import { make } from "./page.js";

const plain = (schema) => schema.anyOf?.find((part) => part.type !== "null") ?? schema;
const words = (name) => name.replaceAll("_", " ");

function hint(schema) {
  const kind = plain(schema);
  const bounds = [kind.minimum, kind.maximum].every((bound) => bound !== undefined) ? `${kind.minimum} to ${kind.maximum}` : "";
  const marks = [schema["x-protected"] && "recorded for audit, not used", schema["x-personal"] && "not stored"];
  return [schema.description, bounds, ...marks].filter(Boolean).join(" · ");
}

function control(name, schema, required) {
  const kind = plain(schema);
  if (kind.enum || kind.const) {
    const choices = (kind.enum ?? [kind.const]).map((value) => make("option", { value, textContent: value }));
    if (!required) choices.unshift(make("option", { value: "", textContent: "not stated" }));
    return make("select", { name }, choices);
  }
  if (kind.type === "string") return make("input", { name, type: "text" });
  const step = kind.type === "integer" ? 1 : "any";
  return make("input", { name, type: "number", step, min: kind.minimum ?? "", max: kind.maximum ?? "", inputMode: "decimal" });
}

export function fill(place, schema) {
  const example = schema.examples?.[0] ?? {};
  for (const [name, property] of Object.entries(schema.properties)) {
    const input = control(name, property, schema.required?.includes(name));
    input.id = `field-${name}`;
    input.value = example[name] ?? "";
    input.setAttribute("aria-describedby", `hint-${name} error-${name}`);
    place.append(make("div", { className: "field" }, [
      make("label", { htmlFor: input.id, textContent: words(name) }),
      make("small", { id: `hint-${name}`, textContent: hint(property) }),
      input,
      make("p", { className: "error", id: `error-${name}` }),
    ]));
  }
}

export function read(form, schema) {
  const body = {};
  for (const [name, property] of Object.entries(schema.properties)) {
    const text = form.elements[name].value.trim();
    const numeric = ["number", "integer"].includes(plain(property).type);
    if (text !== "") body[name] = numeric ? Number(text) : text;
  }
  return body;
}

export function mark(form, errors) {
  for (const place of form.querySelectorAll(".error")) place.textContent = "";
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  const unplaced = [];
  for (const { field, message } of errors) {
    const input = form.elements[field];
    if (!input) {
      unplaced.push(`${field}: ${message}`);
      continue;
    }
    input.setAttribute("aria-invalid", "true");
    document.getElementById(`error-${field}`).textContent = message;
  }
  form.querySelector("[aria-invalid]")?.focus();
  return unplaced;
}
