// Enhances the frame. Everything here also works without it: links, forms and disclosures do the work.

const root = document.documentElement;
const YEAR = 31536000;

function remember(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=${YEAR}; samesite=lax`;
}

// Colours: set at once, and remembered in the cookie that the server reads, so that no page flashes.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-theme-switch]");
  if (!form) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const theme = event.submitter?.value ?? "system";
  remember("theme", theme);
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.value === theme));
}, true);

// Whoever never said a time zone gets the browser's when they sign in.
remember("time_zone", encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone));

// The left column folds to icons.
const toggle = document.querySelector("[data-menu-toggle]");
if (toggle) {
  toggle.hidden = false;
  const button = toggle.querySelector("button");
  const say = () => button.setAttribute("aria-expanded", String(root.dataset.menu !== "narrow"));
  say();
  button.addEventListener("click", () => {
    const narrow = root.dataset.menu !== "narrow";
    if (narrow) root.dataset.menu = "narrow";
    else delete root.dataset.menu;
    remember("menu", narrow ? "narrow" : "wide");
    say();
  });
}

// Disclosures that float close with Escape and with a press elsewhere.
function closeOpen(except) {
  for (const details of document.querySelectorAll("details.popover[open]")) {
    if (details !== except) details.open = false;
  }
}
document.addEventListener("click", (event) => closeOpen(event.target.closest("details.popover")));
document.addEventListener("keydown", (event) => {
  const open = document.querySelector("details.popover[open]");
  if (event.key !== "Escape" || !open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

// Ctrl-K, and "/" outside a field, go to the search.
document.addEventListener("keydown", (event) => {
  const search = document.querySelector("[data-search]");
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  const asked = (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !typing);
  if (!search || !asked || event.altKey) return;
  event.preventDefault();
  search.focus();
  search.select();
});

// "Copy link" exists only where it can work.
function readyCopyButtons(within) {
  if (!navigator.clipboard) return;
  for (const button of within.querySelectorAll("[data-copy]")) button.hidden = false;
}
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const label = button.querySelector("[data-copy-label]");
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText(new URL(button.dataset.copy, location.href).href);
    label.textContent = "Copied";
  } catch {
    label.textContent = "Not copied: the browser did not allow it";
  }
  setTimeout(() => { label.textContent = before; }, 2000);
});

// Toasts: a good one leaves by itself after eight seconds unless it is read; what went wrong stays.
function readyToasts(within) {
  for (const toast of within.querySelectorAll(".toasts [data-toast]:not([data-ready])")) {
    toast.dataset.ready = "";
    const button = toast.querySelector("[data-dismiss]");
    button.hidden = false;
    button.addEventListener("click", () => toast.remove());
    if (!toast.matches(".toast--success, .toast--info")) continue;
    const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 4000) : toast.remove());
    setTimeout(leave, 8000);
  }
}

// Nothing shows for 300 ms, then a bar. What refreshes by itself never shows it.
const bar = document.querySelector("[data-loading]");
let waiting;
function startLoading() {
  clearTimeout(waiting);
  waiting = setTimeout(() => bar?.setAttribute("data-on", ""), 300);
}
function stopLoading() {
  clearTimeout(waiting);
  bar?.removeAttribute("data-on");
}
document.addEventListener("htmx:beforeRequest", (event) => { if (!event.target.closest("[data-quiet]")) startLoading(); });
for (const name of ["htmx:afterRequest", "htmx:sendError", "htmx:timeout"]) document.addEventListener(name, stopLoading);
addEventListener("beforeunload", startLoading);
addEventListener("pageshow", stopLoading);

function ready(within) {
  readyCopyButtons(within);
  readyToasts(within);
}
ready(document);
document.addEventListener("htmx:afterSwap", () => ready(document));

// A link to a comment that stands on an earlier page of its story leads there.
const comment = /^#comment-(\d+)$/.exec(location.hash)?.[1];
if (comment && document.getElementById("story") && !document.getElementById(`comment-${comment}`) && !location.search) {
  location.replace(`?upto=${comment}${location.hash}`);
}
