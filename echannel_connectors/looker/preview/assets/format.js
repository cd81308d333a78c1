// Numbers, dates and names as people of one language write them, and metrics from their summed parts.
"use strict";
const Format = (() => {
  const setup = JSON.parse(document.getElementById("setup").textContent);
  let language = setup.company.language;
  let made = new Map();

  const locale = () => setup.locales[language];
  const words = () => WORDS[language];
  const say = (text) => (text ? text[language] : "");
  const speak = (code) => { language = code; made = new Map(); };

  // Intl objects are slow to make: one of each kind per language.
  const kept = (name, make) => { if (!made.has(name)) made.set(name, make()); return made.get(name); };
  const number = (name, options) => kept(name, () => new Intl.NumberFormat(locale(), options));
  const dates = (name, options) => kept(name, () => new Intl.DateTimeFormat(locale(), options));

  const currency = (digits) => ({
    style: "currency", currency: setup.company.currency, currencyDisplay: "narrowSymbol",
    ...(digits === undefined ? {} : { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  });
  const money = (value) => number("money", currency()).format(value);
  const rounded = (value) => number("rounded", currency(0)).format(value);
  const integer = (value) => number("integer", { maximumFractionDigits: 0 }).format(value);
  const quantity = (value) => number("quantity", { maximumFractionDigits: 1 }).format(value);
  const percent = (value) => number("percent", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(value);
  const signed = (value) => number("signed", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" }).format(value);
  const points = (value) => `${number("points", { minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" }).format(value * 100)} ${words().points}`;

  const utc = (day) => new Date(`${day}T00:00:00Z`);
  const day = (text) => dates("day", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).format(utc(text));
  const span = ([first, last]) => (first === last ? day(first)
    : dates("day", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).formatRange(utc(first), utc(last)));
  const moment = (text) => dates("moment", {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
    timeZone: setup.company.time_zone, timeZoneName: setup.company.time_zone === "UTC" ? "short" : undefined,
  }).format(new Date(text));
  const monthName = (text) => dates("month", { month: "short", year: "2-digit", timeZone: "UTC" }).format(utc(text));

  const country = (code) => {
    try { return kept("country", () => new Intl.DisplayNames(locale(), { type: "region" })).of(code); } catch { return code; }
  };

  const shown = { money, integer, quantity, percent, date: day, moment, country };
  function value(type, found) {
    if (found === null || found === undefined) return words().none;
    return shown[type] ? shown[type](found) : String(found);
  }
  // A dimension's value: its name in this language, and words instead of nothing.
  function label(field, found) {
    const named = field.values[found ?? ""];
    if (named) return say(named);
    if (found === null || found === "") return field.type === "date" ? words().none : words().unknown;
    return value(field.type, found);
  }

  const find = (source, name) => source.calculated[name] || source.fields[name];
  // Rows → objects by column; `#` is the number of rows behind a period.
  const rowsOf = (figures) => figures.rows.map((row) => Object.fromEntries(figures.columns.map((name, n) => [name, row[n]])));

  // The metric of one row and period: sums first, one division last, nothing where there are no rows or no divisor.
  function metric(source, name, row, period = "current") {
    const suffix = period === "current" ? "" : `@${period}`;
    if (`#${suffix}` in row && !row[`#${suffix}`]) return null;
    const made = source.calculated[name];
    if (!made) return row[name + suffix] ?? null;
    const above = total(made.numerator, row, suffix);
    if (!made.denominator.length || above === null) return above;
    const below = total(made.denominator, row, suffix);
    return below ? above / below : null;
  }
  function total(terms, row, suffix) {
    const parts = terms.map((term) => {
      const found = row[term.replace("-", "") + suffix];
      return found === null || found === undefined ? null : term.startsWith("-") ? -found : found;
    });
    return parts.every((part) => part === null) ? null : parts.reduce((sum, part) => sum + (part || 0), 0);
  }

  // Growth on a base that is not positive has no meaning; a rate changes by points, not by percents of percents.
  function change(field, now, before) {
    if (now === null || before === null || now === undefined || before === undefined) return null;
    if (field.type === "percent") return told(now - before, points);
    return before > 0 ? told(now / before - 1, signed) : null;
  }
  // What is shown as 0.0 did not change.
  function told(by, text) {
    const known = Math.abs(by) < 0.0005 ? 0 : by;
    return { by: known, text: text(known).replace("-", "−") };
  }
  function mood(field, by) {
    if (!by || field.better === "neither") return "steady";
    return (by > 0) === (field.better === "up") ? "good" : "bad";
  }

  return {
    setup, words, say, speak, value, label, find, rowsOf, metric, change, mood, day, span, moment, monthName, rounded, country,
    language: () => language,
  };
})();
