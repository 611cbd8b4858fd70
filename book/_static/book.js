// Wide formulas and tables scroll sideways; the keyboard must be able to do so, too.
function makeScrollable() {
  const wide = "mjx-container[display='true'], .pst-scrollable-table-container, pre, .vl-scroll";
  document.querySelectorAll(wide).forEach((element) => {
    const scrolls = element.scrollWidth > element.clientWidth + 1;
    if (scrolls) element.setAttribute("tabindex", "0");
    else if (!element.hasAttribute("role")) element.removeAttribute("tabindex");
  });
}

window.addEventListener("load", async () => {
  if (window.MathJax?.startup) await MathJax.startup.promise;
  makeScrollable();
});
window.addEventListener("resize", makeScrollable);
