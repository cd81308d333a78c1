// A chart's figures as a CSV file that the spreadsheet of the reader's language opens: all rows, numbers as they are.
"use strict";
const Export = (() => {
  // A text that a spreadsheet would take for a formula stays a text.
  const plain = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
  const cell = (value, comma) => {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return comma ? String(value).replace(".", ",") : String(value);
    const text = plain(String(value));
    return /[";,\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };

  function lines(source, chart, figures, [first, last] = []) {
    const words = Format.words();
    const names = chart.metrics || [chart.metric];
    const titles = names.map((name) => Format.say(Format.find(source, name).name));
    const rows = Format.rowsOf(figures);
    const values = (row) => names.map((name) => Format.metric(source, name, row));
    if (chart.type === "trend") {
      // The figures hold the compared days too: a sum over all of them would be of no period.
      return [[words.day, ...titles], ...rows.filter((row) => first <= row.day && row.day <= last).map((row) => [row.day, ...values(row)])];
    }
    const dimensions = chart.dimensions || [chart.dimension];
    const label = (row, name) => (source.fields[name].type === "date" ? row[name] : Format.label(source.fields[name], row[name]));
    return [[...dimensions.map((name) => Format.say(source.fields[name].name)), ...titles], ...rows.map((row) => [...dimensions.map((name) => label(row, name)), ...values(row)])];
  }

  function text(table) {
    const comma = Format.language() === "fr";
    const written = table.map((line) => line.map((value) => cell(value, comma)).join(comma ? ";" : ",")).join("\r\n");
    return `\uFEFF${written}\r\n`; // the mark by which spreadsheets know UTF-8
  }

  const csv = (source, chart, figures, period) => text(lines(source, chart, figures, period));
  const save = (source, chart, figures, period) => download(`${chart.id}.csv`, lines(source, chart, figures, period));
  function download(name, table) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text(table)], { type: "text/csv;charset=utf-8" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
  return { save, csv, download };
})();
