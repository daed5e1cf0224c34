// A click on a header sorts its table (again: the other way; a third time: as it was); one on the button copies its cells,
// separated by tabs. The page is whole without it.
"use strict";
{
  const { copy, copied } = document.currentScript.dataset;
  const decimal = (1.5).toLocaleString(document.documentElement.lang)[1];
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const words = (cell) => {
    const own = cell.cloneNode(true);
    own.querySelectorAll(".src, .vh").forEach((part) => part.remove());
    return own.textContent.trim().replace(/\s+/g, " ");
  };
  const months = new Map([...Array(12).keys()].map((month) => [
    new Date(2026, month).toLocaleString(document.documentElement.lang, { month: "long" }).slice(0, 3).toLowerCase(), month,
  ]));
  const number = (text) => {
    const [, day, name, year] = /^(?:(\d{1,2})\.?\s)?(\p{L}{3,})\.?\s(\d{4})/u.exec(text) ?? [];
    const month = months.get(name?.slice(0, 3).toLowerCase());
    if (month !== undefined) return Date.UTC(year, month, day ?? 1);
    const [, sign, digits] = /([-−]?)[^\d\s]{0,2}\s?(\d[\d.,'’\s]*)/.exec(text) ?? [];
    const kept = [...(digits ?? "")].filter((one) => one === decimal || /\d/.test(one)).join("").replace(decimal, ".");
    return kept ? (sign ? -1 : 1) * kept : NaN;
  };
  const compared = (cells, numeric) => {
    const numbers = cells.map(number);
    return (a, b) => {
      if (!numeric) return collator.compare(cells[a], cells[b]);
      const [one, other] = [numbers[a], numbers[b]];
      return Number.isNaN(one) || Number.isNaN(other) ? Number.isNaN(one) - Number.isNaN(other) : one - other;
    };
  };
  for (const table of document.querySelectorAll("table.n")) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const ends = rows.filter((row) => row.classList.contains("tot"));
    const sorted = rows.filter((row) => !ends.includes(row));
    const heads = [...table.tHead.rows[0].cells];
    for (const [column, head] of sorted.length > 1 ? heads.entries() : []) {
      if (head.classList.contains("gz")) continue;
      const button = document.createElement("button");
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const way = { ascending: "descending", descending: "none" }[head.ariaSort] ?? "ascending";
        const order = compared(sorted.map((row) => words(row.cells[column])), head.classList.contains("r"));
        const turn = { ascending: 1, descending: -1, none: 0 }[way];
        const places = [...sorted.keys()].sort((a, b) => turn * order(a, b) || a - b);
        heads.forEach((other) => { other.ariaSort = null; });
        if (turn) head.ariaSort = way;
        body.append(...places.map((place) => sorted[place]), ...ends);
      });
    }
    if (!navigator.clipboard) continue;
    const button = document.createElement("button");
    button.className = "copy";
    button.textContent = copy;
    button.addEventListener("click", async () => {
      const lines = [table.tHead.rows[0], ...body.rows].map((row) => [...row.cells].map(words).join("\t"));
      await navigator.clipboard.writeText(lines.join("\n"));
      button.textContent = copied;
      setTimeout(() => { button.textContent = copy; }, 2000);
    });
    table.before(button);
  }
}
