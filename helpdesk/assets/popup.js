// What htmx puts into a popover is shown in it; acting or cancelling closes it.
document.addEventListener("htmx:after:swap", (event) => {
  const { sourceElement, target, response } = event.detail.ctx;
  const from = sourceElement?.closest?.("[popover]:popover-open");
  if (from && from !== target && response?.status < 400) from.hidePopover();
  if (target?.isConnected && target.hasAttribute("popover")) {
    target.showPopover();
    target.querySelector("[autofocus]")?.focus();
  }
});
document.addEventListener("click", (event) => {
  const popup = event.target.closest("[data-hide-popover]")?.closest("[popover]");
  if (!popup) return;
  event.preventDefault();
  popup.hidePopover();
});
