// Light, dark, or as the system says. The choice lives in a cookie, so the server paints it: nothing flashes.
import { remember } from "./say.js";

const root = document.documentElement;

function mark() {
  const now = root.dataset.bsTheme ?? "";
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === now));
  }
}

document.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-theme-choice]")?.dataset.themeChoice;
  if (choice === undefined) return;
  if (choice) root.dataset.bsTheme = choice;
  else delete root.dataset.bsTheme;
  remember("theme", choice);
  mark();
});

function reveal() {
  for (const part of document.querySelectorAll("[data-needs-script]")) part.hidden = false;
  mark();
}
document.addEventListener("DOMContentLoaded", reveal);
document.addEventListener("htmx:after:swap", reveal);
