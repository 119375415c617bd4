// Sentences that scripts show stand in the page's <template id="words">, so that they are translated like all others.
export function say(name, values = {}) {
  const found = document.getElementById("words")?.content.querySelector(`[data-say="${name}"]`);
  const text = found?.textContent ?? name;
  return text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

/** Tell people who listen to the page rather than look at it. */
export function announce(text) {
  const live = document.getElementById("live");
  if (live) live.textContent = text;
}

export const csrfToken = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

/** Remember a choice where the server sees it, so that the next page is right from its first paint. */
export function remember(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  const age = value ? 31536000 : 0;
  document.cookie = `${name}=${value}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`;
}
