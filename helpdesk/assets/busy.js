// A thin line on top while htmx waits for the server, and the CSRF token on everything it sends.
import { csrfToken } from "./say.js";

let waiting = 0;
const show = () => document.documentElement.classList.toggle("desk-busy", waiting > 0);

// What refreshes by itself in the background (data-quiet) shows no line.
const isQuiet = (event) => event.detail.ctx.sourceElement?.hasAttribute?.("data-quiet");

document.addEventListener("htmx:config:request", (event) => {
  const { request } = event.detail.ctx;
  if (!["GET", "HEAD"].includes(request.method)) request.headers["X-CSRFToken"] = csrfToken();
});
document.addEventListener("htmx:before:request", (event) => {
  if (isQuiet(event)) return;
  event.detail.ctx.counted = true;
  waiting += 1;
  show();
});
document.addEventListener("htmx:finally:request", (event) => {
  if (!event.detail.ctx.counted) return;
  waiting -= 1;
  show();
});

// What I do changes lists and numbers at once; the live stream tells the others.
document.addEventListener("htmx:after:swap", (event) => {
  const { ctx } = event.detail;
  if (ctx.request?.method === "GET" || ctx.target?.id === "list" || ctx.response?.status >= 400) return;
  document.body.dispatchEvent(new Event("desk:list"));
});
