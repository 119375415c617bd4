// What htmx puts into a popover is shown in it; acting or cancelling closes it.
document.addEventListener("htmx:after:swap", (event) => {
  const target = event.detail.ctx.target;
  for (const open of document.querySelectorAll("[popover]:popover-open")) if (open !== target) open.hidePopover();
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
