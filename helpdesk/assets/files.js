// Files chosen, dropped or pasted are listed with name and size, and each can be taken away again before sending.
import { say } from "./say.js";

const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

function list(input) {
  const box = input.form?.querySelector("[data-file-list]");
  if (!box) return;
  box.replaceChildren(...[...input.files].map((file, at) => {
    const item = document.createElement("li");
    item.className = "file";
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = file.name;
    const weight = document.createElement("span");
    weight.className = "quiet num";
    weight.textContent = size(file.size);
    const drop = document.createElement("button");
    drop.type = "button";
    drop.className = "link";
    drop.textContent = say("take-away");
    drop.setAttribute("aria-label", `${say("take-away")}: ${file.name}`);
    drop.addEventListener("click", () => {
      keep(input, [...input.files].filter((_, index) => index !== at));
      input.focus();
    });
    item.append(name, weight, drop);
    return item;
  }));
}

function keep(input, files) {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  input.files = transfer.files;
  list(input);
}

const inputIn = (place) => place?.querySelector?.("input[type=file][multiple]");
const dropPlace = (event) => event.target.closest?.("[data-drop]");

document.addEventListener("change", (event) => {
  if (event.target.matches("input[type=file][multiple]")) list(event.target);
});
document.addEventListener("paste", (event) => {
  const input = inputIn(dropPlace(event));
  if (!input || !event.clipboardData.files.length) return;
  event.preventDefault();
  keep(input, [...input.files, ...event.clipboardData.files]);
});
document.addEventListener("dragover", (event) => {
  const place = dropPlace(event);
  if (!inputIn(place)) return;
  event.preventDefault();
  place.classList.add("dropping");
});
document.addEventListener("dragleave", (event) => dropPlace(event)?.classList.remove("dropping"));
document.addEventListener("drop", (event) => {
  const place = dropPlace(event);
  const input = inputIn(place);
  if (!input) return;
  event.preventDefault();
  place.classList.remove("dropping");
  keep(input, [...input.files, ...event.dataTransfer.files]);
});
