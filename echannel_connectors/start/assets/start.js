// Which screen is shown, the steps on the side, and the language.
"use strict";
const STEPS = ["company", "shop", "erp", "web", "destination", "sync", "figures", "schedule"];
const SCREENS = {
  company: companyScreen, shop: shopScreen, erp: erpScreen, web: webScreen, destination: destinationScreen,
  sync: syncScreen, figures: figuresScreen, schedule: scheduleScreen,
};

// The step that the address names, where it may be opened; else the one that comes next.
function current() {
  const named = location.hash.slice(1);
  return STEPS.includes(named) && isOpen(named) ? named : state.step;
}

function isOpen(step) {
  if (step === "sync" || step === "schedule") return state.is_complete;
  if (step === "figures") return state.has_run && state.is_complete;
  return step === state.step || state.answered[step];
}

function isDone(step) {
  if (step === "sync" || step === "figures") return state.has_run;
  if (step === "schedule") return Boolean(state.scheduled);
  return Boolean(state.answered[step]);
}

function go(step) {
  edited = null;
  if (location.hash === `#${step}`) show(true);
  else location.hash = step;
}

// After an answer: the next question, or back to the figures where all have been answered long ago.
function onwards(step) {
  const next = STEPS[STEPS.indexOf(step) + 1];
  go(state.is_complete ? (state.has_run ? (step === "destination" ? "sync" : "figures") : "sync") : state.answered[next] ? next : state.step);
}

function titled(step, ...content) {
  const there = { shop: state.shops, erp: state.erps, web: state.webs }[step];
  const isKnown = there && there.length && edited === null;
  const title = { sync_again: "sync_title_again" }[step] || (isKnown ? `${step}_title_known` : `${step}_title`);
  return el("section", {}, el("h1", { tabindex: "-1" }, told(title)),
    el("p", { class: "lead" }, told(step === "sync_again" ? "sync_lead" : `${step}_lead`)), content);
}

function show(isNew = false) {
  document.getElementById("steps").classList.remove("open");
  const step = current();
  document.documentElement.lang = language();
  document.title = `${told(`step_${step}`)} · E-Channel`;
  document.getElementById("skip").textContent = told("skip");
  document.getElementById("company").textContent = state.answered.company ? state.company.name : "";
  drawLanguages();
  drawSteps();
  const main = document.getElementById("main");
  main.dataset.step = step;
  main.replaceChildren(...[SCREENS[step]()].flat(Infinity).filter(Boolean));
  if (isNew) {
    window.scrollTo(0, 0);
    main.querySelector("h1").focus({ preventScroll: true });
  }
}

function drawLanguages() {
  const place = document.getElementById("languages");
  place.setAttribute("aria-label", told("language"));
  place.replaceChildren(...[["en", "English", "EN"], ["fr", "Français", "FR"]].map(([code, name, short]) => el("button",
    { type: "button", lang: code, "aria-pressed": `${language() === code}`, "aria-label": name, onclick: () => speak(code) }, short)));
}

function drawSteps() {
  const step = current();
  const n = STEPS.indexOf(step) + 1;
  const nav = document.getElementById("steps");
  // Where the screen is narrow, the steps are behind this line.
  document.getElementById("far").replaceChildren(
    el("button", { type: "button", "aria-expanded": `${nav.classList.contains("open")}`, "aria-controls": "steps", onclick: (event) => {
      event.currentTarget.setAttribute("aria-expanded", `${nav.classList.toggle("open")}`);
    } }, told("step_of", { n, m: STEPS.length, name: told(`step_${step}`) })),
    el("progress", { max: STEPS.length, value: n, "aria-hidden": "true" }));
  nav.setAttribute("aria-label", told("steps"));
  nav.replaceChildren(el("ol", {}, STEPS.map((one) => el("li", { class: isDone(one) ? "done" : "" },
    el("button", { type: "button", disabled: !isOpen(one), "aria-current": one === step ? "step" : null, onclick: () => go(one) },
      told(`step_${one}`), isDone(one) ? el("span", { class: "unseen" }, ` (${told("done")})`) : null)))));
}

async function speak(code) {
  await act("language", { language: code });
  show();
}

async function begin() {
  state = await fetched("state");
  history.replaceState(null, "", `#${current()}`); // an answer does not turn the page by itself
  show();
  if (state.sync.state === "running" || state.sync.state === "stopping") watch();
}

window.addEventListener("hashchange", () => {
  edited = null;
  if (state) show(true);
});
begin().catch((problem) => document.getElementById("main").replaceChildren(
  el("section", {}, el("h1", {}, told("not_shown")), notice("error", capital(problem.message), capital(problem.hint)))));
