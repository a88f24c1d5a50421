// Tables that can be sorted by each column, and taken away as CSV. Without scripts they stay as they are.
(function () {
  "use strict";

  const ORDERS = ["none", "ascending", "descending"];

  function text(cell) {
    return cell.textContent.trim().replace(/\s+/g, " ");
  }

  // A number that a cell begins with, such as that of "0.464 [0.357, 0.530]" or "12 of 57".
  function number(words) {
    const found = words.replace(/\u2212/g, "-").match(/^[<>≤≥≈~]?\s*([-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?)/i);
    return found ? parseFloat(found[1]) : NaN;
  }

  function compare(first, second) {
    const [a, b] = [number(first), number(second)];
    if (!isNaN(a) && !isNaN(b) && a !== b) return a - b;
    return first.localeCompare(second, "en", { numeric: true });
  }

  function isEmpty(words) {
    return words === "" || words === "–" || words === "nan";
  }

  function sort(table, column, order) {
    const body = table.tBodies[0];
    const rows = [...body.rows].sort((a, b) => a.dataset.place - b.dataset.place);
    if (order !== "none") {
      const sign = order === "ascending" ? 1 : -1;
      rows.sort((a, b) => {
        const [first, second] = [a, b].map((row) => text(row.cells[column]));
        if (isEmpty(first) || isEmpty(second)) return isEmpty(first) - isEmpty(second);
        return sign * compare(first, second);
      });
    }
    body.append(...rows);
  }

  function makeSortable(table) {
    [...table.tBodies[0].rows].forEach((row, place) => (row.dataset.place = place));
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      const title = head.querySelector("p") || head;
      button.append(...title.childNodes);
      if (!text(button)) button.setAttribute("aria-label", `column ${column + 1}`);
      title.append(button);
      button.addEventListener("click", () => {
        const before = ORDERS.indexOf(head.getAttribute("aria-sort") || "none");
        const order = ORDERS[(before + 1) % ORDERS.length];
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        if (order !== "none") head.setAttribute("aria-sort", order);
        sort(table, column, order);
      });
    });
  }

  function csv(table) {
    const quoted = (cell) => {
      const words = text(cell);
      return /[",]/.test(words) ? `"${words.replace(/"/g, '""')}"` : words;
    };
    const rows = [table.tHead.rows[0], ...table.tBodies[0].rows];
    return rows.map((row) => [...row.cells].map(quoted).join(",") + "\n").join("");
  }

  function addDownload(table) {
    const link = document.createElement("button");
    link.type = "button";
    link.className = "take-away";
    link.textContent = "CSV";
    link.setAttribute("aria-label", "Download this table as CSV");
    link.addEventListener("click", () => {
      const place = URL.createObjectURL(new Blob([csv(table)], { type: "text/csv" }));
      const anchor = document.createElement("a");
      anchor.href = place;
      anchor.download = `${table.id || "table"}.csv`;
      anchor.click();
      setTimeout(() => URL.revokeObjectURL(place), 1000);
    });
    table.caption.append(" ", link);
  }

  function begin() {
    for (const table of document.querySelectorAll(".bd-article table.table")) {
      if (!table.tHead || table.tHead.rows.length !== 1 || !table.tBodies.length) continue;
      if (table.tBodies[0].rows.length > 1) makeSortable(table);
      if (table.caption) addDownload(table);
    }
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
