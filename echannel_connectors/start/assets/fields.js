// What the screens are made of: fields with their labels, choices, help, what a test found, and the buttons below.
"use strict";
let fieldNumber = 0;

// A labelled input; what it holds is read by `values`.
function field(name, label, options = {}) {
  const { hint, value = "", kind = "text", wide = true, ...more } = options;
  const id = `f${++fieldNumber}`;
  const input = el("input", {
    id, name, type: kind, value, autocomplete: "off", spellcheck: "false", autocapitalize: "off",
    "aria-describedby": hint ? `${id}h` : null, ...more,
  });
  return wrapped(id, label, input, hint, wide);
}

// A choice from a list of [value, text].
function list(name, label, choices, options = {}) {
  const { hint, value = "", wide = true, onchange } = options;
  const id = `f${++fieldNumber}`;
  const made = choices.map(([word, text]) => el("option", { value: word, selected: word === value }, text));
  const select = el("select", { id, name, onchange, "aria-describedby": hint ? `${id}h` : null }, made);
  return wrapped(id, label, select, hint, wide);
}

function wrapped(id, label, input, hint, wide) {
  return el("div", { class: wide ? "field" : "field half" }, el("label", { for: id }, label), input,
    hint ? el("p", { class: "hint", id: `${id}h` }, hint) : null);
}

// Large choices, of which one holds: [value, title, hint].
function cards(name, label, choices, value, onchange, isTitled = true) {
  return el("fieldset", { class: "cards" }, el("legend", { class: isTitled ? "" : "unseen" }, label),
    choices.map(([word, title, hint]) => el("label", { class: "choice" },
      el("input", { type: "radio", name, value: word, checked: word === value, onchange: () => onchange(word) }),
      el("span", {}, el("strong", {}, title), hint ? el("span", {}, hint) : null))));
}

function help(title, ...content) {
  return el("details", { class: "help" }, el("summary", {}, title), el("div", {}, content));
}

// What the fields of a form hold, by their names.
function values(form) {
  const found = {};
  for (const input of form.elements) {
    if (!input.name || input.type === "file" || (input.type === "radio" && !input.checked)) continue;
    const [group, word] = input.name.split(".");
    if (word) (found[group] ||= {})[word] = input.value;
    else found[input.name] = input.value;
  }
  return found;
}

function notice(kind, sentence, hint) {
  return el("div", { class: `found ${kind}`, role: kind === "error" ? "alert" : "status" },
    el("p", { class: "said" }, sentence), hint ? el("p", { class: "hint" }, hint) : null);
}

// What a test found: errors and warnings one by one, what is well in one line with the rest behind it.
function findings(found) {
  if (!found || !found.length) return null;
  const bad = found.filter((one) => one.level !== "ok");
  const well = found.filter((one) => one.level === "ok");
  const isWell = found.every((one) => one.level !== "error");
  return el("div", { class: "findings" },
    isWell ? notice("ok", `${told("all_well")} ${capital(well[0] ? well[0].sentence : "")}`) : null,
    bad.map((one) => notice(one.level, capital(one.sentence), capital(one.hint))),
    well.length > 1 ? help(told("more_ok", { n: well.length }),
      el("ul", {}, well.map((one) => el("li", {}, capital(one.sentence))))) : null);
}

function capital(text) {
  return text ? text[0].toUpperCase() + text.slice(1) + (/[.!?…)]$/.test(text) ? "" : ".") : "";
}

function button(text, onclick, kind = "second") {
  return el("button", { type: "button", class: kind, onclick }, text);
}

// A form whose first button sends it; `others` stand beside. While it works, everything waits.
function form(fields, submit, onsubmit, others = []) {
  const where = el("div", { class: "where" });
  const made = el("form", {
    novalidate: true, autocomplete: "off",
    onsubmit: (event) => {
      event.preventDefault();
      made.querySelectorAll(".findings").forEach((one) => one.remove()); // of the answer before
      working(made, where, () => onsubmit(values(made)), told("testing"));
    },
  }, fields, where, el("div", { class: "actions" }, el("button", { type: "submit", class: "first" }, submit), others));
  return made;
}

// Do something that takes a while; a problem is shown in `where`.
async function working(around, where, work, words = told("working")) {
  const buttons = [...around.querySelectorAll("button")];
  const active = document.activeElement;
  buttons.forEach((one) => { one.disabled = true; });
  around.setAttribute("aria-busy", "true");
  where.replaceChildren(el("p", { class: "busy", role: "status" }, words));
  try {
    await work();
    where.replaceChildren();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    where.replaceChildren(notice("error", capital(problem.message), capital(problem.hint)));
  } finally {
    around.removeAttribute("aria-busy");
    buttons.forEach((one) => { one.disabled = false; });
    if (active && active.isConnected) active.focus({ preventScroll: true });
  }
}

// A text to take along, with a button that copies it.
function copyable(text) {
  const made = button(told("copy"), async () => {
    await navigator.clipboard.writeText(text).catch(() => {});
    made.textContent = told("copied");
  }, "small");
  return el("p", { class: "copyable" }, el("code", {}, text), made);
}
