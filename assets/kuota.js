// What pages do better with scripts. Without them every page works the same, by links and forms.
"use strict";

// A part of a page that keeps itself up to date: <main data-live="seconds">. The same address is asked again and compared
// with what came before; only what changed is changed on the page, so that a selection, the focus and whatever a reader
// opened or typed stay. The server ends it by sending the part without the attribute.
const shownFor = new WeakMap();
let received;

// Remembers which node of the page shows which received one. Both are alike.
function pair(from, shown) {
  shownFor.set(from, shown);
  from.childNodes.forEach((child, at) => { if (shown.childNodes[at]) pair(child, shown.childNodes[at]); });
}

function isLikely(old, fresh) {
  return old.nodeName === fresh.nodeName && (old.id ?? "") === (fresh.id ?? "");
}

// Pairs of equal children in order, as many as there can be; elements count for more than the space between them.
function equals(old, fresh) {
  const weight = (node) => (node.nodeType === Node.ELEMENT_NODE ? 3 : 1);
  const best = Array.from({ length: old.length + 1 }, () => new Array(fresh.length + 1).fill(0));
  const isSame = old.map((one) => fresh.map((other) => one.isEqualNode(other)));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      const skipped = Math.max(best[i + 1][j], best[i][j + 1]);
      best[i][j] = isSame[i][j] ? Math.max(skipped, best[i + 1][j + 1] + weight(old[i])) : skipped;
    }
  }
  const pairs = [];
  for (let i = 0, j = 0; i < old.length && j < fresh.length;) {
    if (isSame[i][j] && best[i][j] === best[i + 1][j + 1] + weight(old[i])) pairs.push([i++, j++]);
    else if (best[i + 1][j] >= best[i][j + 1]) i += 1;
    else j += 1;
  }
  return pairs;
}

// Which old child becomes which new one: first those that are equal, then, between them, those alike in order.
function matches(old, fresh) {
  const found = new Map();
  let i = 0, j = 0;
  for (const [oldEnd, freshEnd] of [...equals(old, fresh), [old.length, fresh.length]]) {
    for (; j < freshEnd; j += 1) {
      const at = old.findIndex((other, at) => at >= i && at < oldEnd && isLikely(other, fresh[j]));
      if (at < 0) continue;
      found.set(fresh[j], old[at]);
      i = at + 1;
    }
    if (freshEnd < fresh.length) found.set(fresh[freshEnd], old[oldEnd]);
    i = oldEnd + 1;
    j = freshEnd + 1;
  }
  return found;
}

function changeAttributes(old, fresh, shown) {
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) shown.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) shown.setAttribute(name, value);
  }
}

function changeChildren(old, fresh, shown) {
  const children = [...old.childNodes], wanted = [...fresh.childNodes];
  const found = matches(children, wanted);
  const kept = new Set(found.values());
  for (const child of children) if (!kept.has(child)) shownFor.get(child)?.remove();
  let next = null;
  for (const child of wanted.reverse()) {
    const before = found.get(child);
    let node = before && shownFor.get(before);
    if (before) {
      // What a script put in its place, such as the seconds that are left, is that script's.
      if (node?.parentNode !== shown) continue;
      change(before, child, node);
    } else {
      node = document.importNode(child, true);
      pair(child, node);
      shown.insertBefore(node, next);
    }
    next = node;
  }
}

// Makes what is shown for the old node show the new one.
function change(old, fresh, shown) {
  if (old.isEqualNode(fresh)) {
    inherit(old, fresh);
  } else if (old.nodeType === Node.ELEMENT_NODE) {
    shownFor.set(fresh, shown);
    changeAttributes(old, fresh, shown);
    changeChildren(old, fresh, shown);
  } else {
    shownFor.set(fresh, shown);
    shown.nodeValue = fresh.nodeValue;
  }
}

// What was received again as it was is shown by the same nodes.
function inherit(old, fresh) {
  const shown = shownFor.get(old);
  if (shown) shownFor.set(fresh, shown);
  fresh.childNodes.forEach((child, at) => inherit(old.childNodes[at], child));
}

function show(fresh, part) {
  const focused = document.activeElement;
  change(received, fresh, part);
  received = fresh;
  dress(part);
  countdown();
  // What was focused is gone: whoever goes on by keyboard goes on from here, not from the top of the page.
  if (focused && !focused.isConnected) {
    part.tabIndex = -1;
    part.focus({ preventScroll: true });
  }
}

async function look(part) {
  const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
  // The session ended, or the page has moved.
  if (answer.redirected) { location.href = answer.url; return; }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(part.id);
  if (answer.ok && fresh) show(fresh, part);
}

function live() {
  const part = document.querySelector("[data-live]");
  if (!part) return;
  setTimeout(async () => {
    try {
      if (!document.hidden) await look(part);
    } catch { /* The network is away; the next look may find it. */ }
    live();
  }, Number(part.dataset.live) * 1000);
}

// <button data-copy="text"> copies; it is hidden until this script shows it, since it does nothing alone.
async function copy(button) {
  try { await navigator.clipboard.writeText(button.dataset.copy); }
  catch {
    // Pages without TLS have no clipboard of their own.
    const field = document.createElement("textarea");
    field.value = button.dataset.copy;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    button.focus({ preventScroll: true });
  }
  const was = button.textContent;
  button.textContent = button.dataset.copied ?? "OK";
  setTimeout(() => { button.textContent = was; }, 2000);
}

// <button data-save="name.png"> saves the QR code of the page as a picture: a bank's app reads it from the gallery of the
// same phone.
function save(button) {
  const code = document.querySelector(".qr svg");
  const size = code.viewBox.baseVal.width;
  const scale = Math.ceil(800 / size);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size * scale;
  const paper = canvas.getContext("2d");
  paper.scale(scale, scale);
  paper.fillStyle = "#fff";
  paper.fillRect(0, 0, size, size);
  paper.fillStyle = "#000";
  paper.fill(new Path2D(code.querySelector("path").getAttribute("d")));
  const link = document.createElement("a");
  link.href = canvas.toDataURL("image/png");
  link.download = button.dataset.save;
  link.click();
}

// <a data-dialog href="..."> shows the main part of that page in a dialog instead of leaving this one.
async function openDialog(link) {
  const former = link.closest("dialog");
  const answer = await fetch(link.href, { headers: { accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const main = page.querySelector("main");
  if (!answer.ok || answer.redirected || !main) { location.href = link.href; return; }
  settle(main, answer.url);
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", page.querySelector("h1")?.textContent ?? "");
  dialog.append(...main.childNodes);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dress(dialog);
  dialog.showModal();
  former?.close();
}

// Addresses on a page count from that page, wherever it is shown. A form without one goes to its own page.
function settle(main, base) {
  for (const form of main.querySelectorAll("form")) {
    form.setAttribute("action", new URL(form.getAttribute("action") ?? "", base).href);
  }
  for (const [name, selector] of [["href", "a[href]"], ["formaction", "[formaction]"]]) {
    for (const element of main.querySelectorAll(selector)) {
      element.setAttribute(name, new URL(element.getAttribute(name), base).href);
    }
  }
}

// <time data-until="RFC 3339"> counts down.
function countdown() {
  for (const time of document.querySelectorAll("[data-until]")) {
    const left = Math.max(0, Math.floor((Date.parse(time.dataset.until) - Date.now()) / 1000));
    const two = (n) => String(n).padStart(2, "0");
    const hours = Math.floor(left / 3600);
    const text = (hours ? hours + ":" : "") + two(Math.floor(left / 60) % 60) + ":" + two(left % 60);
    if (time.textContent !== text) time.textContent = text;
  }
}

// The value of one bar of a plot, below it: of the bar that is pressed, or that the arrow keys lead to.
function tell(plot, wanted) {
  const bars = [...plot.querySelectorAll(".bars g")];
  const bar = bars[Math.min(Math.max(wanted, 0), bars.length - 1)];
  if (!bar) return;
  for (const other of bars) other.classList.toggle("told", other === bar);
  if (!plot.querySelector("output")) plot.querySelector(".drawn").after(document.createElement("output"));
  plot.querySelector("output").textContent = bar.querySelector("title").textContent;
}

function told(plot) {
  const bars = [...plot.querySelectorAll(".bars g")];
  const at = bars.findIndex((bar) => bar.classList.contains("told"));
  return at < 0 ? bars.length - 1 : at;
}

document.addEventListener("click", (event) => {
  const bar = event.target.closest?.(".plot g");
  if (bar) tell(bar.closest(".plot"), [...bar.parentNode.querySelectorAll("g")].indexOf(bar));
});
document.addEventListener("focusin", (event) => {
  if (event.target.matches(".plot .bars:focus-visible")) tell(event.target.closest(".plot"), told(event.target.closest(".plot")));
});
document.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step || !event.target.matches?.(".plot .bars")) return;
  event.preventDefault();
  const plot = event.target.closest(".plot");
  tell(plot, told(plot) + step);
});

// Shows the buttons that work by this script only, and lets the keyboard reach plots.
function dress(root) {
  for (const bars of root.querySelectorAll(".plot .bars")) bars.setAttribute("tabindex", "0");
  for (const button of root.querySelectorAll("[data-copy], [data-print], [data-save]")) button.hidden = false;
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest?.("[data-copy], [data-print], [data-save], [data-close], a[data-dialog]");
  if (!pressed) return;
  if (pressed.matches("[data-copy]")) copy(pressed);
  if (pressed.matches("[data-print]")) print();
  if (pressed.matches("[data-save]")) save(pressed);
  const dialog = pressed.closest("dialog");
  if (pressed.matches("[data-close]") && dialog) {
    event.preventDefault();
    dialog.close();
  }
  const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey);
  if (pressed.matches("a[data-dialog]") && isPlain && window.HTMLDialogElement) {
    event.preventDefault();
    openDialog(pressed).catch(() => { location.href = pressed.href; });
  }
});

// <a data-reminds="id"> opens a message to somebody; that it was opened is noted.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-reminds]");
  const token = document.querySelector("input[name=_token]")?.value;
  if (!link || !token) return;
  const body = new URLSearchParams({ _token: token, siapa: link.dataset.reminds });
  fetch("/tagihan/ingatkan", { method: "POST", body, keepalive: true, redirect: "manual" }).catch(() => {});
  const cell = link.closest("tr")?.querySelector("[data-reminded]");
  if (cell) cell.textContent = link.dataset.done;
});

// <input data-metered="id"> shows its length in the meter with that id.
document.addEventListener("input", (event) => {
  const meter = document.getElementById(event.target.dataset?.metered ?? "");
  if (!meter) return;
  meter.hidden = false;
  meter.value = event.target.value.length;
});

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  // Not by its property: that may be a field of this name.
  if (form.getAttribute("method") !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => { delete form.dataset.sent; }, 5000);
});
// "/" leads to the search box, unless something is being typed.
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest?.("input, select, textarea, dialog, [contenteditable]");
  const box = document.getElementById("cari");
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey || !box) return;
  event.preventDefault();
  box.focus();
  box.select();
});

// A page that comes back from the browser's memory can be sent.
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

const part = document.querySelector("[data-live]");
if (part) {
  received = part.cloneNode(true);
  pair(received, part);
}
dress(document);
countdown();
setInterval(countdown, 1000);
live();
