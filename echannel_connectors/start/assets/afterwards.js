// What comes after the questions: the sync with its progress, the figures, and the schedule.
"use strict";

// -- the sync ---------------------------------------------------------------------------------------------------------

function syncScreen() {
  const progress = el("div", { id: "progress" });
  drawProgress(progress);
  return titled(state.has_run ? "sync_again" : "sync", progress);
}

async function syncNow() {
  await act("sync");
  go("sync");
  watch();
}

function drawProgress(place) {
  const { sync } = state;
  const isRunning = sync.state === "running" || sync.state === "stopping";
  const where = el("div", { class: "where" });
  const begin = () => working(place, where, async () => {
    await act("sync");
    show();
    watch();
  });
  const focused = document.activeElement && place.contains(document.activeElement) ? document.activeElement.className : "";
  place.replaceChildren(...[
    outcomeOf(sync),
    isRunning ? progressOf(sync) : null,
    sync.notes.length ? help(told("sync_notes", { n: sync.notes.length }),
      el("ul", {}, sync.notes.map((one) => el("li", {}, capital(one))))) : null,
    where,
    el("div", { class: "actions" }, isRunning
      ? button(sync.state === "stopping" ? told("sync_stopping") : told("sync_stop"), () => working(place, where, async () => {
          await act("stop");
          drawProgress(place);
        }), "second")
      : [
        sync.state === "done" ? button(told("sync_see"), () => go("figures"), "first") : null,
        button(told({ failed: "sync_again", stopped: "sync_go_on", done: "sync_now" }[sync.state] || "sync_start"), begin,
          sync.state === "done" ? "plain" : "first"),
        state.has_run && sync.state !== "done" ? button(told("schedule_later"), () => go("figures"), "plain") : null,
      ]),
  ].flat(Infinity).filter(Boolean));
  if (focused) {
    const again = place.querySelector(`.actions .${focused}`) || place.querySelector(".actions button");
    if (again) again.focus({ preventScroll: true });
  }
}

function outcomeOf(sync) {
  if (sync.state === "done") return notice("ok", told("sync_done", { rows: number(sync.rows), seconds: number(sync.seconds) }));
  if (sync.state === "stopped") return notice("warning", told("sync_stopped"));
  if (sync.state !== "failed") return null;
  const { sentence, hint } = sync.because;
  return [notice("error", capital(sentence), capital(hint)), el("p", { class: "hint" }, told("sync_failed"))];
}

function progressOf(sync) {
  const phase = { reading: told("sync_reading"), building: told("sync_building", { n: sync.tables }),
    publishing: told("sync_publishing", { n: sync.published }) }[sync.phase];
  const rows = Object.entries(sync.sources).map(([name, [count, begun, ended]]) => {
    const is = begun ? told("sync_source", { rows: number(count), begun, ended }) : told("sync_waits");
    const isOver = sync.phase !== "reading" || (begun > 0 && begun === ended);
    return el("li", { class: isOver ? "over" : begun ? "on" : "" },
      el("div", {}, el("strong", {}, name), el("span", { class: "count" }, is)),
      begun ? el("progress", { max: begun, value: ended, "aria-label": name }) : el("progress", { max: 1, value: 0, "aria-label": name }));
  });
  return el("div", { class: "going" }, el("p", { class: "busy" }, phase), el("ul", { class: "reading" }, rows));
}

let isWatching = false;

// Look again while a sync runs, on whichever screen.
async function watch() {
  if (isWatching) return;
  isWatching = true;
  try {
    for (;;) {
      const before = state.sync.state;
      state.sync = await fetched("progress");
      const isRunning = state.sync.state === "running" || state.sync.state === "stopping";
      if (!isRunning) state = await fetched("state");
      const place = document.getElementById("progress");
      if (place) drawProgress(place);
      if (!isRunning) {
        if (before !== state.sync.state) drawSteps();
        if (place && before !== state.sync.state) place.querySelector(".actions button").focus({ preventScroll: true });
        return;
      }
      await new Promise((resolve) => { setTimeout(resolve, 600); });
    }
  } catch (problem) {
    const place = document.getElementById("progress");
    if (place) place.replaceChildren(notice("error", problem.message, problem.hint));
  } finally {
    isWatching = false;
  }
}

// -- the figures --------------------------------------------------------------------------------------------------------

function figuresScreen() {
  const place = el("div", { class: "home" }, el("p", { class: "busy", role: "status" }, told("working")));
  fetched("home").then((home) => place.replaceChildren(...homeOf(home).flat(Infinity).filter(Boolean)))
    .catch((problem) => place.replaceChildren(notice("error", capital(problem.message), capital(problem.hint)),
      el("div", { class: "actions" }, button(told("sync_now"), () => go("sync"), "first"))));
  return el("section", { class: "wide" }, el("h1", { tabindex: "-1" }, told("figures_title")), place);
}

function homeOf(home) {
  const { run, figures, problems, place } = home;
  return [
    el("p", { class: "lead" }, figures ? leadOf(figures) : told("figures_none")),
    figures ? [scoresOf(figures), monthsOf(figures.months)] : null,
    el("section", { class: "block state" },
      el("p", { class: "ages" }, run ? el("span", {}, told("last_read", { age: run.age })) : null,
        home.sources.map((one) => el("span", {}, told("read_ago", one)))),
      problems.length || home.doubles.length ? el("h2", {}, told("problems")) : notice("ok", told("no_problem")),
      home.doubles.map((one) => remedied(one.sentence, told("once"), "once", one)),
      problems.map((one) => notice("warning", one)),
      home.lacks_rates ? remedied(told("rates_why"), told("rates"), "rates", {}) : null),
    el("section", { class: "block" }, el("h2", {}, told("reports")), el("p", { class: "hint" }, told("reports_lead")),
      el("ul", { class: "pages" }, home.templates.map((one) => el("li", {},
        el("div", {}, el("strong", {}, one.title), el("span", {}, one.about)),
        el("a", { class: "button", href: `preview/${one.id}`, target: "_blank", rel: "noopener", "aria-label": told("open_named", { name: one.title }) },
          told("open")))))),
    el("section", { class: "block" }, el("h2", {}, told("also")), el("ul", { class: "pages" },
      also("sync_now", { onclick: syncNow }),
      also("every_day", { onclick: () => go("schedule"),
        hint: state.scheduled ? told("schedule_is", { at: state.scheduled }) : told("every_day_hint") }),
      also("review", { href: "review" }),
      place.has_links ? also("links", { href: "links" }) : null,
      place.address.startsWith("https://docs.google.com/") ? also("open_sheet", { href: place.address }) : null,
      also("sources", { onclick: () => go("shop") })),
      place.has_links ? null : el("p", { class: "hint" }, told("links_not"))),
  ];
}

// What is wrong, with a button that puts it right; the next sync counts with it.
function remedied(sentence, does, what, said) {
  const made = notice("warning", sentence);
  made.append(el("p", {}, button(does, () => working(made, made.appendChild(el("div")), async () => {
    await act(what, said);
    await syncNow();
  }), "small")));
  return made;
}

function also(name, { href, onclick, hint = told(`${name}_hint`) }) {
  const title = told(name);
  const does = href ? told("open") : told(`${name}_button`);
  return el("li", {}, el("div", {}, el("strong", {}, title), el("span", {}, hint)),
    href ? el("a", { class: "button", href, target: "_blank", rel: "noopener", "aria-label": told("open_named", { name: title }) }, does)
      : el("button", { type: "button", class: "second", onclick, "aria-label": `${does}: ${title}` }, does));
}

function leadOf({ until, values }) {
  const isCompared = Object.values(values).some(([, before]) => before !== null);
  return told(isCompared ? "figures_lead" : "figures_lead_alone", { day: day(until) });
}

function scoresOf({ values: found }) {
  return el("div", { class: "scores" }, Object.entries(found).map(([name, [now, before]]) => {
    const share = before > 0 ? (now - before) / before : null;
    const change = share === null ? null : number(share, { style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" });
    return el("div", { class: "score" }, el("h2", {}, told(name)),
      el("p", { class: "figure", "data-metric": name, "data-value": now ?? 0 }, name === "net_sales" ? money(now ?? 0) : number(now ?? 0)),
      el("p", { class: "versus" }, change === null ? told("no_before") : told("versus_before", { change })));
  }));
}

// Net sales of the last months as bars; the same as a table for who cannot see them.
function monthsOf(months) {
  const sold = months.map((one) => one.net_sales);
  const most = Math.max(...sold, 1), least = Math.min(...sold, 0); // a month with more refunds than sales hangs below
  const width = 52, height = 150, scale = (height - 10) / (most - least), ground = height + least * scale;
  const bars = months.map((one, n) => {
    const tall = Math.max(1, Math.round(Math.abs(one.net_sales) * scale));
    const name = day(one.month, { month: "long", year: "numeric" });
    return drawn("g", {}, drawn("rect", { x: n * width + 6, y: Math.round(ground) - (one.net_sales < 0 ? 0 : tall), width: width - 12, height: tall, rx: 3 },
      drawn("title", {}, document.createTextNode(`${name}: ${money(one.net_sales)}`))),
    drawn("text", { x: n * width + width / 2, y: height + 26, "text-anchor": "middle" },
      document.createTextNode(day(one.month, { month: "narrow" }))));
  });
  return el("figure", { class: "block months" }, el("figcaption", {}, told("months_title")),
    drawn("svg", { viewBox: `0 0 ${Math.max(months.length, 1) * width} ${height + 36}`, "aria-hidden": "true" }, ...bars),
    el("table", { class: "unseen" }, el("tbody", {}, months.map((one) => el("tr", {},
      el("th", { scope: "row" }, day(one.month, { month: "long", year: "numeric" })), el("td", {}, money(one.net_sales)))))));
}

// -- the schedule ---------------------------------------------------------------------------------------------------------

function scheduleScreen() {
  const place = el("div", {}, el("p", { class: "busy", role: "status" }, told("working")));
  const asked = async (what, at) => {
    try {
      drawSchedule(place, await act(what, { at }), asked);
    } catch (problem) {
      place.replaceChildren(notice("error", capital(problem.message), capital(problem.hint)),
        el("div", { class: "actions" }, button(told("schedule_later"), () => go("figures"), "first")));
    }
  };
  asked("schedule", "");
  return el("section", {}, el("h1", { tabindex: "-1" }, told("schedule_title")), place);
}

function drawSchedule(place, found, asked) {
  const at = () => place.querySelector("[name=at]").value || found.at;
  place.replaceChildren(
    el("p", { class: "lead" }, told("schedule_lead", { system: found.system, while: found.while })),
    notice("ok", found.installed ? told("schedule_is", { at: found.installed }) : told("schedule_is_not")),
    field("at", told("schedule_at"), { kind: "time", value: found.at, hint: told("schedule_at_hint"), onchange: () => asked("schedule", at()) }),
    el("h2", {}, told("schedule_shown")),
    el("div", { class: "parts" }, found.parts.map((part) => el("div", {},
      el("p", { class: "hint" }, part.place ? told("schedule_into", { place: part.place }) : told("schedule_run")),
      el("pre", { tabindex: "0" }, part.text.trimEnd())))),
    el("p", { class: "hint" }, told("schedule_secret")),
    el("div", { class: "actions" },
      button(told(found.installed ? "schedule_change" : "schedule_install"), () => asked("install", at()), "first"),
      found.installed ? button(told("schedule_remove"), () => asked("uninstall", at()), "second") : null,
      button(told("schedule_later"), () => go(state.has_run ? "figures" : "sync"), "plain")));
}
