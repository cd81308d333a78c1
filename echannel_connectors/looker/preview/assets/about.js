// "What is this figure?": its meaning, its formula in words, the table's column behind each part, and its unit.
"use strict";
const About = (() => {
  const { setup } = Format;
  const { make } = Parts;

  // The formula in the names that people see: sums first, one division last.
  function formula(source, name) {
    const made = source.calculated[name];
    if (!made) return "";
    const side = (terms) => terms.map((term, n) => {
      const sign = term.startsWith("-") ? "− " : n ? "+ " : "";
      return sign + Format.say(source.fields[term.replace("-", "")].name);
    }).join(" ");
    if (!made.denominator.length) return side(made.numerator);
    const around = (terms) => (terms.length > 1 ? `(${side(terms)})` : side(terms));
    return `${around(made.numerator)} ÷ ${around(made.denominator)}`;
  }

  function parts(source, name) {
    const made = source.calculated[name];
    const terms = made ? [...made.numerator, ...made.denominator].map((term) => term.replace("-", "")) : [name];
    return [...new Set(terms)].map((term) => part(source, term));
  }
  function part(source, name) {
    const words = Format.words();
    const field = source.fields[name];
    const column = field.column || name;
    const only = Object.entries(field.only || {}).map(([other, values]) => {
      const found = source.fields[other];
      return `${Format.say(found.name)}${words.colon}${values.map((value) => Format.label(found, value)).join(", ")}`;
    });
    const meaning = setup.columns[source.mart]?.[column];
    return make("li", {}, make("strong", { text: Format.say(field.name) }), `${words.colon}${words.how[field.aggregation]} `,
      make("code", { text: `mart.${source.mart}.${column}` }), only.length ? ` (${only.join("; ")})` : "", meaning ? `. ${Format.say(meaning)}` : "");
  }

  function told(source, name, titled) {
    const words = Format.words();
    const field = Format.find(source, name);
    const made = formula(source, name);
    return make("div", { class: "meaning" },
      titled && make("h3", { text: Format.say(field.name) }),
      field.description && make("p", { text: Format.say(field.description) }),
      made && make("p", { class: "formula", text: `= ${made}` }),
      make("ul", {}, ...parts(source, name)),
      make("p", { class: "unit", text: words.units[field.type](setup.company.currency) }));
  }

  // A question mark that opens the meaning of these metrics.
  function button(source, metrics, id, title) {
    const name = title || Format.say(Format.find(source, metrics[0]).name);
    return make("details", { class: "what" },
      make("summary", { text: "?", "aria-label": Format.words().what(name), "data-focus": id }),
      make("div", { class: "bubble", tabindex: "0", role: "group", "aria-label": name }, ...metrics.map((metric) => told(source, metric, metrics.length > 1 || Boolean(title)))));
  }
  return { button, formula };
})();
