// The page: what the reader chose, where figures come from, and when things are drawn again.
"use strict";
(() => {
  const { setup } = Format;
  const { template } = setup;
  const { make } = Parts;
  const REFRESH = 5000; // a new order is on the page within seconds of its sync
  const $ = (id) => document.getElementById(id);
  const state = { page: template.pages[0].id, period: "", first: "", last: "", against: "last_year", filters: {}, lang: setup.company.language };
  const drawn = new Map();
  let cards = new Map();
  let figures = null;
  let asked = 0;
  let took = Infinity; // milliseconds, of the question before
  let timer = 0;

  // ---- light and dark: as the system has it, until the reader says otherwise ----
  const root = document.documentElement;
  const night = matchMedia("(prefers-color-scheme: dark)");
  const kept = (value) => { try { return value ? localStorage.setItem("echannel.theme", value) : localStorage.getItem("echannel.theme"); } catch { return null; } };
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : night.matches);
  function dress() {
    const { dark, ...light } = template.theme;
    for (const name of ["accent", "attention", "text", "muted"]) root.style.setProperty(`--${name}`, `light-dark(${light[name]}, ${dark[name]})`);
    root.style.setProperty("--paper", `light-dark(${light.background}, ${dark.background})`);
    if (["light", "dark"].includes(kept())) root.dataset.theme = kept();
    $("theme").addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; kept(root.dataset.theme); themed(); });
    night.addEventListener("change", themed);
  }
  function themed() {
    const label = Format.words()[isDark() ? "light" : "dark"];
    $("theme").setAttribute("aria-label", label);
    $("theme").title = label;
    $("theme").textContent = isDark() ? "☀" : "☾";
  }

  const page = () => template.pages.find((one) => one.id === state.page);

  // ---- the address keeps the choice: it can be reloaded, bookmarked, gone back to ----
  function read() {
    const words = new URLSearchParams(location.hash.slice(1));
    state.page = template.pages.some((one) => one.id === words.get("page")) ? words.get("page") : template.pages[0].id;
    state.period = [...setup.presets, "custom"].includes(words.get("period")) ? words.get("period") : "";
    [state.first, state.last] = ["first", "last"].map((word) => (/^\d{4}-\d\d-\d\d$/.test(words.get(word)) ? words.get(word) : ""));
    if (state.period === "custom" && !(state.first && state.last)) state.period = "";
    state.against = words.get("against") === "previous" ? "previous" : "last_year";
    state.lang = words.get("lang") in WORDS ? words.get("lang") : setup.company.language;
    state.filters = {};
    for (const control of Object.values(template.controls)) {
      if (control.type === "list") state.filters[control.field] = words.getAll(`only.${control.field}`);
    }
    Format.speak(state.lang);
  }
  function choice(all) {
    const words = new URLSearchParams({ page: state.page });
    if (state.period) words.set("period", state.period);
    if (state.period === "custom") { words.set("first", state.first); words.set("last", state.last); }
    for (const [field, values] of Object.entries(state.filters)) values.forEach((value) => words.append(`only.${field}`, value));
    if (all && state.against !== "last_year") words.set("against", state.against);
    if (all && state.lang !== setup.company.language) words.set("lang", state.lang);
    return words.toString();
  }
  function act(change) {
    Object.assign(state, change);
    history.pushState(null, "", `#${choice(true)}`);
    refresh();
  }
  function actPeriod(change) {
    const shown = figures ? figures.period.current : ["", ""];
    if (change.period === "custom") {
      const days = { first: state.period === "custom" ? state.first : shown[0], last: state.period === "custom" ? state.last : shown[1] };
      act({ ...days, ...change });
    } else act(change);
  }

  // ---- figures ----
  async function load() {
    if (setup.offline) return Offline.figures(page(), state);
    const reply = await fetch(`data?${choice(false)}`).catch(() => { throw new Error(Format.words().unreachable); });
    const found = await reply.json();
    if (!reply.ok) throw new Error(found.problem);
    return found;
  }
  async function refresh() {
    clearTimeout(timer);
    const turn = ++asked;
    const began = performance.now();
    try {
      const found = await load();
      if (turn !== asked) return; // the reader has chosen something else meanwhile
      figures = found;
      $("notice").hidden = true;
      draw();
    } catch (error) {
      if (turn !== asked) return;
      $("notice").textContent = Format.words().failed(error.message);
      $("notice").hidden = false;
      if (figures === null) frame();
    }
    // A large company's page is asked for less often: never more than a twentieth of the time is spent on it. One answer
    // that came late may have waited for a sync: the shorter of two counts.
    const before = took;
    took = performance.now() - began;
    if (!setup.offline) timer = setTimeout(() => (document.hidden ? null : refresh()), Math.max(REFRESH, 20 * Math.min(took, before)));
  }

  // ---- drawing ----
  function frame() {
    const words = Format.words();
    const title = Format.say(template.title);
    document.documentElement.lang = state.lang;
    document.title = [title, setup.company.name].filter(Boolean).join(" · ");
    $("company").textContent = setup.company.name;
    $("title").textContent = title;
    $("skip").textContent = words.skip;
    $("footer").textContent = words.footer;
    themed();
    $("languages").setAttribute("aria-label", words.language);
    $("tabs").setAttribute("aria-label", words.pages);
    $("controls").setAttribute("aria-label", words.filters);
    $("languages").replaceChildren(...Object.keys(WORDS).map((code) => make("button", {
      type: "button", lang: code, "aria-pressed": String(code === state.lang), "data-focus": `lang.${code}`, text: code.toUpperCase(), onclick: () => act({ lang: code }),
    })));
    $("tabs").replaceChildren(...template.pages.map((one) => make("button", {
      type: "button", "aria-current": one.id === state.page ? "page" : undefined, "data-focus": `page.${one.id}`, text: Format.say(one.title), onclick: () => act({ page: one.id }),
    })));
  }
  function draw() {
    if (!figures || figures.page !== state.page) return;
    const focus = document.activeElement?.dataset.focus;
    if (changed("frame", [state.lang, state.page])) {
      Format.speak(state.lang);
      frame();
      lay();
    }
    Format.speak(state.lang);
    if (changed("status", [figures.as_of, figures.period, figures.newest, state])) status();
    if (changed("controls", [figures.controls, figures.period, state])) controls();
    for (const chart of page().charts) one(chart);
    if (focus && document.activeElement === document.body) document.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
  }
  // Only what differs is drawn again: no flicker, and the keyboard focus stays where it is.
  function changed(name, what) {
    const text = JSON.stringify(what);
    if (drawn.get(name) === text) return false;
    drawn.set(name, text);
    return true;
  }
  function lay() {
    drawn.forEach((_, name) => { if (name.startsWith("chart.")) drawn.delete(name); });
    cards = new Map(page().charts.map((chart) => [chart.id, Parts.card(chart, () => exported(chart))]));
    $("main").replaceChildren(...[...cards.values()].map((card) => card.section));
  }
  function status() {
    const words = Format.words();
    const { period } = figures;
    $("as-of").textContent = figures.as_of ? words.as_of(Format.moment(figures.as_of)) : words.as_of_unknown;
    const dated = page().controls.some((name) => template.controls[name].type === "period");
    const notes = [];
    if (dated) {
      const now = Format.span(period.current) + (period.to_date ? words.to_date : "");
      const isOfParts = page().charts.some((chart) => template.sources[chart.source].is_monthly) && !Charts.isOfMonths(period.current);
      notes.push((isOfParts ? now : words.compared(now, Format.span(period.previous), Format.span(period.last_year))) + ".");
      if (figures.newest === period.end && period.end < new Date(Date.now() - 7 * 86400000).toISOString().slice(0, 10)) notes.push(words.newest(Format.day(period.end)));
      if (isOfParts) notes.push(words.by_months);
      if (setup.offline) notes.push(words.held(Format.day(setup.offline.since)));
      const longest = Math.max(...page().charts.map((chart) => chart.limit || 0));
      if (setup.offline && setup.offline.keep < longest) notes.push(words.held_rows(setup.offline.keep));
    }
    $("compared").textContent = notes.join(" ");
    const chosen = page().controls.map((name) => template.controls[name]).filter((control) => state.filters[control.field]?.length).map((control) => {
      const field = page().charts.map((chart) => template.sources[chart.source].fields[control.field]).find(Boolean);
      return `${Format.say(control.name)}: ${state.filters[control.field].map((value) => Format.label(field, value)).join(", ")}`;
    });
    const title = [setup.company.name, Format.say(template.title), Format.say(page().title)].filter(Boolean).join(" – ");
    $("printed").textContent = [title, dated && Format.span(period.current), ...chosen, $("as-of").textContent].filter(Boolean).join(" · ");
  }
  function controls() {
    const open = document.querySelector(".list[open]")?.id;
    const parts = page().controls.flatMap((name) => {
      const control = template.controls[name];
      if (control.type === "period") return Parts.period(control, { ...state, shown: figures.period.current }, actPeriod);
      const holder = page().charts.map((chart) => template.sources[chart.source]).find((source) => source.fields[control.field]);
      if (!holder || !figures.controls[name]) return [];
      return [Parts.list(control, holder.fields[control.field], figures.controls[name], state.filters[control.field], (values) => act({ filters: { ...state.filters, [control.field]: values } }))];
    });
    const filtered = page().controls.some((name) => (state.filters[template.controls[name].field] || []).length) || state.period;
    const none = Object.fromEntries(Object.keys(state.filters).map((field) => [field, []]));
    const reset = filtered && make("button", { type: "button", class: "reset", text: Format.words().reset, onclick: () => act({ period: "", first: "", last: "", filters: none }) });
    $("controls").replaceChildren(...parts, ...(reset ? [reset] : []));
    if (open && $(open)) $(open).open = true;
  }

  function one(chart) {
    const { body, tools } = cards.get(chart.id);
    const source = template.sources[chart.source];
    const found = figures.charts[chart.id];
    const about = [found, chart.type === "trend" ? [state.against, figures.period] : ""];
    if (!changed(`chart.${chart.id}`, about)) return;
    if (found.problems) return body.replaceChildren(Parts.problems(found.problems));
    if (chart.type === "scorecards") return Parts.scorecards(body, source, chart, found);
    if (chart.type === "table") return again(chart);
    const current = chart.type === "trend"
      ? found.rows.some((row) => figures.period.current[0] <= row[0] && row[0] <= figures.period.current[1]) : found.rows.length > 0;
    if (!current) { tools.replaceChildren(); return body.replaceChildren(Parts.empty(chart)); }
    const holder = body.querySelector(".chart") || make("div", { class: "chart" });
    if (!holder.parentNode) body.replaceChildren(holder);
    legend(chart, source, found, tools);
    const clicked = (datum) => behind(chart, chart.type === "trend" ? { values: {}, from: datum.from, to: datum.to, title: `${Format.say(chart.title)}: ${datum.when}` }
      : { values: { [chart.dimension]: datum.code }, title: `${Format.say(chart.title)}: ${datum.name}` });
    const done = chart.type === "trend" ? Charts.trend(holder, source, chart, found, figures.period, state.against, clicked) : Charts.bars(holder, source, chart, found, clicked);
    const focus = document.activeElement?.dataset.focus;
    body.querySelector(".figures")?.remove();
    body.append(Parts.unfold(holder, chart));
    if (focus && document.activeElement === document.body) document.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
    done.then(() => { body.dataset.drawn = "yes"; });
  }
  // The rows behind a mark; where the page has a control for the mark's dimension, it can be filtered by it instead.
  function behind(chart, mark) {
    const source = template.sources[chart.source];
    const known = Object.keys(mark.values).find((name) => page().controls.some((control) => template.controls[control].field === name));
    const narrow = known && { label: Format.label(source.fields[known], mark.values[known]), act: () => act({ filters: { ...state.filters, [known]: [mark.values[known]] } }) };
    Behind.open({ ...mark, chart }, choice(false), narrow);
  }
  function exported(chart) {
    const found = figures.charts[chart.id];
    if (!found.problems) Export.save(template.sources[chart.source], chart, found, figures.period.current);
  }
  function again(chart) {
    const focus = document.activeElement?.dataset.focus;
    Parts.table(cards.get(chart.id).body, template.sources[chart.source], chart, figures.charts[chart.id], () => again(chart), (mark) => behind(chart, mark));
    if (focus && document.activeElement === document.body) document.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
  }
  function legend(chart, source, found, tools) {
    const words = Format.words();
    const entry = (kind, text) => make("span", {}, make("i", { class: kind }), text);
    if (chart.type === "bars") {
      return tools.replaceChildren(...(found.columns.includes("#@previous") ? [make("div", { class: "legend" }, entry("tick", words.previous))] : []));
    }
    const select = make("select", { "data-focus": "against", onchange: (event) => act({ against: event.target.value }) },
      ...["last_year", "previous"].map((name) => make("option", { value: name, selected: name === state.against, text: words[name] })));
    return tools.replaceChildren(make("div", { class: "legend" }, entry(Charts.kind(source, figures.period) === "month" ? "bar" : "now", words.this_period),
      entry(Charts.kind(source, figures.period) === "month" ? "tick" : "before", words[state.against]),
      make("label", { class: "against" }, make("span", { text: words.against }), select)));
  }

  // ---- the reader ----
  const popups = "details.list[open], details.what[open]";
  const close = (event) => document.querySelectorAll(popups).forEach((one) => { if (!event || !one.contains(event.target)) one.open = false; });
  document.addEventListener("click", close);
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && document.querySelector(popups);
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && !setup.offline) refresh(); });
  window.addEventListener("popstate", () => { read(); refresh(); });
  $("controls").addEventListener("submit", (event) => event.preventDefault());

  read();
  dress();
  frame();
  refresh();
})();
