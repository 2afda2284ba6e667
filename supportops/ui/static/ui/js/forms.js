// Enhances forms: the summary takes the focus, nothing is sent twice, a draft saves itself.

document.querySelector("[data-error-summary]")?.focus();

// One press is enough. The server refuses a second one anyway; this spares the person the answer.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("data-again")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy='true']")) button.removeAttribute("aria-busy");
});
document.addEventListener("htmx:afterRequest", (event) => { delete event.target.closest("form")?.dataset.sent; });

// <form data-autosave="/drafts/7/save/"> posts itself two seconds after the last key. Files wait for the real sending.
// The answer: 2xx saved (JSON {"version": n} is put into the field "draft_version"); 409 a newer draft exists elsewhere.
const QUIET_SECONDS = 2;

function watchDraft(form) {
  const status = form.querySelector("[data-autosave-status]");
  let timer;
  let sending = false;
  let again = false;

  const say = (state, words) => {
    if (!status) return;
    status.dataset.state = state;
    status.textContent = words;
  };

  const save = async () => {
    if (sending) { again = true; return; }
    sending = true;
    const body = new FormData(form);
    for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
    try {
      const reply = await fetch(form.dataset.autosave, { method: "POST", body, headers: { "X-Requested-With": "autosave" } });
      if (reply.status === 409) {
        say("failed", "Your draft is newer on another device. Reload the page to go on with that one.");
        form.removeEventListener("input", wait);
        return;
      }
      if (!reply.ok || reply.redirected) throw new Error(`answered ${reply.status}`);
      const told = reply.headers.get("content-type")?.includes("json") ? await reply.json() : {};
      if (told.version !== undefined && form.elements.draft_version) form.elements.draft_version.value = told.version;
      say("saved", "Draft saved just now");
    } catch {
      say("failed", "Draft not saved. It is tried again when you go on writing.");
    } finally {
      sending = false;
      if (again) { again = false; wait(); }
    }
  };

  const wait = () => {
    if (form.dataset.sent) return;
    clearTimeout(timer);
    timer = setTimeout(save, QUIET_SECONDS * 1000);
  };
  form.addEventListener("input", wait);
  form.addEventListener("submit", () => clearTimeout(timer));
}
for (const form of document.querySelectorAll("form[data-autosave]")) watchDraft(form);

// Ctrl-Enter sends the form that is being written in.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.closest("textarea")?.form;
  if (!form) return;
  event.preventDefault();
  form.requestSubmit();
});
