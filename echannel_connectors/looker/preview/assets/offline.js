// The offline file's own warehouse: the same answers as the server gives, added up from the cubes in this page.
"use strict";
const Offline = (() => {
  const known = Format.setup.offline;
  const template = Format.setup.template;
  const DAY = 86400000;
  const at = (day) => Date.parse(`${day}T00:00:00Z`);
  const iso = (moment) => new Date(moment).toISOString().slice(0, 10);
  let cubes;

  async function open() {
    if (cubes) return;
    const text = document.getElementById("cubes").textContent;
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    cubes = JSON.parse(await new Response(stream).text());
  }

  async function figures(page, state) {
    await open();
    const period = periods(state, page);
    // Only what the reader sees a control for filters the page.
    const filters = {};
    for (const { field } of page.controls.map((name) => template.controls[name])) if (field) filters[field] = state.filters[field];
    const charts = Object.fromEntries(page.charts.map((chart) => [chart.id, chartFigures(chart, period, filters)]));
    return { page: page.id, period, newest: known.newest, as_of: known.as_of, controls: known.controls[page.id], charts };
  }

  function chartFigures(chart, period, filters) {
    if (known.problems[chart.source]) return { problems: known.problems[chart.source] };
    const source = template.sources[chart.source];
    const dimensions = chart.dimensions || (chart.dimension ? [chart.dimension] : []);
    if (chart.type === "trend") {
      const days = added(chart.source, known.charts[chart.id], ["day"], period, filters, true);
      return { ...days, since: known.firsts[chart.source] || null };
    }
    const found = added(chart.source, known.charts[chart.id], dimensions, period, filters);
    if (!dimensions.length) return found;
    const now = found.columns.indexOf("#");
    found.rows = found.rows.filter((row) => row[now] > 0);
    sort(source, chart, found, dimensions);
    found.more = found.rows.length >= Math.min(chart.limit || 1000, known.keep);
    found.rows = found.rows.slice(0, chart.limit || 1000);
    if (chart.total) found.total = added(chart.source, known.totals[chart.id], [], period, filters);
    return found;
  }

  // Rows of the cube → groups; each group has its parts once for every period.
  function added(alias, name, dimensions, period, filters, daily = false) {
    const source = template.sources[alias];
    const cube = cubes[name];
    const parts = Object.entries(known.parts[name]);
    const spans = source.date ? ["current", "previous", "last_year"] : ["current"];
    // A period of which this file, or its source, holds a part alone is not compared with; a trend shows that part. Figures by
    // the month have no parts: there a period is compared that is of whole months.
    const comparable = !source.is_monthly || Charts.isOfMonths(period.current);
    const held = spans.filter((span) => !source.date || span === "current"
      || (period[span][0] >= known.since && (daily || (comparable && isWhole(period[span], known.firsts[alias])))));
    const chosen = Object.entries(filters).filter(([field, values]) => values.length && cube[field])
      .map(([field, values]) => [cube[field].at, new Set(values.map((value) => cube[field].values.indexOf(value)))]);
    const days = source.date ? cube[source.date] : null;
    const keys = dimensions.map((field) => (field === "day" ? days : cube[field]));
    const inside = days ? days.values.map((day) => held.filter((span) => period[span][0] <= day && day <= period[span][1])) : null;
    const width = parts.length + 1;
    const groups = new Map();
    if (!dimensions.length) groups.set("", empty(daily ? 1 : spans.length, parts));
    for (let row = 0; row < cube["#"].length; row += 1) {
      const within = inside ? inside[days.at[row]] : held;
      if (!within.length || !chosen.every(([places, kept]) => kept.has(places[row]))) continue;
      const key = keys.map((column) => column.at[row]).join(" ");
      if (!groups.has(key)) groups.set(key, empty(daily ? 1 : spans.length, parts));
      const group = groups.get(key);
      for (const span of daily ? ["current"] : within) {
        const from = spans.indexOf(span) * width;
        parts.forEach(([part, how], n) => { group[from + n] = Charts.merged(how, group[from + n], cube[part][row]); });
        group[from + parts.length] += cube["#"][row];
      }
    }
    const suffixes = daily ? [""] : spans.map((span) => (span === "current" ? "" : `@${span}`));
    const columns = [...dimensions, ...suffixes.flatMap((suffix) => [...parts.map(([part]) => part + suffix), `#${suffix}`])];
    const rows = [...groups].map(([key, group]) => [...(key === "" ? [] : key.split(" ").map((place, n) => keys[n].values[place])), ...group]);
    return { columns: daily ? columns.filter((column) => column !== "#") : columns, rows: daily ? rows.map((row) => row.slice(0, -1)) : rows };
  }
  // As in SQL: a count of nothing is 0, a sum of nothing is unknown.
  function empty(spans, parts) {
    return Array.from({ length: spans }, () => [...parts.map(([, how]) => (how === "count" ? 0 : null)), 0]).flat();
  }

  function sort(source, chart, found, dimensions) {
    const by = chart.type === "bars" ? { field: chart.metric, descending: true } : chart.sort;
    const place = found.columns.indexOf(by.field);
    const rank = dimensions.includes(by.field) ? (row) => row[place]
      : (row) => Format.metric(source, by.field, Object.fromEntries(found.columns.map((name, n) => [name, row[n]])));
    const compared = (one, two) => (one === two ? 0 : one === null ? 1 : two === null ? -1 : one < two ? -1 : 1);
    const ties = dimensions.map((name) => found.columns.indexOf(name));
    const ranked = found.rows.map((row) => [rank(row), row]);
    ranked.sort(([a, one], [b, two]) => {
      const first = compared(a, b) * (by.descending && a !== null && b !== null ? -1 : 1);
      return first || ties.reduce((result, n) => result || compared(one[n], two[n]), 0);
    });
    found.rows = ranked.map(([, row]) => row);
  }

  // The rules of periods.py; a test compares both.
  const lastOf = (year, month) => new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const split = (day) => [Number(day.slice(0, 4)), Number(day.slice(5, 7)) - 1, Number(day.slice(8))];
  const monthEnd = (day) => { const [year, month, number] = split(day); return number === lastOf(year, month); };
  function shift(day, months) {
    const [year, month, number] = split(day);
    const index = year * 12 + month + months;
    const y = Math.floor(index / 12), m = index - y * 12;
    return iso(Date.UTC(y, m, Math.min(number, lastOf(y, m))));
  }
  const later = (day, days) => iso(at(day) + days * DAY);
  const rolling = { today: 1, last_7_days: 7, last_28_days: 28, last_90_days: 90 };

  function periods(state, page) {
    const today = known.end;
    if (state.period === "custom") return chosen(state.first, state.last, today);
    const control = page.controls.map((name) => template.controls[name]).find((one) => one.type === "period");
    const preset = state.period || (control ? control.default : "last_28_days");
    const month = `${today.slice(0, 8)}01`;
    if (rolling[preset]) return compared(later(today, 1 - rolling[preset]), today, 0, false);
    if (preset === "last_month") return compared(shift(month, -1), later(month, -1), 1, false);
    if (preset === "last_12_months") return compared(shift(month, -11), today, 12, !monthEnd(today));
    if (preset === "this_year") return compared(`${today.slice(0, 4)}-01-01`, today, 12, today.slice(5) !== "12-31");
    return compared(month, today, 1, !monthEnd(today));
  }
  function chosen(one, two, today) {
    const [first, last] = (one <= two ? [one, two] : [two, one]).map((day) => (day < known.since ? known.since : day));
    const endsLater = last > today && today >= first;
    const end = endsLater ? today : last;
    const byMonths = first.endsWith("-01") && (monthEnd(last) || end === today);
    const [y1, m1] = split(first), [y2, m2] = split(end);
    return compared(first, end, byMonths ? (y2 - y1) * 12 + m2 - m1 + 1 : 0, endsLater || (byMonths && !monthEnd(end)));
  }
  function compared(first, last, months, toDate) {
    const days = Math.round((at(last) - at(first)) / DAY) + 1;
    const before = months ? monthsEarlier(first, last, months) : [later(first, -days), later(first, -1)];
    const year = months ? monthsEarlier(first, last, 12) : [shift(first, -12), shift(last, -12)];
    return { current: [first, last], previous: before, last_year: year, to_date: toDate, end: known.end };
  }
  // A tenth of a period, a week at the most, may be missing: not every day has a sale.
  function isWhole([first, last], since) {
    const days = Math.round((at(last) - at(first)) / DAY) + 1;
    return Boolean(since) && since <= later(first, Math.min(Math.floor(days / 10), 7));
  }
  // A whole month goes with a whole month, of 28 days or 29.
  function monthsEarlier(first, last, months) {
    const [year, month, number] = split(shift(last, -months));
    return [shift(first, -months), iso(Date.UTC(year, month, monthEnd(last) ? lastOf(year, month) : number))];
  }

  return { figures, periods };
})();
