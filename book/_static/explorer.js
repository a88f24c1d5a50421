// Pick a configuration and see it among all that were run in the same scope. The data are in the page.
(function () {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const ROW = 22, LEFT = 300, RIGHT = 24, TOP = 6, FOOT = 40;

  function element(name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function values(rows, column) {
    return [...new Set(rows.map((row) => String(row[column])))];
  }

  function choice(holder, id, column, options) {
    const part = document.createElement("div");
    const label = document.createElement("label");
    const select = document.createElement("select");
    select.id = `${id}-${column}`;
    select.name = column;
    label.htmlFor = select.id;
    label.textContent = column.replace(/_/g, " ");
    for (const option of options) select.add(new Option(option.replace("(ME)^2", "(ME)²"), option));
    part.append(label, select);
    holder.append(part);
    return select;
  }

  function begin(box) {
    const { scope, parts, rows } = JSON.parse(box.querySelector("script").textContent);
    box.querySelector("p").remove();
    const form = document.createElement("form");
    const figure = document.createElement("div");
    const words = document.createElement("p");
    figure.className = "explorer-figure";
    words.setAttribute("role", "status");
    box.append(form, words, figure);
    const chosen = {};
    for (const column of [...scope, ...parts])
      chosen[column] = choice(form, box.id, column, values(rows, column));

    const agrees = (row, columns) => columns.every((c) => String(row[c]) === chosen[c].value);

    // What nobody ran in this scope cannot be chosen.
    function refuse(inside) {
      for (const part of parts) {
        const possible = new Set(values(inside, part));
        for (const option of chosen[part].options) option.disabled = !possible.has(option.value);
      }
    }

    // The configuration with the changed part that shares most of the others.
    function nearest(inside, changed) {
      const fits = inside.filter((row) => !parts.includes(changed) || agrees(row, [changed]));
      const alike = (row) => parts.filter((part) => String(row[part]) === chosen[part].value).length;
      const best = (fits.length ? fits : inside).reduce((a, b) => (alike(b) > alike(a) ? b : a));
      for (const part of parts) chosen[part].value = String(best[part]);
      return best;
    }

    function title(row) {
      return parts.map((part) => (part === "graph" ? `graph: ${row[part]}` : `${part}: ${row[part]}`)).join(" · ");
    }

    function draw(inside, picked) {
      const width = 820, height = TOP + ROW * inside.length + FOOT;
      const high = Math.max(...inside.map((row) => row.high), 0.1);
      const x = (value) => LEFT + (value / high) * (width - LEFT - RIGHT);
      const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
      const bottom = TOP + ROW * inside.length;
      for (let tick = 0; tick <= high + 1e-9; tick += high > 0.4 ? 0.1 : 0.05) {
        svg.append(element("line", { x1: x(tick), x2: x(tick), y1: TOP, y2: bottom, class: "grid" }));
        svg.append(element("text", { x: x(tick), y: bottom + 16, "text-anchor": "middle" }, tick.toFixed(2)));
      }
      const axis = "F1 with 95 % interval over people";
      svg.append(element("text", { x: (LEFT + width - RIGHT) / 2, y: bottom + 34, "text-anchor": "middle" }, axis));
      inside.forEach((row, place) => {
        const y = TOP + ROW * (place + 0.5);
        const group = element("g", { class: row === picked ? "picked" : "other" });
        const short = `${row.graph}; ${row.layers} layer${row.layers > 1 ? "s" : ""}` +
          `${row.pooling === "no" ? ", no pooling" : ""}${row.debiasing === "none" ? "" : `; ${row.debiasing}`}`;
        group.append(element("text", { x: LEFT - 10, y: y + 4, "text-anchor": "end" }, short));
        group.append(element("line", { x1: x(row.low), x2: x(row.high), y1: y, y2: y }));
        group.append(element("circle", { cx: x(row.f1), cy: y, r: row === picked ? 6 : 4 }));
        group.addEventListener("click", () => {
          for (const part of parts) chosen[part].value = String(row[part]);
          update();
        });
        svg.append(group);
      });
      figure.replaceChildren(svg);
    }

    function update(changed) {
      const inside = rows
        .filter((row) => agrees(row, scope))
        .sort((a, b) => b.f1 - a.f1);
      if (!inside.length) {
        words.textContent = "Nothing was run here: choose another database, rule or kind.";
        figure.replaceChildren();
        return;
      }
      const picked = inside.find((row) => agrees(row, parts)) || nearest(inside, changed);
      refuse(inside);
      const number = (value) => value.toFixed(3);
      words.textContent =
        `${title(picked)}. F1 ${number(picked.f1)} [${number(picked.low)}, ${number(picked.high)}], mean of ` +
        `${picked.seeds} seeds: ${picked.tp} hits of ${picked.n_pred} detections and ${picked.n_truth} expressions.`;
      draw(inside, picked);
    }

    form.addEventListener("change", (event) => update(event.target.name));
    form.addEventListener("submit", (event) => event.preventDefault());
    update();
  }

  function start() {
    document.querySelectorAll(".explorer").forEach(begin);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
