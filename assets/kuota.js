// What pages do better with scripts. Without them every page works the same, by links and forms.
"use strict";

// A part of a page that keeps itself up to date: <main data-live="seconds">. The same address is asked again and the
// part replaced, unless somebody is typing in it. The server ends it by sending the part without the attribute.
function live() {
  const part = document.querySelector("[data-live]");
  if (!part) return;
  const pause = Number(part.dataset.live) * 1000;
  setTimeout(async () => {
    const busy = document.hidden || part.contains(document.activeElement?.closest("input, select, textarea, dialog"));
    if (!busy) {
      try {
        const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById(part.id);
        if (answer.ok && fresh && fresh.outerHTML !== part.outerHTML) {
          if (fresh.dataset.goto) { location.href = fresh.dataset.goto; return; }
          part.replaceWith(fresh);
          dress(fresh);
        }
      } catch { /* The network is away; the next look may find it. */ }
    }
    live();
  }, pause);
}

// <button data-copy="text"> copies; it is hidden until this script shows it, since it does nothing alone.
function copying(root) {
  for (const button of root.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(button.dataset.copy); }
      catch {
        // Pages without TLS have no clipboard of their own.
        const field = document.createElement("textarea");
        field.value = button.dataset.copy;
        document.body.append(field);
        field.select();
        document.execCommand("copy");
        field.remove();
      }
      const was = button.textContent;
      button.textContent = button.dataset.copied ?? "OK";
      setTimeout(() => { button.textContent = was; }, 2000);
    });
  }
}

// <a data-dialog href="..."> shows the main part of that page in a dialog instead of leaving this one.
function dialogs(root) {
  for (const link of root.querySelectorAll("a[data-dialog]")) {
    link.addEventListener("click", async (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || !window.HTMLDialogElement) return;
      event.preventDefault();
      try {
        const answer = await fetch(link.href, { headers: { accept: "text/html" } });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const main = page.querySelector("main");
        if (!answer.ok || !main) { location.href = link.href; return; }
        const dialog = document.createElement("dialog");
        dialog.setAttribute("aria-label", page.querySelector("h1")?.textContent ?? "");
        dialog.append(...main.childNodes);
        for (const close of dialog.querySelectorAll("[data-close]")) {
          close.addEventListener("click", (press) => { press.preventDefault(); dialog.close(); });
        }
        dialog.addEventListener("close", () => dialog.remove());
        document.body.append(dialog);
        dress(dialog);
        dialog.showModal();
      } catch { location.href = link.href; }
    });
  }
}

// <time data-until="RFC 3339"> counts down.
function countdown() {
  for (const time of document.querySelectorAll("[data-until]")) {
    const left = Math.max(0, Math.floor((Date.parse(time.dataset.until) - Date.now()) / 1000));
    const two = (n) => String(n).padStart(2, "0");
    const hours = Math.floor(left / 3600);
    time.textContent = (hours ? hours + ":" : "") + two(Math.floor(left / 60) % 60) + ":" + two(left % 60);
  }
}

// A form is sent once, however often its button is pressed.
function once(root) {
  for (const form of root.querySelectorAll("form[method=post]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
      setTimeout(() => { delete form.dataset.sent; }, 5000);
    });
  }
}

function dress(root) {
  copying(root);
  dialogs(root);
  once(root);
  for (const button of root.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
}

dress(document);
countdown();
setInterval(countdown, 1000);
live();
