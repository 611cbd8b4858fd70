// Sort a table by a column, and hide the rows that a search does not find.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const words = new Intl.Collator(document.documentElement.lang, { numeric: true });
  for (const button of table.querySelectorAll("th button")) {
    const head = button.closest("th");
    button.addEventListener("click", () => {
      const value = (row) => {
        const cell = row.cells[head.cellIndex];
        return cell.dataset.v ?? cell.textContent.trim();
      };
      const numbers = [...body.rows].every((row) => !isNaN(value(row)));
      const order = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      const compare = (a, b) => {
        const [left, right] = [value(a), value(b)];
        if (left === "" || right === "") return (left === "") - (right === "");
        return order * (numbers ? left - right : words.compare(left, right));
      };
      body.append(...[...body.rows].sort(compare));
      table.querySelectorAll("[aria-sort]").forEach((th) =>
        th.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order === 1 ? "ascending" : "descending");
    });
  }
  const search = document.getElementById(table.dataset.search);
  const count = document.getElementById(table.dataset.count);
  const plain = (text) => text.toLocaleLowerCase().normalize("NFC");
  search.addEventListener("input", () => {
    const wanted = plain(search.value.trim());
    for (const row of body.rows) row.hidden = !plain(row.textContent).includes(wanted);
    const shown = [...body.rows].filter((row) => !row.hidden).length;
    count.textContent = count.dataset.text.replace("0", shown);
  });
}
