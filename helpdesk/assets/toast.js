// Short notices at the foot of the page. They leave by themselves, but wait while someone reads or may press Undo.
import { announce, say } from "./say.js";

const SHOWN_MS = 8000;
const shelf = () => document.getElementById("toasts");

function watch(toast) {
  if (toast.dataset.watched) return;
  toast.dataset.watched = "yes";
  // A failure stays until it is closed; screen readers hear every notice once.
  announce(toast.querySelector("p")?.textContent ?? "");
  if (toast.classList.contains("bad")) return;
  let timer;
  const start = () => { timer = setTimeout(() => toast.remove(), SHOWN_MS); };
  for (const pause of ["mouseenter", "focusin"]) toast.addEventListener(pause, () => clearTimeout(timer));
  for (const resume of ["mouseleave", "focusout"]) toast.addEventListener(resume, start);
  start();
}

/** Show a notice made here, not by the server. */
export function toast(text, { bad = false } = {}) {
  const box = document.createElement("div");
  box.className = bad ? "note-toast bad" : "note-toast";
  const words = document.createElement("p");
  words.textContent = text;
  const shut = document.createElement("button");
  shut.type = "button";
  shut.dataset.shut = "";
  shut.textContent = say("close-notice");
  box.append(words, shut);
  shelf()?.append(box);
  watch(box);
}

const watchAll = () => shelf()?.querySelectorAll(".note-toast").forEach(watch);
document.addEventListener("DOMContentLoaded", watchAll);
document.addEventListener("htmx:after:swap", watchAll);
document.addEventListener("click", (event) => {
  const toast = event.target.closest("[data-shut]")?.closest(".note-toast");
  // After the click itself has been dealt with: Undo is a button of a form.
  if (toast) setTimeout(() => { toast.hidden = true; setTimeout(() => toast.remove(), 5000); });
});

// No answer at all, or one that is not ours (a proxy's page): what is on the screen stays.
document.addEventListener("htmx:error", (event) => {
  if (event.detail.ctx && !event.detail.ctx.sourceElement?.hasAttribute("data-quiet")) toast(say("offline"), { bad: true });
});
document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  if (ctx.response.status < 500 || ctx.text?.includes("<hx-partial")) return;
  event.preventDefault();
  if (!ctx.sourceElement?.hasAttribute("data-quiet")) toast(say("failed"), { bad: true });
});
