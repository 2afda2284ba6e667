// Names while they are typed: <textarea data-suggest="mention"> after "@", <input data-suggest="names"> between commas.
// Without it people write the name themselves, and the server says which it does not know.

const WAIT = 150;
const typed = {
  mention: (field) => /(?:^|[\s(])@([\w.+-]+)$/.exec(field.value.slice(0, field.selectionStart))?.[1],
  names: (field) => field.value.slice(0, field.selectionStart).split(/[,;]/).pop().trimStart(),
};
let list;
let field;
let timer;

function close() {
  list?.remove();
  list = undefined;
  field?.removeAttribute("aria-activedescendant");
}

function choose(option) {
  const text = typed[field.dataset.suggest](field) ?? "";
  const marked = field.dataset.suggest === "mention" ? text.length + 1 : text.length;
  const end = field.selectionStart;
  const insert = option.dataset.insert + (field.dataset.suggest === "mention" ? " " : ", ");
  field.setRangeText(insert, end - marked, end, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  close();
  field.focus();
}

function select(option) {
  for (const one of list.children) one.setAttribute("aria-selected", String(one === option));
  field.setAttribute("aria-activedescendant", option.id);
}

function show(found) {
  close();
  if (!found.length) return;
  list = document.createElement("ul");
  list.className = "suggestions";
  list.id = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Names");
  for (const [number, { label, insert }] of found.entries()) {
    const option = document.createElement("li");
    option.id = `suggestion-${number}`;
    option.setAttribute("role", "option");
    option.dataset.insert = insert;
    option.textContent = label;
    option.addEventListener("mousedown", (event) => { event.preventDefault(); choose(option); });
    list.append(option);
  }
  field.closest(".field").append(list);
  field.setAttribute("aria-controls", list.id);
  select(list.firstElementChild);
}

async function ask() {
  const asked = field;
  const text = typed[asked.dataset.suggest](asked);
  if (!text) return close();
  const query = new URLSearchParams({ q: text, for: asked.dataset.suggest });
  const number = /^\/issues\/(\d+)\//.exec(location.pathname)?.[1];
  if (number) query.set("issue", number);
  try {
    const reply = await fetch(`/people/suggest/?${query}`);
    if (!reply.ok || reply.redirected) return close();
    const { found } = await reply.json();
    if (asked === document.activeElement && typed[asked.dataset.suggest](asked) === text) show(found);
  } catch {
    close();
  }
}

document.addEventListener("input", (event) => {
  if (!event.isTrusted || !event.target.matches("[data-suggest]")) return;
  field = event.target;
  clearTimeout(timer);
  timer = setTimeout(ask, WAIT);
});
document.addEventListener("keydown", (event) => {
  if (!list || event.target !== field) return;
  const options = [...list.children];
  const here = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) select(options[(here + step + options.length) % options.length]);
  else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") choose(options[here]);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);
document.addEventListener("focusout", () => close());
