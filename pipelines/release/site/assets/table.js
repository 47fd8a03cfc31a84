// Sorting and searching of the tables marked app-table--sortable. Without it they are whole, in the order of names.
// Codes in square brackets, such as [c], stand last in either direction: they are no figures.
(function () {
  "use strict";

  var CODE_ONLY = /^\[/;
  var collator = new Intl.Collator("en-GB", { numeric: true, sensitivity: "base" });

  document.querySelectorAll(".app-table--sortable").forEach(function (box, index) {
    var table = box.querySelector("table");
    var body = table.tBodies[0];
    var rows = Array.prototype.slice.call(body.rows);
    if (rows.length < 2) return;
    var said = addSearch(box, rows, index);
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (heading, column) {
      addSort(heading, column, table, body, rows, said);
    });
  });

  function addSearch(box, rows, index) {
    var id = "table-search-" + index;
    var field = document.createElement("input");
    field.type = "search";
    field.id = id;
    field.className = "nhsuk-input app-search__input";
    field.autocomplete = "off";
    var label = document.createElement("label");
    label.htmlFor = id;
    label.className = "nhsuk-label";
    label.textContent = "Search this table";
    var said = document.createElement("p");
    said.className = "app-search__count";
    said.setAttribute("role", "status");
    said.textContent = counted(rows.length, rows.length);
    var search = document.createElement("div");
    search.className = "app-search";
    search.setAttribute("role", "search");
    search.setAttribute("aria-label", box.querySelector("caption").textContent.trim());
    search.append(label, field, said);
    box.insertBefore(search, box.firstChild);
    field.addEventListener("input", function () {
      var shown = filter(rows, field.value);
      said.textContent = counted(shown, rows.length);
    });
    return said;
  }

  function filter(rows, typed) {
    var words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    return rows.filter(function (row) {
      var text = row.textContent.toLowerCase();
      row.hidden = !words.every(function (word) { return text.includes(word); });
      return !row.hidden;
    }).length;
  }

  function counted(shown, all) {
    return shown === all ? all + " rows" : shown + " of " + all + " rows";
  }

  function addSort(heading, column, table, body, rows, said) {
    var button = document.createElement("button");
    button.type = "button";
    button.className = "app-sort";
    button.textContent = heading.textContent;
    heading.textContent = "";
    heading.append(button);
    heading.setAttribute("aria-sort", "none");
    var isNumeric = heading.classList.contains("nhsuk-table__header--numeric");
    button.addEventListener("click", function () {
      var direction = heading.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
      table.querySelectorAll("[aria-sort]").forEach(function (other) { other.setAttribute("aria-sort", "none"); });
      heading.setAttribute("aria-sort", direction);
      body.append.apply(body, sorted(rows, column, isNumeric, direction));
      said.textContent = "Sorted by " + button.textContent + ", " + direction;
    });
  }

  function sorted(rows, column, isNumeric, direction) {
    var sign = direction === "ascending" ? 1 : -1;
    return rows.map(function (row) {
      return { row: row, key: keyOf(row.cells[column].textContent.trim(), isNumeric) };
    }).sort(function (a, b) {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null);
      return sign * (isNumeric ? a.key - b.key : collator.compare(a.key, b.key));
    }).map(function (pair) { return pair.row; });
  }

  function keyOf(text, isNumeric) {
    if (CODE_ONLY.test(text) || text === "") return null;
    if (!isNumeric) return text;
    return parseFloat(text.replace(/,/g, "").replace("\u2212", "-"));
  }
})();
