// <time data-age> says "18 min" and stays true while the page is open.
import { say } from "./say.js";

const EVERY_MS = 30000;

function words(seconds) {
  const minutes = Math.max(0, Math.floor(seconds / 60));
  if (minutes < 1) return say("age-now");
  if (minutes < 60) return say("age-minutes", { n: minutes });
  if (minutes < 60 * 24) return say("age-hours", { n: Math.floor(minutes / 60) });
  return say("age-days", { n: Math.floor(minutes / 60 / 24) });
}

function refresh() {
  if (document.hidden) return;
  for (const time of document.querySelectorAll("time[data-age]")) {
    const text = words((Date.now() - Date.parse(time.dateTime)) / 1000);
    if (time.textContent !== text) time.textContent = text;
  }
}
setInterval(refresh, EVERY_MS);
document.addEventListener("visibilitychange", refresh);
