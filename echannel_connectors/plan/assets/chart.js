// A line for each case over the months, as SVG in the width that there is.
"use strict";
const Chart = (() => {
  const NS = "http://www.w3.org/2000/svg";
  const HEIGHT = 280, TOP = 14, BOTTOM = 30;

  function node(name, attributes, text) {
    const made = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }
  // Round steps of 1, 2 or 5 that cut the height into about five.
  function ticks(low, high) {
    const rough = (high - low) / 5 || 1, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
    const found = [];
    for (let n = Math.floor(low / step); n <= Math.ceil(high / step); n += 1) found.push(n * step);
    return found;
  }

  // `lines`: {name: numbers}; `label` of a month by its number, `money` of a height.
  function draw(place, lines, { label, money, words }) {
    const width = Math.max(place.clientWidth, 240), all = Object.values(lines).flat();
    const marks = ticks(Math.min(0, ...all), Math.max(0, ...all)), [low, high] = [marks[0], marks[marks.length - 1]];
    const count = Object.values(lines)[0].length, left = 12 + Math.max(...marks.map((one) => money(one).length)) * 7;
    const x = (n) => left + (n * (width - left - 12)) / Math.max(count - 1, 1);
    const y = (value) => TOP + ((high - value) * (HEIGHT - TOP - BOTTOM)) / (high - low || 1);
    const svg = node("svg", { width, height: HEIGHT, role: "img", "aria-label": place.getAttribute("aria-label") });
    for (const mark of marks) {
      svg.append(node("line", { class: mark === 0 ? "zero" : "grid", x1: left, x2: width - 12, y1: y(mark), y2: y(mark) }));
      svg.append(node("text", { class: "n", x: left - 8, y: y(mark) + 4 }, money(mark)));
    }
    const every = Math.ceil(count / Math.max(2, Math.floor((width - left) / 76)));
    for (let n = 0; n < count; n += every) svg.append(node("text", { class: "m", x: x(n), y: HEIGHT - 8 }, label(n)));
    for (const [name, values] of Object.entries(lines)) {
      svg.append(node("path", { class: `line ${name}`, d: values.map((value, n) => `${n ? "L" : "M"}${x(n).toFixed(1)} ${y(value).toFixed(1)}`).join("") }));
      svg.append(node("circle", { class: `end ${name}`, cx: x(count - 1), cy: y(values[count - 1]), r: 4 }));
    }
    place.replaceChildren(svg, legend(lines, words), pointed(svg, lines, { x, count, left, width, label, money, words }));
  }

  function legend(lines, words) {
    const made = document.createElement("figcaption");
    made.className = "legend";
    for (const name of Object.keys(lines)) {
      const one = document.createElement("span"), line = document.createElement("i");
      line.className = name;
      one.append(line, words[name]);
      made.append(one);
    }
    return made;
  }

  // What a pointer points at, told below: no box covers the lines.
  function pointed(svg, lines, { x, count, left, width, label, money, words }) {
    const told = document.createElement("p"), mark = node("line", { class: "at", y1: TOP, y2: HEIGHT - BOTTOM, visibility: "hidden" });
    told.className = "told";
    svg.append(mark);
    svg.addEventListener("pointermove", (event) => {
      const share = (event.offsetX - left) / (width - left - 12), n = Math.min(count - 1, Math.max(0, Math.round(share * (count - 1))));
      mark.setAttribute("x1", x(n)); mark.setAttribute("x2", x(n)); mark.setAttribute("visibility", "visible");
      told.textContent = [label(n, true), ...Object.entries(lines).map(([name, values]) => `${words[name]} ${money(values[n])}`)].join(" · ");
    });
    return told;
  }
  return { draw };
})();
