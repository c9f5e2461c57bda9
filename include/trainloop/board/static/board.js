// What a page cannot do by itself inside Airflow's frame, which may neither open windows nor leave the frame: links to
// Airflow itself open in Airflow's window, PDFs in a window of their own. Both pages are of one origin.
"use strict";
const framed = window.top !== window && (() => { try { return Boolean(window.parent.document); } catch { return false; } })();

function openOutside(address, target) {
  const link = window.parent.document.createElement("a");
  link.href = address;
  link.target = target;
  link.rel = "noopener";
  window.parent.document.body.append(link);
  link.click();
  link.remove();
}

if (framed) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-airflow], a[data-window]");
    if (!link || event.defaultPrevented || event.button !== 0) return;
    event.preventDefault();
    openOutside(link.href, "window" in link.dataset ? "_blank" : "_self");
  });
  document.documentElement.classList.add("framed");
}

// Airflow's choice of light or dark, where somebody made one.
const theme = (() => { try { return window.localStorage.getItem("theme"); } catch { return null; } })();
if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;

// On a phone the menu is wider than the page: the entry of this page is in sight.
const entry = document.querySelector("nav [aria-current]");
if (entry) entry.parentElement.scrollLeft = entry.offsetLeft - (entry.parentElement.clientWidth - entry.offsetWidth) / 2;
