// What every part of the page needs: elements without markup, and requests that fail in words.

export const find = (id) => document.getElementById(id);

export function make(tag, properties = {}, children = []) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function notice(text) {
  find("notice").textContent = text;
  find("notice").hidden = !text;
}

export async function ask(path, body) {
  const headers = { "X-API-Key": sessionStorage.getItem("key") ?? "" };
  const options = body ? { method: "POST", body: JSON.stringify(body), headers: { ...headers, "Content-Type": "application/json" } } : { headers };
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw { detail: "The product does not answer. Nothing you typed is lost; try again in a moment.", errors: [] };
  }
  const content = await answer.json().catch(() => ({}));
  if (answer.status === 401) find("key").hidden = false;
  if (!answer.ok) throw { detail: `${content.detail ?? answer.statusText}.`, errors: content.errors ?? [], status: answer.status };
  return content;
}
