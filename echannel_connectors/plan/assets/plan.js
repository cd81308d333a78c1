// The page: fields → values → three cases → figures, chart and tables. All money is exact until it is shown.
"use strict";
(() => {
  const setup = JSON.parse(document.getElementById("setup").textContent);
  const { words, currencies, decimals, inputs } = setup;
  const season = setup.season.map(Model.read);
  const [year, first] = setup.start.split("-").map(Number);
  const find = (selector, place = document) => place.querySelector(selector);
  const all = (selector, place = document) => [...place.querySelectorAll(selector)];
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const fields = Object.fromEntries(all(".input").map((row) => [row.dataset.name, row]));

  // -- words and figures -----------------------------------------------------------------------------------------------

  const made = new Map();
  const number = (options) => {
    const key = JSON.stringify(options);
    if (!made.has(key)) made.set(key, new Intl.NumberFormat(setup.locale, options));
    return made.get(key);
  };
  const minus = (text) => text.replace("-", "−");
  const rounded = (value, places) => minus(number({ minimumFractionDigits: places, maximumFractionDigits: places }).format(Number(Model.written(value, places))));
  const percent = (value) => minus(number({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(Number(Model.written(value, 3))));
  const coin = (text, places, unit) => minus(number({ style: "currency", currency: currencies[unit], currencyDisplay: "narrowSymbol", minimumFractionDigits: places, maximumFractionDigits: places }).format(Number(text)));
  // Cents where they matter: below a thousand, and as many decimals as the currency has.
  const THOUSAND = 1000n * Model.ONE;
  function money(value, unit = "money") {
    const places = value < THOUSAND && value > -THOUSAND ? decimals[unit] : 0;
    return coin(Model.written(value, places), places, unit);
  }
  const inMarket = (value, values) => Model.divided(value, values.rate);
  const monthOf = (n, start = [year, first]) => new Date(Date.UTC(start[0], start[1] - 2 + n, 1)); // 1 is the first
  const dates = (options) => new Intl.DateTimeFormat(setup.locale, { timeZone: "UTC", year: "numeric", month: "long", ...options });
  const long = dates({}), short = dates({ month: "short", year: "2-digit" });
  const months = (n, format = long) => (n ? format.format(monthOf(n)) : words.before);

  // -- values ----------------------------------------------------------------------------------------------------------

  const isPercent = (name) => inputs[name].unit === "percent";
  function typed(name) {
    const text = find("input[type=number]", fields[name]).value, value = Model.read(text);
    const whole = inputs[name].unit !== "months" || (value !== null && value % Model.ONE === 0n);
    const fits = value !== null && whole && value >= Model.read(inputs[name].low) && value <= Model.read(inputs[name].high);
    return fits ? (isPercent(name) ? Model.divided(value, 100n * Model.ONE) : value) : null;
  }
  const last = {};
  function values() {
    for (const name of Object.keys(inputs)) {
      const value = typed(name);
      if (value !== null) last[name] = value;
      mark(name, value === null);
    }
    return { ...last };
  }
  function mark(name, isWrong) {
    const row = fields[name], field = find("input[type=number]", row);
    row.classList.toggle("wrong", isWrong);
    field.setAttribute("aria-invalid", isWrong);
    const limits = { low: inputs[name].low, high: inputs[name].high }, origin = find(".origin > span", row);
    origin.textContent = isWrong ? fill(words.wrong, limits) : isMoved(name) ? words.said : origins[name];
    row.classList.toggle("said", isMoved(name));
    const confirm = find(".confirm", row);
    if (confirm) confirm.hidden = isMoved(name);
  }
  const origins = Object.fromEntries(Object.entries(fields).map(([name, row]) => [name, find(".origin > span", row).textContent]));
  const isMoved = (name) => Model.read(find("input[type=number]", fields[name]).value) !== Model.read(inputs[name].value);
  const isOpen = (name) => inputs[name].kind === "assumption" && !isMoved(name) && !find(".confirm input", fields[name]).checked;

  // -- what is shown ---------------------------------------------------------------------------------------------------

  const both = currencies.money !== currencies.market_money;
  function figure(place, name, value, text, more) {
    const title = document.createElement("dt"), told = document.createElement("dd");
    title.textContent = words[name];
    told.textContent = text;
    told.dataset.figure = name;
    told.dataset.value = value === null ? "" : typeof value === "bigint" ? Model.written(value, 12) : value;
    if (more) { const small = document.createElement("small"); small.textContent = more; told.append(small); }
    place.append(title, told);
  }
  function showCase(found, v) {
    const place = find(`.case[data-case=${found.name}] dl`);
    place.replaceChildren();
    for (const name of ["monthly_contribution", "cash_needed"]) figure(place, name, found[name], money(found[name]), both && money(inMarket(found[name], v), "market_money"));
    const n = found.break_even;
    const when = n === null ? fill(words.never, { n: setup.months }) : n ? fill(words.month, { n, month: short.format(monthOf(n)) }) : words.at_once;
    figure(place, "break_even", n, when);
    const back = found.return_on_investment;
    figure(place, "return_on_investment", back, back === null ? words.none : percent(back));
  }
  function showOrder(found) {
    for (const name of setup.left) {
      const cell = find(`[data-left="${found.name}.${name}"]`);
      cell.textContent = rounded(found.per_order[name], decimals.money);
      cell.dataset.value = Model.written(found.per_order[name], 12);
    }
  }
  function showMonths(found, v) {
    const unit = chosen("currency") || "money";
    const shown = { orders: (value) => rounded(value, 1) };
    find("#months tbody").replaceChildren(...found.months.map((one, n) => {
      const row = document.createElement("tr");
      row.append(...setup.columns.map((name) => {
        const cell = document.createElement("td");
        cell.className = name === "month" ? name : `n ${name}`;
        if (name === "month") { cell.textContent = months(n, document.body.clientWidth < 560 ? short : long); return cell; }
        cell.dataset.value = Model.written(one[name], 12);
        const value = name !== "orders" && unit === "market_money" ? inMarket(one[name], v) : one[name];
        cell.textContent = (shown[name] || ((amount) => money(amount, unit)))(value);
        return cell;
      }));
      return row;
    }));
  }
  function showChart(cases, v) {
    const unit = chosen("currency") || "money";
    const line = (found) => found.months.map((one) => Number(Model.written(unit === "money" ? one.cumulative_cash : inMarket(one.cumulative_cash, v), 2)));
    Chart.draw(find("#cash-chart"), Object.fromEntries(cases.map((found) => [found.name, line(found)])), {
      label: (n, isLong) => (isLong ? months(n) : n ? months(n, short) : "0"), money: (value) => coin(String(value), 0, unit), words,
    });
  }
  function showReplay() {
    if (!setup.replay) return;
    const start = setup.replay.start.split("-").map(Number);
    Chart.draw(find("#replay-chart"), setup.replay.lines, {
      label: (n, isLong) => (isLong ? long : short).format(monthOf(n + 1, start)), money: (value) => coin(String(value), 0, "money"), words,
    });
  }
  function showNotes(middle, v) {
    const each = middle.per_order, bought = Model.bought(v);
    find("#note-advertising").textContent = v.visit_cost
      ? fill(words.visits, { visits: rounded(Model.divided(v.advertising, v.visit_cost), 0), orders: rounded(bought, 1) })
      : v.advertising ? words.no_visits : "";
    find("#note-order").textContent = each.net ? fill(words.share, { n: percent(Model.divided(each.net - each.goods, each.net)) }) : "";
    find("#note-volume").textContent = each.contribution > 0n
      ? fill(words.needs, { n: rounded(Model.divided(v.fixed + v.advertising, each.contribution), 1) }) : "";
  }

  // -- targets ---------------------------------------------------------------------------------------------------------

  const chosen = (name) => (find(`input[name=${name}]:checked`) || {}).value;
  function csv(found) {
    const { head, metrics, author, separator } = setup.targets;
    const value = (n) => separator === ";" ? n.replace(".", ",") : n;  // as a French spreadsheet has both
    const month = (n) => monthOf(n).toISOString().slice(0, 7);
    const rows = found.months.slice(1).flatMap((one, n) => metrics.map((name) => [month(n + 1), name, value(Model.written(one[name], name === "orders" ? 2 : decimals.money)), author]));
    return [head, ...rows].map((row) => `${row.join(separator)}\n`).join("");
  }
  function showSave(found) {
    const open = Object.keys(inputs).filter(isOpen), wrong = all(".input.wrong").length;
    find(".save .open").textContent = open.length ? fill(words.open, { n: open.length }) : words.confirmed;
    find(".save .open").classList.toggle("done", !open.length);
    find("#download").disabled = open.length > 0 || wrong > 0;
    const moved = Object.keys(inputs).filter(isMoved).map((name) => ` --set ${name}=${find("input[type=number]", fields[name]).value}`);
    find("#command").textContent = `echannel plan ${setup.market} --save --case ${found.name} --start ${setup.start} --months ${setup.months}${moved.join("")}${open.length ? "" : " --confirm"}`;
  }
  function download(text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    link.download = setup.targets.file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  // -- from a field to the figures -------------------------------------------------------------------------------------

  let shown = null;
  function show() {
    const v = values();
    const cases = Model.CASES.map((name) => Model.forecast(v, name, season, first, setup.months));
    shown = cases.find((one) => one.name === chosen("case"));
    for (const found of cases) { showCase(found, v); showOrder(found); }
    showMonths(shown, v);
    showChart(cases, v);
    showNotes(cases[1], v);
    showSave(shown);
  }
  document.addEventListener("input", (event) => {
    const row = event.target.closest(".input");
    if (row && event.target.type === "range") find("input[type=number]", row).value = event.target.value;
    if (row && event.target.type === "number") find("input[type=range]", row).value = event.target.value;
    show();
  });
  find("form").addEventListener("reset", () => setTimeout(show));
  find("form").addEventListener("submit", (event) => event.preventDefault());
  find("#download").addEventListener("click", () => download(csv(shown)));
  let width = 0;
  new ResizeObserver(() => {
    if (width !== document.body.clientWidth) { width = document.body.clientWidth; show(); showReplay(); }
  }).observe(document.body);
  const title = find("h1"), name = new Intl.DisplayNames(setup.locale, { type: "region" }).of(setup.market);
  title.textContent = title.textContent.replace(setup.market, `${name} (${setup.market})`);
})();
