// Enhances lists: j and k move, Enter opens, x selects, Escape lets go; the bulk bar shows once something is selected.

function rowsOf(list) {
  return [...list.querySelectorAll("[data-row]")];
}

function moveCursor(list, by) {
  const rows = rowsOf(list);
  const at = rows.findIndex((row) => row.hasAttribute("data-cursor"));
  const next = rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + by))];
  if (!next) return;
  rows[at]?.removeAttribute("data-cursor");
  next.setAttribute("data-cursor", "");
  next.querySelector("[data-open]")?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function current(list) {
  return list.querySelector("[data-row][data-cursor]");
}

function showSelection(list) {
  const boxes = [...list.querySelectorAll("[data-select]")];
  const chosen = boxes.filter((box) => box.checked).length;
  const bar = list.querySelector("[data-bulk-bar]");
  const all = list.querySelector("[data-select-all]");
  if (bar) {
    bar.hidden = chosen === 0;
    bar.querySelector("[data-bulk-count]").textContent = `${chosen} selected`;
  }
  if (all) {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
}

const keys = {
  j: (list) => moveCursor(list, 1),
  k: (list) => moveCursor(list, -1),
  Enter: (list) => current(list)?.querySelector("[data-open]")?.click(),
  x: (list) => current(list)?.querySelector("[data-select]")?.click(),
  Escape: (list) => current(list)?.removeAttribute("data-cursor"),
};

document.addEventListener("keydown", (event) => {
  const list = document.querySelector("[data-list]");
  const busy = event.target.closest("input:not([type='checkbox']), textarea, select, button, summary, dialog[open]");
  const elsewhere = event.key === "Enter" && event.target.closest("a:not([data-open])");
  if (!list || busy || elsewhere || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  if (event.key !== "Escape") event.preventDefault();
  keys[event.key](list);
});

document.addEventListener("change", (event) => {
  const list = event.target.closest(".request-list");
  if (!list) return;
  if (event.target.matches("[data-select-all]")) {
    for (const box of list.querySelectorAll("[data-select]")) box.checked = event.target.checked;
  }
  showSelection(list);
});

function ready() {
  for (const list of document.querySelectorAll(".request-list")) {
    for (const all of list.querySelectorAll("[data-select-all]")) all.hidden = false;
    showSelection(list);
  }
}
ready();
document.addEventListener("htmx:afterSwap", ready);
