// The questions: one screen each. Every screen gives its elements; what it saves is saved on this machine at once.
"use strict";
let edited = null; // the name of the source that is being changed; "" for a new one

function names(kind, codes) {
  const known = new Intl.DisplayNames([LOCALES[language()]], { type: kind });
  return codes.map((code) => [code, known.of(code) || code]);
}

function byText(pairs) {
  return pairs.sort((one, other) => one[1].localeCompare(other[1], language()));
}

// -- the company ----------------------------------------------------------------------------------------------------

function companyScreen() {
  const { company } = state;
  const zone = company.time_zone || state.usual_zone;
  const own = Object.entries(KNOWN.countries).find(([, [its]]) => its === zone);
  const currency = company.currency || (own ? own[1][1] : "EUR");
  const countries = [...byText(names("region", Object.keys(KNOWN.countries))), ["", told("another_country")]];
  const suggest = (event) => {
    const found = KNOWN.countries[event.target.value];
    if (!found) return;
    made.elements.time_zone.value = found[0];
    made.elements.currency.value = found[1];
  };
  const zones = KNOWN.zones.includes(zone) ? KNOWN.zones : [zone, ...KNOWN.zones];
  const currencies = byText(names("currency", KNOWN.currencies)).map(([code, name]) => [code, `${capitalised(name)} (${code})`]);
  const made = form([
    cards("language", told("language"), [["en", "English"], ["fr", "Français"]], language(), speak),
    field("name", told("name"), { value: company.name, hint: told("name_hint"), autocomplete: "organization", required: true }),
    list("country", told("country"), countries, { value: own ? own[0] : "", hint: told("country_hint"), onchange: suggest }),
    el("div", { class: "pair" },
      list("currency", told("currency"), currencies, { value: currency, hint: told("currency_hint"), wide: false }),
      list("time_zone", told("time_zone"), zones.map((one) => [one, one.replaceAll("_", " ")]),
        { value: zone, hint: told("time_zone_hint"), wide: false })),
    state.has_run ? el("p", { class: "hint" }, told("reread")) : null,
  ], told("continue"), async (said) => {
    await act("company", said);
    onwards("company");
  });
  return titled("company", made);
}

function capitalised(text) {
  return text[0].toUpperCase() + text.slice(1);
}

// -- a shop, an ERP, a property: what is there already, or the fields of one ----------------------------------------

function sourceScreen(step, there, known, fields, options = {}) {
  if (there.length && edited === null) return knownScreen(step, there, known, options.more);
  const one = there.find((source) => source.name === edited) || { name: "" };
  const made = form([el("input", { type: "hidden", name: "name", value: one.name }), fields(one)], told("test"),
    (said) => tried(step, said), [
      there.length ? button(told("cancel"), () => { edited = null; show(); }, "plain")
        : button(told(`${step}_none`), () => working(made, made.querySelector(".where"), () => none(step)), "plain"),
    ]);
  const isNone = state.answered[step] && !there.length;
  return [titled(step, isNone ? notice("ok", told(`${step}_is_none`)) : null, made), options.help];
}

async function tried(step, said) {
  const answer = await act(step, said);
  if (answer.is_saved) {
    edited = null;
    show(true);
  } else {
    failed(step, said);
  }
}

// The test did not go well: what it found, and a way to save all the same (a shop may be down for an hour).
function failed(step, said) {
  const around = document.querySelector("main form");
  const found = findings(state.findings[step]);
  found.append(el("p", {}, button(told("anyway"), () => working(around, around.querySelector(".where"),
    () => tried(step, { ...said, anyway: true })), "small")));
  around.querySelector(".where").after(found);
  found.scrollIntoView({ block: "nearest" });
}

async function none(step) {
  await act("none", { kind: step });
  onwards(step);
}

function knownScreen(step, there, known, more) {
  const where = el("div", { class: "where" });
  const made = el("div", {},
    el("ul", { class: "sources" }, there.map((one) => el("li", {},
      el("div", {}, el("strong", {}, known(one)), el("span", {}, one.name)),
      el("div", { class: "tools" },
        button(told("change"), () => { edited = one.name; show(); }, "small"),
        button(told("remove"), () => working(made, where, async () => {
          await act("remove", { kind: step, name: one.name });
          show();
        }), "small"))))),
    findings(state.findings[step]), where,
    el("div", { class: "actions" }, button(told("continue"), () => onwards(step), "first"),
      more ? button(more, () => { edited = ""; show(); }, "plain") : null));
  for (const [n, tools] of [...made.querySelectorAll(".tools")].entries()) {
    const [change, remove] = tools.children;
    change.setAttribute("aria-label", told("change_named", { name: known(there[n]) }));
    remove.setAttribute("aria-label", told("remove_named", { name: known(there[n]) }));
  }
  return titled(step, made);
}

function shopScreen() {
  const { needed, optional } = KNOWN.reads;
  const rows = (found) => el("p", { class: "words" }, found.map((one) => [el("code", {}, one), " "]));
  const how = help(told("shop_help"), el("ol", {},
    el("li", {}, told("shop_help_1")), el("li", {}, told("shop_help_2")), el("li", {}, told("shop_help_3")),
    el("li", {}, told("shop_help_4"), rows(needed), told("shop_help_5"), rows(optional)),
    el("li", {}, told("shop_help_6"))));
  return sourceScreen("shop", state.shops, (one) => one.url, (one) => [
    field("url", told("shop_url"), { value: one.url || "", hint: told("shop_url_hint"), inputmode: "url", placeholder: "https://" }),
    field("key", told("shop_key"), { kind: "password", hint: told("shop_key_hint"), autocomplete: "new-password",
      placeholder: one.has_key ? told("kept_secret") : "" }),
    how,
  ], { more: told("shop_more") });
}

function erpScreen() {
  const choices = byText(Object.entries(KNOWN.erps).map(([name, one]) => [name, one.title[language()] || name]));
  const fields = (one) => {
    const place = el("div", { class: "fields" });
    const draw = (connector, kind) => place.replaceChildren(...erpFields(one, connector, kind, draw));
    draw(one.connector || "", one.kind || "");
    return [list("connector", told("erp_which"), [["", told("choose")], ...choices], {
      value: one.connector || "", onchange: (event) => draw(event.target.value, ""),
    }), place];
  };
  return sourceScreen("erp", state.erps, (one) => (KNOWN.erps[one.connector] || { title: {} }).title[language()] || one.connector,
    fields);
}

// The fields of a database: those of a server, or a file; and how this ERP is installed.
function erpFields(one, connector, kind, draw) {
  const spec = KNOWN.erps[connector];
  if (!spec) return [help(told("erp_help"), el("p", {}, told("erp_help_text")))];
  const its = kind || spec.kind || "mysql";
  const kinds = Object.keys(KNOWN.databases).map((name) => [name, told(`db_${name}`)]);
  const port = KNOWN.databases[its];
  const server = port === null
    ? [field("file", told("erp_file"), { value: one.file || "", hint: told("erp_file_hint") })]
    : [el("div", { class: "pair uneven" },
        field("host", told("erp_host"), { value: one.host || "", hint: told("erp_host_hint"), wide: false }),
        field("port", told("erp_port"), { value: one.port || "", placeholder: `${port}`, inputmode: "numeric", wide: false })),
      field("database", told("erp_database"), { value: one.database || "" }),
      el("div", { class: "pair" },
        field("user", told("erp_user"), { value: one.user || "", wide: false }),
        field("password", told("erp_password"), { kind: "password", autocomplete: "new-password", wide: false,
          placeholder: one.has_url ? told("kept_secret") : "" }))];
  const parameters = Object.entries(spec.parameters);
  const given = one.connector === connector ? one.parameters : {};
  // More likely than the spec's.
  const usualOf = (usual) => (usual === ":currency" ? state.company.currency : KNOWN.zones.includes(usual) ? state.company.time_zone : usual);
  const asked = parameters.map(([name, { default: usual, help: words }]) => field(`parameters.${name}`,
    words[language()] || words.en || name, { value: given[name] ?? usualOf(usual) ?? "", placeholder: usual === null ? "" : `${usualOf(usual)}` }));
  const unknown = parameters.some(([name, { default: usual }]) => usual === null && given[name] === undefined);
  return [
    list("kind", told("erp_kind"), kinds, { value: its, onchange: (event) => draw(connector, event.target.value) }), ...server,
    parameters.length ? el("details", { class: "help", open: unknown }, el("summary", {}, told("erp_parameters")),
      el("div", {}, el("p", { class: "hint" }, told("erp_parameters_hint")), asked)) : "",
    help(told("erp_help"), el("p", {}, told("erp_help_text"))),
  ];
}

function webScreen() {
  return sourceScreen("web", state.webs, (one) => one.property, (one) => [
    field("property", told("web_property"), { value: one.property || "", hint: told("web_property_hint"), inputmode: "numeric" }),
    googleFields("ga4", one.credentials, ["Google Analytics Data API", "Google Analytics Admin API"], "web_viewer"),
  ]);
}

// -- who asks Google ------------------------------------------------------------------------------------------------

// A service account's key file, chosen or named, or a person's own login; and the e-mail that has to be let in.
// `service` is sheets, ga4 or bigquery; `apis` are what its project has to have enabled.
function googleFields(service, credentials, apis, letIn, help3 = "google_help_3") {
  const email = el("div", { class: "email" });
  const area = el("div", { class: "fields" });
  const failed = (problem) => email.replaceChildren(notice("error", capital(problem.message), capital(problem.hint)));
  const steps = [told("google_help_1"), told("google_help_2", { apis: apis.join(", ") })];
  const tell = async (file) => {
    const found = await act("who", { credentials: file, for: service });
    email.replaceChildren();
    if (found.email || service === "sheets") email.append(notice("ok", told(found.email ? letIn : "share_own")));
    if (found.email) email.firstChild.append(copyable(found.email));
  };
  const ofFile = () => {
    const path = field("credentials", told("google_path"), { value: credentials || "", hint: told("google_path_hint") });
    const input = path.querySelector("input");
    input.addEventListener("change", () => (input.value ? tell(input.value).catch(failed) : email.replaceChildren()));
    const chosen = async (name, text) => {
      const found = await act("keyfile", { name, text });
      input.value = found.file;
      await tell(found.file);
    };
    if (credentials) tell(credentials).catch(failed);
    return [el("p", { class: "pick" }, picker(told("google_pick"), chosen, failed)), path,
      help(told("google_help"), el("ol", {}, [...steps, told(help3), told("google_help_4")].map((one) => el("li", {}, one))))];
  };
  const ofPerson = () => {
    const login = async (text) => {
      email.replaceChildren(el("p", { class: "busy", role: "status" }, told("login_waits")));
      await act("login", { for: service, text });
      draw("own");
    };
    if (state.is_logged_in) {
      email.replaceChildren(notice("ok", told("login_is")));
      return [el("p", { class: "pick" }, button(told("login_again"), () => login("").catch(failed), "second"))];
    }
    tell("").catch(() => {}); // the application default credentials, where there are any
    return [el("p", { class: "pick" }, picker(told("login_pick"), (_, text) => login(text), failed)),
      help(told("login_help"), el("ol", {}, [...steps, told("login_help_3"), told("login_help_4"), told("login_help_5")]
        .map((one) => el("li", {}, one))))];
  };
  const draw = (way) => {
    email.replaceChildren();
    area.replaceChildren(...(way === "own" ? ofPerson() : ofFile()));
  };
  const way = credentials || !state.is_logged_in ? "file" : "own";
  draw(way);
  return [cards("way", told("google_who"), [["file", told("google_file"), told("google_file_hint")],
    ["own", told("google_own"), told("google_own_hint")]], way, draw), area, email];
}

// A button that lets somebody choose a file, and hands on its name and text.
function picker(title, onchosen, onproblem) {
  const input = el("input", { type: "file", accept: ".json,application/json", hidden: true, onchange: async () => {
    const [file] = input.files;
    if (file) await onchosen(file.name, await file.text()).catch(onproblem);
    input.value = "";
  } });
  return [input, button(title, () => input.click(), "second")];
}

// -- the destination --------------------------------------------------------------------------------------------------

function destinationScreen() {
  const there = state.destination;
  const area = el("div", { class: "fields" });
  const its = (name) => there[name] || "";
  const areas = {
    duckdb: () => [],
    sheets: () => [
      field("spreadsheet", told("spreadsheet"), { hint: told("spreadsheet_hint"), inputmode: "url",
        value: its("spreadsheet") && `https://docs.google.com/spreadsheets/d/${its("spreadsheet")}` }),
      ...googleFields("sheets", its("credentials"), ["Google Sheets API"], "share_with"),
    ],
    bigquery: () => [
      el("div", { class: "pair" }, field("project", told("bigquery_project"), { value: its("project"), wide: false }),
        field("dataset", told("bigquery_dataset"), { value: its("dataset"), hint: told("bigquery_dataset_hint"), wide: false })),
      field("location", told("bigquery_location"), { value: its("location") || "EU" }),
      ...googleFields("bigquery", its("credentials"), ["BigQuery API"], "bigquery_account", "google_help_3_bigquery"),
    ],
  };
  const draw = (kind) => area.replaceChildren(...areas[kind]().flat(Infinity).filter(Boolean));
  const kind = areas[there.kind] ? there.kind : "duckdb";
  draw(kind);
  const choices = ["duckdb", "sheets", "bigquery"].map((word) => [word, told(`to_${word}`), told(`to_${word}_hint`)]);
  const made = form([cards("kind", told("destination_title"), choices, kind, draw, false), area],
    told("test"), async (said) => {
      const answer = await act("destination", said);
      if (answer.is_saved === false) failed("destination", said);
      else onwards("destination");
    });
  return titled("destination", made);
}
