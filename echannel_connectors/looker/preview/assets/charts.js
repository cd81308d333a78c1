// Figures → Vega-Lite. A view is made once and then only receives new rows, so that a refresh does not flicker.
"use strict";
const Charts = (() => {
  const { setup } = Format;
  // The page's own colours, by name: they turn with light and dark, and on paper, without a chart being drawn again.
  const [accent, attention, ink, muted, paper, edge, line, past] = ["accent", "attention", "text", "muted", "paper", "edge", "line", "before"].map((name) => `var(--${name})`);
  const tones = { good: accent, attention, muted };
  const font = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
  const DAY = 86400000;
  const views = new WeakMap();
  const at = (day) => Date.parse(`${day}T00:00:00Z`);
  const iso = (moment) => new Date(moment).toISOString().slice(0, 10);

  const config = {
    background: null, font, view: { stroke: null },
    // A screen reader is told the chart's summary, and its figures as a table; not each mark of the drawing.
    mark: { aria: false },
    axis: { aria: false, labelFont: font, labelColor: muted, labelFontSize: 12, domainColor: edge, tickColor: edge, gridColor: line, title: null },
    text: { font },
  };
  const scale = (values) => {
    const top = Math.max(0, ...values), low = Math.min(0, ...values);
    return { top: top > 0 || low < 0 ? top : 1, low };
  };
  // Whole amounts as people write them; from a million on in millions, with the sign where the language puts it.
  function marks(type, top) {
    if (type === "percent") return { format: "~%" };
    if (type !== "money") return { format: top < 10 ? "~f" : ",.0f" };
    if (top < 1e6) return { format: top < 10 ? "$,.2f" : "$,.0f" };
    const number = "format(datum.value / 1000000, '~f')";
    return { labelExpr: Format.language() === "fr" ? `${number} + ' M${sign()}'` : `'${sign()}' + ${number} + 'M'` };
  }
  // With the space that English has after letters, such as CHF, and not after £; French always has one before.
  const sign = () => {
    const text = (0).toLocaleString(setup.locales[Format.language()], {
      style: "currency", currency: setup.company.currency, currencyDisplay: "narrowSymbol", maximumFractionDigits: 0,
    }).replace("0", "");
    return Format.language() === "fr" ? text.trim() : text;
  };

  // Days, or weeks that end with the period's last day (the last one is whole), or calendar months as bars.
  const later = (day, days) => iso(at(day) + days * DAY);
  const between = (first, last) => Math.round((at(last) - at(first)) / DAY);
  const month = (day) => Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1;
  const monthBegin = (number) => iso(Date.UTC(Math.floor(number / 12), number % 12, 1));
  function buckets([first, last], isMonthly) {
    const days = between(first, last) + 1;
    if (isMonthly || days > 180) return { kind: "month", count: month(last) - month(first) + 1 };
    return days <= 120 ? { kind: "day", count: days } : { kind: "week", count: Math.ceil(days / 7) };
  }
  const isOfMonths = ([first, last]) => first.endsWith("-01") && later(last, 1).endsWith("-01");
  // The first and last day of each mark. A compared period can have fewer days than this one: what stands beside them is
  // null, not 0; or more: those stand beside nothing, and must not be added to its last one.
  function steps(current, [first, last], isMonthly) {
    const { kind, count } = buckets(current, isMonthly);
    // As many days before need not be the same calendar months: then they are parted as this period's are.
    const isShifted = kind === "month" && (first.slice(8) !== current[0].slice(8) || month(last) - month(first) !== count - 1);
    const moved = isShifted ? between(current[0], first) : 0;
    const edges = {
      day: (n) => [later(first, n), later(first, n)],
      week: (n) => [later(last, 7 * (n + 1 - count) - 6), later(last, 7 * (n + 1 - count))],
      month: (n) => [n, n + 1].map((one, end) => later(monthBegin(month(isShifted ? current[0] : first) + one), moved - end)),
    }[kind];
    return Array.from({ length: count }, (_, n) => {
      const [from, to] = edges(n);
      return to < first || from > last ? null : [from < first ? first : from, to > last ? last : to];
    });
  }

  function trendRows(source, chart, figures, period, against) {
    const parts = figures.columns.slice(1);
    const days = Format.rowsOf(figures);
    const field = Format.find(source, chart.metric);
    const drawn = steps(period.current, period.current, source.is_monthly);
    const rows = [];
    for (const series of ["current", against]) {
      // Of a period without any row nothing is known, as its scorecards say: the file has not got it. Nor is what was before
      // the first day of all: the figures had not begun.
      const isKnown = days.some((row) => period[series][0] <= row.day && row.day <= period[series][1]);
      steps(period.current, period[series], source.is_monthly).forEach((span, n) => {
        // A month is told where its first day is in the period, and not whole beside the part that has come of this one.
        const isTold = span && (!source.is_monthly || (series === "current" ? span[0].endsWith("-01") : isOfMonths(span)));
        const value = isTold ? over(source, chart.metric, parts, days.filter((row) => span[0] <= row.day && row.day <= span[1])) : null;
        // A day without sales sold 0; a ratio of nothing stays unknown.
        const isThere = isKnown && isTold && span[1] >= figures.since;
        const told = isThere && value === null && !(field.denominator || []).length ? 0 : value;
        rows.push({
          series: series === "current" ? "current" : "before", at: at(drawn[n][0]), label: Format.monthName(drawn[n][0]), value: told,
          from: span?.[0], to: span?.[1], when: span ? Format.span(span) : "", shown: Format.value(field.type, told),
        });
      });
    }
    return rows;
  }
  function over(source, metric, parts, days) {
    const sum = Object.fromEntries(parts.map((part) => [part, null]));
    for (const row of days) for (const part of parts) sum[part] = merged(source.fields[part].aggregation, sum[part], row[part]);
    return Format.metric(source, metric, sum);
  }
  function merged(how, one, two) {
    if (one === null) return two;
    if (two === null) return one;
    if (how === "min") return one < two ? one : two; // numbers, and days as text
    if (how === "max") return one > two ? one : two;
    return Math.round((one + two) * 1e6) / 1e6; // figures have six places: a sum is the same in whatever order
  }

  function trend(holder, source, chart, figures, period, against, clicked) {
    const field = Format.find(source, chart.metric);
    const words = Format.words();
    const { kind } = buckets(period.current, source.is_monthly);
    const rows = trendRows(source, chart, figures, period, against);
    // Each mark of this period knows the one it is compared with: one tooltip tells both.
    const before = new Map(rows.filter((row) => row.series === "before").map((row) => [row.at, row]));
    const now = rows.filter((row) => row.series === "current").map((row) => ({
      ...row, before_when: before.get(row.at)?.when || "", before_shown: before.get(row.at)?.shown || "",
    }));
    const data = [...now, ...before.values()].filter((row) => row.value !== null);
    const limits = scale(data.map((row) => row.value));
    // Vega keeps one line for each title: the second of the same name ends in a space.
    const name = Format.say(field.name);
    const tooltip = [
      { field: "when", title: words.this_period }, { field: "shown", title: name },
      { field: "before_when", title: words[against] }, { field: "before_shown", title: `${name} ` },
    ];
    const axis = marks(field.type, limits.top);
    const y = {
      field: "value", type: "quantitative", scale: { domain: [{ expr: "low" }, { expr: "top" }], nice: 4 },
      axis: { ...axis, tickCount: 4, domain: false, ticks: false, labelPadding: 8 },
    };
    const narrow = holder.clientWidth < 500;
    const made = kind === "month" ? columns(y, tooltip) : lines(y, tooltip, kind, narrow, holder.clientWidth / now.length, now.length === 1);
    // A layer without a value would have no extent: a year before in which nothing is known is not drawn.
    const known = new Set(data.map((row) => row.series));
    const drawing = { ...made, layer: made.layer.filter((layer) => known.has(layer.transform[0] === current ? "current" : "before")) };
    const summary = `${Format.say(chart.title)}: ${now.map((row) => `${row.when} ${row.shown}`).slice(-12).join("; ")}`;
    remember(holder, [words.presets.custom, name, words[against]], now.map((row) => ({ mark: row, cells: [row.when, row.shown, row.before_shown] })), clicked);
    const key = `trend ${kind} ${against} ${now.length} ${narrow} ${[...known]} ${JSON.stringify(axis)}`;
    return draw(holder, key, { height: 250, ...drawing }, data, limits, summary);
  }
  const current = { filter: "datum.series === 'current'" };
  const earlier = { filter: "datum.series === 'before'" };
  function lines(y, tooltip, kind, narrow, step, alone) {
    const x = {
      field: "at", type: "temporal", scale: { type: "utc", padding: 6 },
      axis: { format: "%-d %b", grid: false, labelOverlap: true, labelFlush: true, tickCount: narrow ? 4 : 9 },
    };
    const near = { name: "near", select: { type: "point", fields: ["at"], on: "pointerover", clear: "pointerout" } };
    const stroked = (strokes) => ({ type: "line", interpolate: "monotone", ...strokes });
    return { encoding: { x }, layer: [
      { transform: [current], mark: { type: "area", color: accent, opacity: 0.09, interpolate: "monotone" }, encoding: { y } },
      { transform: [earlier], mark: stroked({ color: past, strokeWidth: 1.6, strokeDash: [5, 4] }), encoding: { y } },
      { transform: [current], mark: stroked({ color: accent, strokeWidth: 2.6, strokeCap: "round" }), encoding: { y } },
      {
        transform: [current], mark: { type: "point", filled: true, size: 70, color: accent, stroke: paper, strokeWidth: 2 },
        encoding: { y, opacity: alone ? { value: 1 } : { condition: { param: "near", empty: false, value: 1 }, value: 0 } },
      },
      // The whole height above a day answers the pointer: nobody has to hit a line.
      { transform: [current], params: [near], mark: { type: "rule", opacity: 0, strokeWidth: Math.max(2, step), cursor: "pointer" }, encoding: { tooltip } },
    ] };
  }
  function columns(y, tooltip) {
    const x = { field: "label", type: "nominal", sort: null, scale: { paddingInner: 0.35 }, axis: { labelAngle: 0, labelOverlap: true, ticks: false, labelPadding: 6 } };
    return { encoding: { x, y }, layer: [
      { transform: [current], mark: { type: "bar", color: accent, cornerRadiusEnd: 3, cursor: "pointer" }, encoding: { tooltip } },
      { transform: [earlier], mark: { type: "tick", color: ink, thickness: 2.5, opacity: 0.75 } },
    ] };
  }

  function bars(holder, source, chart, figures, clicked) {
    const field = Format.find(source, chart.metric);
    const dimension = source.fields[chart.dimension];
    const found = Format.rowsOf(figures).map((row) => ({
      code: row[chart.dimension], value: Format.metric(source, chart.metric, row), previous: Format.metric(source, chart.metric, row, "previous"),
    })).filter((row) => row.value !== null);
    const all = found.reduce((sum, row) => sum + Math.max(0, row.value), 0);
    // Shares are of the drawn bars: only said when all of them are drawn.
    const whole = found.length < chart.limit && field.type !== "percent" && all > 0;
    const short = field.type === "money" ? Format.rounded : (value) => Format.value(field.type, value);
    const data = found.map((row, n) => ({
      n, code: row.code, name: Format.label(dimension, row.code), value: row.value, previous: row.previous,
      colour: tones[(dimension.tones || {})[row.code]] || accent,
      text: short(row.value) + (whole && row.value > 0 ? `  ·  ${share(row.value / all)}` : ""),
      shown: Format.value(field.type, row.value), before: Format.value(field.type, row.previous),
    }));
    const compares = figures.columns.includes("#@previous");
    const tooltip = [{ field: "shown", title: Format.say(field.name) }];
    if (compares) tooltip.push({ field: "before", title: Format.words().previous });
    const narrow = holder.clientWidth < 420;
    const y = {
      field: "name", type: "nominal", sort: null, scale: { paddingInner: 0.3, paddingOuter: 0.1 },
      axis: { domain: false, ticks: false, labelLimit: narrow ? 124 : 170, labelPadding: 8, labelColor: ink, labelFontSize: 13 },
    };
    // Room at the right for the label behind the longest bar.
    const room = narrow ? 1.9 : 1.55;
    const x = { type: "quantitative", axis: null, scale: { domain: [{ expr: "low" }, { expr: `top * ${room}` }], nice: false } };
    const layer = [
      { mark: { type: "bar", cornerRadiusEnd: 3, cursor: "pointer" }, encoding: { x: { ...x, field: "value" }, color: { field: "colour", type: "nominal", scale: null }, tooltip } },
      { mark: { type: "text", align: "left", baseline: "middle", dx: 7, fontSize: 12.5, color: ink }, encoding: { x: { ...x, field: "end" }, text: { field: "text" } } },
    ];
    if (compares) {
      layer.splice(1, 0, { mark: { type: "tick", thickness: 2.5, color: ink, opacity: 0.75, bandSize: 24 }, encoding: { x: { ...x, field: "previous" } } });
    }
    // The label stands behind the bar and behind the mark of the period before, whichever reaches further.
    for (const row of data) row.end = Math.max(0, row.value, compares ? row.previous || 0 : 0);
    const heads = [Format.say(dimension.name), Format.say(field.name), ...(compares ? [Format.words().previous] : [])];
    remember(holder, heads, data.map((row) => ({ mark: row, cells: [row.name, row.shown, ...(compares ? [row.before] : [])] })), clicked);
    const spec = { height: 34 * data.length, encoding: { y }, layer };
    const summary = `${Format.say(chart.title)}: ${data.map((row) => `${row.name} ${row.shown}`).join("; ")}`;
    return draw(holder, `bars ${narrow} ${compares} ${data.length}`, spec, data, scale(data.map((row) => row.end)), summary);
  }
  const share = (value) => `${value < 0.01 ? "< 1" : Math.round(value * 100)}${Format.language() === "fr" ? " " : ""}%`;

  // What the chart shows, as rows of a table, for who does not see it; and what happens when a mark is chosen.
  const shown = new WeakMap();
  const remember = (holder, heads, rows, clicked) => shown.set(holder, { heads, rows, clicked });

  // `kind` says when the drawing itself differs; otherwise the rows are exchanged in place.
  async function draw(holder, kind, spec, rows, { top, low }, summary) {
    const key = `${kind} ${Format.language()}`;
    const known = views.get(holder);
    if (known && known.key === key) {
      const view = await known.ready;
      return view.description(summary).signal("top", top).signal("low", low).data("rows", rows).runAsync();
    }
    const full = {
      $schema: "https://vega.github.io/schema/vega-lite/v6.json", description: summary, width: "container", autosize: { type: "fit-x", contains: "padding" },
      data: { name: "rows" }, datasets: { rows }, params: [{ name: "top", value: top }, { name: "low", value: low }], config, ...spec,
    };
    const french = Format.language() === "fr";
    const ready = vegaEmbed(holder, full, {
      // "ast" interprets Vega's expressions: the page's policy forbids making code from text.
      ast: true, actions: false, renderer: "svg", defaultStyle: false, tooltip: { disableDefaultStyle: true },
      formatLocale: { ...setup.number_formats[Format.language()], currency: french ? ["", ` ${sign()}`] : [sign(), ""] },
      timeFormatLocale: setup.date_formats[Format.language()],
    }).then((result) => {
      result.view.addEventListener("click", (_, item) => { if (item?.datum && ("code" in item.datum || item.datum.series === "current")) shown.get(holder).clicked(item.datum); });
      return result.view;
    });
    views.set(holder, { key, ready });
    return ready;
  }

  return { trend, bars, merged, isOfMonths, table: (holder) => shown.get(holder), kind: (source, period) => buckets(period.current, source.is_monthly).kind };
})();
