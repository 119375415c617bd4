// The list beside the open case: j and k (or the arrows, inside the list) move, and the open case stays marked.
const rows = () => [...document.querySelectorAll(".rows .row-case")];

function markOpen() {
  const number = document.querySelector(".desk-case")?.dataset.number;
  for (const row of rows()) {
    if (number && row.dataset.number === number) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const from = all.findIndex((row) => row === document.activeElement);
  const current = from >= 0 ? from : all.findIndex((row) => row.hasAttribute("aria-current"));
  const to = current < 0 ? 0 : Math.min(all.length - 1, Math.max(0, current + step));
  all[to].focus();
  all[to].scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const inList = event.target.closest?.(".desk-list");
  const letters = document.documentElement.dataset.keys !== "off";
  const typing = event.target.closest?.("input:not([type=radio], [type=checkbox]), textarea, select");
  const step = { j: 1, k: -1 }[letters && !typing ? event.key : ""] ?? { ArrowDown: 1, ArrowUp: -1 }[inList && !typing ? event.key : ""];
  if (!step) return;
  event.preventDefault();
  move(step);
});

document.addEventListener("htmx:after:swap", markOpen);

// Opening a case brings its heading to the reader, and its newest message into view.
document.addEventListener("htmx:after:settle", (event) => {
  const target = event.detail.task?.target;
  if (target?.id === "thread") showNewest();
  if (event.detail.task?.type !== "main" || target?.id !== "case") return;
  showNewest();
  target.querySelector("h1")?.focus({ preventScroll: true });
});
export function showNewest() {
  const thread = document.querySelector(".case-thread");
  const newest = thread?.querySelector(":scope .msg:last-of-type");
  if (newest) thread.scrollTop = Math.max(0, newest.offsetTop - thread.offsetTop - 16);
}
document.addEventListener("DOMContentLoaded", showNewest);

// A refreshed list asks for as many rows as are shown, so that "Show more" is not undone. Counted when the request
// really leaves: it may have waited for "Show more" itself.
document.addEventListener("htmx:before:request", (event) => {
  const { request, target } = event.detail.ctx;
  const shown = rows().length;
  if (target?.id !== "list" || !shown) return;
  if (request.body) {
    request.body.set("rows", String(shown));
    return;
  }
  const url = new URL(request.action, location.origin);
  url.searchParams.set("rows", String(shown));
  request.action = url.pathname + url.search;
});
