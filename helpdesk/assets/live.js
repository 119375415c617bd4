// What others do shows here within a second: EventSource on /live, or polling where that fails.
// One tab per browser holds the stream and tells the others: browsers allow few connections to one server.
import { announce, say } from "./say.js";

const POLL_MS = 5000;
const FAILURES_BEFORE_POLLING = 2;
const desk = () => document.querySelector("[data-live]");
const channel = new BroadcastChannel("desk-live");
let lastId = "";

function soon(name) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => document.body.dispatchEvent(new Event(name)), 120);
  };
}
const refreshList = soon("desk:list");
const refreshCounts = soon("desk:counts");
const refreshDelivery = soon("desk:delivery");
const FATES = ["sent", "delayed", "failed"];

/** Someone did something: `event` is {id, kind, case, number}. */
function heard(event) {
  if (event.id) lastId = String(event.id);
  refreshList();
  refreshCounts();
  const pane = document.querySelector(".desk-case[data-number]");
  if (!pane || pane.dataset.number !== String(event.number)) return;
  if (event.id && Number(pane.querySelector("#thread")?.dataset.lastEvent) >= Number(event.id)) return;
  const news = pane.querySelector(".case-news");
  if (!news?.hidden) return;
  // The fate of our own mail shows by itself: nobody has to read it before they go on writing.
  if (FATES.includes(event.kind)) return refreshDelivery();
  news.hidden = false;
  announce(say("case-news"));
}

function tell(event) {
  heard(event);
  channel.postMessage(event);
}
channel.addEventListener("message", (message) => heard(message.data));

async function poll(path) {
  try {
    const response = await fetch(`${path}/poll?after=${encodeURIComponent(lastId)}`, { headers: { Accept: "application/json" } });
    if (response.ok) {
      const { events, last } = await response.json();
      if (last) lastId = String(last);
      events.forEach(tell);
    }
  } catch {
    // No network: the next round asks again, from the same place.
  }
  setTimeout(poll, POLL_MS, path);
}

function listen(path) {
  let failures = 0;
  const source = new EventSource(lastId ? `${path}?after=${encodeURIComponent(lastId)}` : path);
  source.addEventListener("open", () => { failures = 0; });
  source.addEventListener("message", (message) => {
    if (message.lastEventId) lastId = message.lastEventId;
    tell(JSON.parse(message.data));
  });
  source.addEventListener("error", () => {
    failures += 1;
    // The browser reconnects by itself with Last-Event-ID; CLOSED means that it has given up.
    if (failures < FAILURES_BEFORE_POLLING && source.readyState !== EventSource.CLOSED) return;
    source.close();
    poll(path);
  });
}

document.addEventListener("DOMContentLoaded", () => {
  const path = desk()?.dataset.live;
  if (!path) return;
  lastId = desk().dataset.liveAfter ?? "";
  // Locks exist on https and localhost only; elsewhere each tab listens for itself.
  if (navigator.locks) navigator.locks.request("desk-live", () => new Promise(() => listen(path)));
  else listen(path);
});
// Back from sleep or another window: look once, whatever the stream has missed.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && desk()) { refreshList(); refreshCounts(); }
});
