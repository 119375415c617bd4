// Every control with data-key has a shortcut: data-key="e", "/", or "Control+Enter". `?` lists those of this page.
// Single letters can be switched off (WCAG 2.1.4); Control+Enter stays.
import { remember, say } from "./say.js";

const root = document.documentElement;
const lettersOn = () => root.dataset.keys !== "off";
const visible = (element) => element.checkVisibility({ visibilityProperty: true });
const isTyping = (element) => element.closest("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox], [type=button], [type=submit])");

function pressed(event) {
  if (event.altKey || event.isComposing) return null;
  const modified = event.ctrlKey || event.metaKey;
  if (modified) return event.key === "Enter" ? "Control+Enter" : null;
  return event.key.length === 1 ? event.key.toLowerCase() : null;
}

function control(key) {
  const open = document.querySelector(":popover-open") ?? document;
  const found = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].filter(visible);
  return found.find((element) => open === document || open.contains(element));
}

function use(element) {
  if (element.matches("input:not([type=radio], [type=checkbox]), textarea")) {
    element.focus();
    element.select?.();
  } else {
    element.click();
    // A tab of the composer brings the cursor to where one writes.
    const goTo = element.dataset.keyFocus && document.querySelector(element.dataset.keyFocus);
    goTo?.focus();
  }
}

function label(element) {
  if (element.dataset.keyName) return element.dataset.keyName;
  const copy = element.cloneNode(true);
  for (const part of copy.querySelectorAll("kbd, .n")) part.remove();
  return (copy.textContent.trim() || element.getAttribute("aria-label") || element.closest("label")?.innerText || "").replace(/\s+/g, " ");
}

function showKeys() {
  const box = document.getElementById("keys");
  if (!box) return;
  const list = box.querySelector(".keys-list");
  list.replaceChildren();
  const add = (key, text) => {
    const dt = document.createElement("dt");
    const kbd = document.createElement("kbd");
    kbd.textContent = key;
    dt.append(kbd);
    const dd = document.createElement("dd");
    dd.textContent = text;
    list.append(dt, dd);
  };
  for (const element of [...document.querySelectorAll("[data-key]")].filter(visible)) {
    const key = element.dataset.key;
    add(key === "Control+Enter" ? "Ctrl Enter" : key.toUpperCase(), label(element));
  }
  if (document.querySelector(".rows")) add("J K", say("keys-move"));
  add("?", say("keys-help"));
  box.querySelector("[data-letters]").checked = lettersOn();
  box.showPopover();
}

document.addEventListener("keydown", (event) => {
  const key = pressed(event);
  if (!key || event.defaultPrevented) return;
  if (key !== "Control+Enter" && (isTyping(event.target) || !lettersOn())) return;
  if (key === "?") {
    event.preventDefault();
    showKeys();
    return;
  }
  const element = control(key);
  if (!element || element.disabled) return;
  event.preventDefault();
  use(element);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-show-keys]")) {
    document.querySelector(".menu:popover-open")?.hidePopover();
    showKeys();
  }
});
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-letters]")) return;
  if (event.target.checked) delete root.dataset.keys;
  else root.dataset.keys = "off";
  remember("keys", event.target.checked ? "" : "off");
});
