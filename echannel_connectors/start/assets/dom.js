// Elements, words and questions to this machine's own server. All text is put in as text, never as HTML.
"use strict";
const KNOWN = JSON.parse(document.getElementById("known").textContent);
const LOCALES = { en: "en-GB", fr: "fr-FR" };
let state = null; // what the server knows: the last answer of /state

function language() {
  return state ? state.language : document.documentElement.lang;
}

// A sentence in the language of the page, its {…} filled in.
function told(name, values = {}) {
  const said = KNOWN.words[name][language()].replace(/\{(\w+)\}/g, (_, word) => values[word]);
  return language() === "fr" ? said.replace(/ (?=[:;?!»])|(?<=«) /g, "\u00a0") : said;
}

function number(value, options = {}) {
  return new Intl.NumberFormat(LOCALES[language()], options).format(value);
}

function money(value) {
  return number(value, { style: "currency", currency: state.company.currency, maximumFractionDigits: 0 });
}

function day(text, options = { day: "numeric", month: "long", year: "numeric" }) {
  return new Intl.DateTimeFormat(LOCALES[language()], { timeZone: "UTC", ...options }).format(new Date(`${text}T00:00:00Z`));
}

// An element: attributes, on… listeners, and children that are elements or text.
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

function drawn(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

class Problem extends Error {
  constructor({ sentence, hint }) {
    super(sentence);
    this.hint = hint;
  }
}

async function fetched(path, options) {
  let reply;
  try {
    reply = await fetch(path, options);
  } catch {
    throw new Problem({ sentence: told("stopped_server"), hint: "" });
  }
  const said = await reply.json().catch(() => ({}));
  if (!reply.ok || said.problem) throw new Problem(said.problem || { sentence: `${reply.status}`, hint: "" });
  return said;
}

// Ask for something to be done; the state is the new one afterwards. Throws a Problem.
async function act(what, said = {}) {
  const found = await fetched(what, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(said),
  });
  state = found.state;
  return found.answer;
}
