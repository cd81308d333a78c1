// The rows behind a mark, in a panel of their own: from the live server, which asks the mart; a file has only sums.
"use strict";
const Behind = (() => {
  const { setup } = Format;
  const { make } = Parts;
  const panel = make("dialog", { class: "panel", "aria-labelledby": "panel-title" });
  document.body.append(panel);
  panel.addEventListener("click", (event) => { if (event.target === panel) panel.close(); }); // beside it

  // mark: {chart, source, metric?, values: {dimension: code}, from?, to?, title}; `narrow` filters the page instead.
  async function open(mark, asked, narrow) {
    const words = Format.words();
    fill(mark, narrow, make("p", { class: "empty", text: words.loading }));
    panel.showModal();
    if (setup.offline) return fill(mark, narrow, make("p", { class: "empty", text: words.rows_live }));
    try {
      const found = await load(mark, asked);
      fill(mark, narrow, ...shown(mark, found, asked));
    } catch (error) {
      fill(mark, narrow, make("p", { class: "notice", role: "alert", text: words.failed(error.message) }));
    }
    return undefined;
  }
  async function load(mark, asked, whole) {
    const query = new URLSearchParams(asked);
    query.set("chart", mark.chart.id);
    if (mark.metric) query.set("metric", mark.metric);
    if (mark.from) { query.set("from", mark.from); query.set("to", mark.to); }
    for (const [name, value] of Object.entries(mark.values)) query.set(`mark.${name}`, value ?? "");
    if (whole) query.set("whole", "1");
    const reply = await fetch(`rows?${query}`).catch(() => { throw new Error(Format.words().unreachable); });
    const found = await reply.json();
    if (!reply.ok) throw new Error(found.problem);
    return found;
  }

  function fill(mark, narrow, ...content) {
    const words = Format.words();
    const close = make("button", { type: "button", class: "plain", text: words.close, "data-focus": "panel.close", onclick: () => panel.close() });
    const only = narrow && make("button", { type: "button", class: "plain", text: words.narrow(narrow.label), "data-focus": "panel.narrow", onclick: () => { panel.close(); narrow.act(); } });
    panel.replaceChildren(make("header", {}, make("h2", { id: "panel-title", text: mark.title }), make("div", { class: "tools" }, only, close)), ...content);
    if (panel.open) close.focus(); // what had the focus may just have gone
  }

  function shown(mark, found, asked) {
    const words = Format.words();
    const source = setup.template.sources[found.source];
    const field = Format.find(source, found.metric);
    const total = Format.metric(source, found.metric, { ...Format.rowsOf(found.total)[0] });
    const columns = found.columns.map((name) => ({ name, field: source.fields[name] || { type: "text", name: found.titles[name], values: {}, aggregation: "none" } }));
    const few = found.rows.length < found.count ? words.rows_cut(found.rows.length) : "";
    const about = [
      words.rows_count(found.count), found.days && Format.span(found.days), `${Format.say(field.name)}: ${Format.value(field.type, total)}`, few,
    ].filter(Boolean).join(" · ");
    const save = make("button", { type: "button", class: "plain", text: words.save_rows, "data-focus": "panel.csv", onclick: () => saved(mark, asked) });
    return [
      make("div", { class: "sum" }, make("p", { class: "about", "data-count": found.count, "data-total": total ?? "", text: about }), found.count ? save : null),
      make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": mark.title },
        make("table", {}, make("thead", {}, make("tr", {}, ...columns.map((column) => make("th", { scope: "col", class: kind(column), text: Format.say(column.field.name) })))),
          make("tbody", {}, ...found.rows.map((row) => make("tr", {}, ...columns.map((column, n) => make("td", { class: kind(column), text: written(column, row[n]) }))))))),
    ];
  }
  const kind = (column) => (column.field.aggregation !== "none" || column.field.type === "date" ? "n" : column.name === "sku" ? "code" : "text");
  function written(column, value) {
    if (column.field.aggregation !== "none") return value === null ? "" : Format.value(column.field.type, value);
    return value === null || value === "" ? "" : Format.label(column.field, value);
  }
  async function saved(mark, asked) {
    try {
      const found = await load(mark, asked, true);
      const source = setup.template.sources[found.source];
      const fields = found.columns.map((name) => source.fields[name] || { type: "text", name: found.titles[name], values: {}, aggregation: "none" });
      const cell = (field, value) => (value === null || field.aggregation !== "none" || field.type === "date" || value === "" ? value : Format.label(field, value));
      Export.download(`${mark.chart.id}-rows.csv`, [fields.map((field) => Format.say(field.name)), ...found.rows.map((row) => row.map((value, n) => cell(fields[n], value)))]);
    } catch (error) {
      panel.append(make("p", { class: "notice", role: "alert", text: Format.words().failed(error.message) }));
    }
  }
  return { open };
})();
