// The pieces of the page: cards, figures, tables, controls. Every text is set as text, never as HTML.
"use strict";
const Parts = (() => {
  const { setup } = Format;
  const SMALL_SAMPLE = 30;
  const FIRST_ROWS = 12;
  const opened = new Set(); // tables that show all their rows
  const pages = new Map(); // which twelve rows a table shows
  const unfolded = new Set(); // charts that show their figures as a table
  const sorted = new Map();

  function make(tag, { text, ...attributes } = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value);
    }
    if (text !== undefined) element.textContent = text;
    element.append(...children.filter(Boolean));
    return element;
  }

  function card(chart, exported) {
    const words = Format.words();
    const body = make("div", { class: "body" });
    const save = chart.type !== "scorecards" && make("button", { type: "button", class: "export", text: "CSV", title: words.save, "aria-label": `${words.save}: ${Format.say(chart.title)}`, "data-focus": `csv.${chart.id}`, onclick: exported });
    const tools = make("div", { class: "tools" });
    const name = `title-${chart.id}`;
    const title = Format.say(chart.title);
    const about = chart.type !== "scorecards" && About.button(setup.template.sources[chart.source], chart.metrics || [chart.metric], `what.${chart.id}`, title);
    const section = make("section", { class: `card w${chart.width} ${chart.type === "scorecards" ? "scores" : ""}`, id: chart.id, "aria-labelledby": name },
      make("header", {}, make("div", { class: "title" }, make("h2", { id: name, text: title }), about), tools, save), body);
    return { section, body, tools };
  }

  const empty = (chart) => make("p", { class: "empty" }, make("strong", { text: Format.say(chart.empty) }));
  function problems(sentences) {
    const words = Format.words();
    return make("div", { class: "empty" }, make("strong", { text: words.missing }), words.missing_hint,
      make("ul", { class: "problems" }, ...sentences.slice(0, 4).map((text) => make("li", { text }))));
  }

  // An arrow and a sign say it without colour.
  function change(field, now, before) {
    const found = Format.change(field, now, before);
    if (!found) return null;
    const arrow = found.by > 0 ? "▲" : found.by < 0 ? "▼" : "=";
    return make("span", { class: `change ${Format.mood(field, found.by)}`, text: `${arrow} ${found.text}` });
  }

  function scorecards(body, source, chart, figures) {
    const row = Format.rowsOf(figures)[0];
    if (!row || !row["#"]) return body.replaceChildren(empty(chart));
    const compares = "#@previous" in row;
    body.replaceChildren(...chart.metrics.map((name) => score(source, name, row, compares)));
  }
  function score(source, name, row, compares) {
    const words = Format.words();
    const field = Format.find(source, name);
    const now = Format.metric(source, name, row);
    const few = field.sample && row[field.sample] < SMALL_SAMPLE;
    const text = Format.value(field.type, now);
    const about = About.button(source, [name], name);
    return make("div", { class: "score" },
      make("h3", {}, make("span", { text: Format.say(field.name) }), about),
      make("p", { class: `figure ${few ? "few" : ""} ${text.length > 13 ? "longer" : text.length > 10 ? "long" : ""}`, "data-metric": name, "data-value": now ?? "", text }),
      few && make("p", { class: "sample", text: words.few(row[field.sample], Format.say(source.fields[field.sample].name)) }),
      ...(compares ? ["previous", "last_year"].map((period) => versus(source, name, field, row, now, period)) : []));
  }
  function versus(source, name, field, row, now, period) {
    const words = Format.words();
    const before = Format.metric(source, name, row, period);
    const found = change(field, now, before);
    const title = before === null ? undefined : `${Format.say(field.name)}, ${words[period]}: ${Format.value(field.type, before)}`;
    return make("p", { class: "versus", title, "data-versus": period },
      found || make("span", { class: "change steady", text: words.none }), make("span", { text: words[period] }));
  }

  // ---- tables ----
  function table(body, source, chart, figures, redraw, clicked) {
    const rows = Format.rowsOf(figures).map((row) => ({ ...row }));
    if (!rows.length) return body.replaceChildren(empty(chart));
    const columns = columnsOf(source, chart, figures);
    const order = sorted.get(chart.id);
    if (order) sortRows(rows, columns.find((column) => column.name === order.name), order.descending);
    const first = Math.min(pages.get(chart.id) || 0, Math.floor((rows.length - 1) / FIRST_ROWS) * FIRST_ROWS);
    const shown = opened.has(chart.id) ? rows : rows.slice(first, first + FIRST_ROWS);
    const heads = columns.map((column) => head(chart, column, order || { name: chart.sort.field, descending: chart.sort.descending }, redraw));
    const content = make("table", {}, make("caption", { class: "unseen", text: Format.say(chart.title) }),
      make("thead", {}, make("tr", {}, ...heads)),
      make("tbody", {}, ...shown.map((row, n) => line(chart, columns, row, n, clicked))),
      figures.total && totals(columns, Format.rowsOf(figures.total)[0]));
    body.replaceChildren(make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": Format.say(chart.title) }, content), under(source, chart, rows, figures, redraw, first));
  }
  // The whole line answers a click; its first cell is a button, for the keyboard.
  function line(chart, columns, row, n, clicked) {
    const named = columns.filter((column) => column.dimension);
    const name = named.map((column) => Format.label(column.field, row[column.name])).join(", ");
    const open = (event, metric) => { event.stopPropagation(); clicked({ values: Object.fromEntries(named.map((column) => [column.name, row[column.name]])), metric, title: `${Format.say(chart.title)}: ${name}` }); };
    return make("tr", { onclick: open }, ...columns.map((column, place) => {
      const made = cell(column, row);
      if (place === 0) {
        const button = make("button", { type: "button", class: "open", "aria-label": Format.words().behind(name), "data-focus": `${chart.id}.row.${n}`, onclick: open });
        button.append(...made.childNodes);
        made.append(button);
      } else if (!column.dimension) made.addEventListener("click", (event) => open(event, column.name.replace("@", "")));
      return made;
    }));
  }
  function columnsOf(source, chart, figures) {
    const words = Format.words();
    const columns = chart.dimensions.map((name) => ({ name, field: source.fields[name], dimension: true, title: Format.say(source.fields[name].name), of: (row) => row[name] }));
    for (const name of chart.metrics) {
      const field = Format.find(source, name);
      columns.push({ name, field, title: Format.say(field.name), of: (row) => Format.metric(source, name, row) });
      if (chart.compare === name && figures.columns.includes("#@previous")) {
        const before = (row) => Format.metric(source, name, row, "previous");
        columns.push({ name: `${name}@`, field, title: words.change, long: words.change_of, change: true, before,
          value: (row) => Format.metric(source, name, row), of: (row) => Format.change(field, Format.metric(source, name, row), before(row))?.by ?? null });
      }
    }
    return columns;
  }
  function head(chart, column, order, redraw) {
    const on = order.name === column.name;
    const sortBy = () => {
      pages.delete(chart.id);
      sorted.set(chart.id, { name: column.name, descending: on ? !order.descending : !column.dimension });
      redraw();
    };
    return make("th", { scope: "col", class: kindOf(column), title: column.long, "aria-sort": on ? (order.descending ? "descending" : "ascending") : undefined },
      make("button", { type: "button", onclick: sortBy, "data-focus": `${chart.id}.${column.name}`, text: `${column.title}${on ? (order.descending ? " ↓" : " ↑") : ""}` }));
  }
  const numeric = (column) => !column.dimension || column.field.type === "date";
  function cell(column, row) {
    const value = column.of(row);
    if (column.change) return make("td", { class: "n" }, change(column.field, column.value(row), column.before(row)) || Format.words().none);
    if (!column.dimension) return make("td", { class: "n", text: Format.value(column.field.type, value) });
    const tone = (column.field.tones || {})[value];
    const text = column.name === "note" && !value ? "" : Format.label(column.field, value);
    if (tone) return make("td", {}, make("span", { class: `chip ${tone}`, text }));
    return make("td", { class: kindOf(column), text });
  }
  function kindOf(column) {
    if (numeric(column)) return "n";
    if (column.name === "sku") return "code";
    return column.name.endsWith("name") || column.name === "note" ? "text wide" : "text";
  }
  function totals(columns, row) {
    return make("tfoot", {}, make("tr", {}, ...columns.map((column, n) => {
      if (n === 0) return make("td", { text: Format.words().total });
      return column.dimension ? make("td", { class: kindOf(column) }) : cell(column, row);
    })));
  }
  function sortRows(rows, column, descending) {
    if (!column) return;
    const shown = (row) => (column.dimension && column.field.type !== "date" ? Format.label(column.field, column.of(row)) : column.of(row));
    const compared = (a, b) => (typeof a === "string" ? a.localeCompare(b, setup.locales[Format.language()]) : a - b);
    const keyed = rows.map((row) => [shown(row), row]);
    keyed.sort(([a], [b]) => (a === null ? (b === null ? 0 : 1) : b === null ? -1 : compared(a, b) * (descending ? -1 : 1)));
    keyed.forEach(([, row], n) => { rows[n] = row; });
  }
  function under(source, chart, rows, figures, redraw, first) {
    const words = Format.words();
    const toggle = () => { if (!opened.delete(chart.id)) opened.add(chart.id); redraw(); };
    const button = rows.length > FIRST_ROWS && make("button", {
      type: "button", onclick: toggle, "data-focus": `${chart.id}.more`, "aria-expanded": opened.has(chart.id),
      text: opened.has(chart.id) ? words.show_less : words.show_all(rows.length),
    });
    const turn = (to) => { pages.set(chart.id, to); redraw(); };
    const last = Math.min(first + FIRST_ROWS, rows.length);
    const pager = rows.length > FIRST_ROWS && !opened.has(chart.id) && make("div", { class: "pager", role: "group", "aria-label": Format.say(chart.title) },
      make("button", { type: "button", text: "‹", "aria-label": words.back, disabled: first === 0, "data-focus": `${chart.id}.back`, onclick: () => turn(first - FIRST_ROWS) }),
      make("span", { role: "status", text: words.rows_of(first + 1, last, rows.length) }),
      make("button", { type: "button", text: "›", "aria-label": words.on, disabled: last === rows.length, "data-focus": `${chart.id}.on`, onclick: () => turn(first + FIRST_ROWS) }));
    const by = Format.say(Format.find(source, chart.sort.field).name);
    const note = figures.more && make("span", { text: words.first_rows(rows.length, by) });
    return button || note ? make("div", { class: "under" }, pager, button, note) : "";
  }

  // A chart's figures as a table, folded: for a screen reader, for the keyboard, and for who wants the digits.
  function unfold(holder, chart) {
    const { heads, rows, clicked } = Charts.table(holder);
    const words = Format.words();
    const title = Format.say(chart.title);
    const lines = rows.map(({ mark, cells }, n) => make("tr", {}, ...cells.map((text, place) => make(place ? "td" : "th", { scope: place ? undefined : "row", class: place ? "n" : "text", text: place ? text : undefined },
      !place && make("button", { type: "button", class: "open", "aria-label": words.behind(text), text, "data-focus": `${chart.id}.mark.${n}`, onclick: () => clicked(mark) })))));
    const drawn = make("details", { class: "figures", open: unfolded.has(chart.id) }, make("summary", { text: words.as_table, "data-focus": `${chart.id}.figures` }),
      make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": title }, make("table", {}, make("caption", { class: "unseen", text: title }),
        make("thead", {}, make("tr", {}, ...heads.map((text, place) => make("th", { scope: "col", class: place ? "n" : "text", text })))), make("tbody", {}, ...lines))));
    drawn.addEventListener("toggle", () => { if (drawn.open) unfolded.add(chart.id); else unfolded.delete(chart.id); });
    return drawn;
  }

  // ---- controls ----
  function period(control, state, act) {
    const words = Format.words();
    const chosen = state.period || control.default;
    const select = make("select", { id: "period", "data-focus": "period", onchange: (event) => act({ period: event.target.value }) },
      ...[...setup.presets, "custom"].map((name) => make("option", { value: name, selected: name === chosen, text: words.presets[name] })));
    const day = (which) => make("div", { class: "control" }, make("label", { for: which, text: words[which] }),
      make("input", {
        type: "date", id: which, "data-focus": which, min: setup.offline ? setup.offline.since : "2000-01-01", max: "2199-12-31", value: state.shown?.[which === "first" ? 0 : 1],
        onchange: (event) => event.target.value && act({ period: "custom", [which]: event.target.value }),
      }));
    return [make("div", { class: "control" }, make("label", { for: "period", text: Format.say(control.name) }), select), day("first"), day("last")];
  }
  function list(control, field, values, chosen, act) {
    const words = Format.words();
    const named = [...new Set([...values, ...chosen])].map((value) => [value, Format.label(field, value)]);
    named.sort(([, a], [, b]) => a.localeCompare(b, setup.locales[Format.language()]));
    const text = chosen.length === 0 ? Format.say(control.all) : chosen.length === 1 ? Format.label(field, chosen[0]) : words.selected(chosen.length);
    const toggle = (value) => act(chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value]);
    const boxes = named.map(([value, label]) => make("label", {},
      make("input", { type: "checkbox", checked: chosen.includes(value), value, "data-focus": `${control.field}.${value}`, onchange: () => toggle(value) }), make("span", { text: label })));
    const name = Format.say(control.name);
    return make("div", { class: "control" }, make("span", { text: name }),
      make("details", { class: "list", id: `list-${control.field}` },
        make("summary", { "data-focus": control.field, "aria-label": `${name}: ${text}` }, make("span", { text })),
        make("fieldset", {}, make("legend", { class: "unseen", text: name }), ...boxes)));
  }

  return { make, card, empty, problems, scorecards, table, unfold, period, list };
})();
