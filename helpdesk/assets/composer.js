// The composer keeps what is typed: it grows with the text, saves a draft, and asks before unsaved words are lost.
import { csrfToken, say } from "./say.js";

const SAVE_AFTER_MS = 1200;
let timer;
let unsaved = null; // the form whose words the server does not have yet

const formOf = (element) => element?.closest?.("form[data-draft]");
const status = (form) => form.querySelector("[data-draft-state]");

async function save(form, { leaving = false } = {}) {
  clearTimeout(timer);
  if (unsaved !== form) return true;
  const data = new FormData(form);
  for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
  const text = data.get("text");
  try {
    const response = await fetch(form.dataset.draft, {
      method: "POST", body: data, keepalive: leaving, headers: { "X-CSRFToken": csrfToken(), "X-Requested-With": "fetch" },
    });
    if (!response.ok) throw new Error(String(response.status));
    if (form.elements.text.value === text) unsaved = null;
    status(form).textContent = text ? say("draft-saved") : "";
    return true;
  } catch {
    status(form).textContent = say("draft-unsaved");
    return false;
  }
}

// Browsers without field-sizing grow the field by hand.
const grows = CSS.supports("field-sizing", "content");
function grow(area) {
  if (grows) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + 2}px`;
}

document.addEventListener("input", (event) => {
  const form = formOf(event.target);
  if (!form || event.target.type === "file") return;
  if (event.target.matches("textarea")) grow(event.target);
  unsaved = form;
  status(form).textContent = "";
  clearTimeout(timer);
  timer = setTimeout(save, SAVE_AFTER_MS, form);
});

document.addEventListener("change", (event) => {
  const form = formOf(event.target);
  if (!form || event.target.name !== "kind") return;
  const area = form.elements.text;
  area.placeholder = event.target.dataset.placeholder ?? area.placeholder;
  area.setAttribute("aria-label", event.target.dataset.label ?? "");
});

document.addEventListener("keydown", (event) => {
  // Enter in the cc field must never send the answer.
  if (event.key === "Enter" && event.target.matches("form[data-draft] input:not([type=submit], [type=file])") && !event.ctrlKey && !event.metaKey) event.preventDefault();
  if (event.key === "Escape" && event.target.matches("form[data-draft] textarea")) event.target.blur();
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-reveal]");
  if (!opener) return;
  const part = document.querySelector(opener.dataset.reveal);
  part.hidden = false;
  opener.hidden = true;
  part.querySelector("input")?.focus();
});

// Sending clears the mark; leaving the case in any other way saves first.
document.addEventListener("submit", (event) => {
  const form = formOf(event.target);
  if (form) { clearTimeout(timer); if (unsaved === form) unsaved = null; }
});
document.addEventListener("htmx:error", (event) => {
  const form = formOf(event.detail.ctx?.sourceElement);
  if (form?.isConnected) unsaved = form;
});
document.addEventListener("htmx:before:swap", () => {
  if (unsaved && !unsaved.isConnected) unsaved = null;
});
document.addEventListener("htmx:before:request", (event) => {
  if (unsaved && event.detail.ctx.sourceElement !== unsaved) save(unsaved);
});
document.addEventListener("visibilitychange", () => { if (document.hidden && unsaved) save(unsaved, { leaving: true }); });
window.addEventListener("beforeunload", (event) => {
  if (!unsaved?.isConnected) return;
  save(unsaved, { leaving: true });
  event.preventDefault();
});
