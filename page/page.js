// What the page does by itself: a chosen mark shows its words in the evidence pane, a mark that is pointed at its quote, and
// on a narrow screen the panes beside the conversation are sheets.
//
// Links of marks and the highlighted words share a name, "words-TURN-MARKER" or "said-TURN-NUMBER"; "each-TURN" shows what
// each source says. The hidden field "chosen" tells the server which one to show.
(() => {
  "use strict";

  const NAME = /^#(?:(?:words|said)-\d+-\d+|each-\d+)$/;
  const LINKS = "a.mark, a.each";
  const root = document.documentElement;
  let wanted = null; // what the reader chose, until it is there
  let shown = null;
  let choices = 0;
  let saved = null;

  const isNarrow = () => window.matchMedia("(max-width: 60rem)").matches;

  // Sheets

  function open(sheet) {
    root.classList.add(sheet);
    if (isNarrow()) document.querySelector(sheet === "shows-evidence" ? "#close" : "#library button").focus();
  }

  function close(sheet) {
    if (!root.classList.contains(sheet)) return false;
    root.classList.remove(sheet);
    const chosen = sheet === "shows-evidence" && document.querySelector("#chat a[aria-current]");
    if (isNarrow()) (chosen || document.querySelector("#open-library")).focus();
    return true;
  }

  // Marks

  function markChosen(id) {
    for (const link of document.querySelectorAll(LINKS)) {
      if (link.hash === `#${id}`) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  // Scrolls the document inside its pane.
  function reveal(words, asked) {
    const pane = words.closest(".document");
    pane.scrollTop += words.getBoundingClientRect().top - pane.getBoundingClientRect().top - pane.clientHeight / 3;
    markChosen(words.id);
    if (asked) open("shows-evidence");
  }

  function choose(id) {
    hideCard();
    const words = document.getElementById(id);
    if (words) return reveal(words, true);
    wanted = id;
    const field = document.querySelector("#chosen textarea, #chosen input");
    const setter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set;
    setter.call(field, `${id} ${++choices}`); // choosing the same mark again must be a change too
    field.dispatchEvent(new Event("input", { bubbles: true }));
    if (id.startsWith("each-")) {
      markChosen(id);
      open("shows-evidence");
    }
  }

  // The quote of a mark, beside it

  const card = document.createElement("div");
  card.id = "card";
  card.setAttribute("role", "tooltip");
  card.hidden = true;

  function showCard(mark) {
    card.textContent = mark.dataset.card;
    card.hidden = false;
    const at = mark.getBoundingClientRect();
    const left = Math.min(at.left, window.innerWidth - card.offsetWidth - 12);
    const below = at.bottom + card.offsetHeight + 12 < window.innerHeight;
    card.style.left = `${Math.max(12, left)}px`;
    card.style.top = `${below ? at.bottom + 6 : at.top - card.offsetHeight - 6}px`;
    mark.setAttribute("aria-describedby", "card");
  }

  function hideCard() {
    if (card.hidden) return false;
    card.hidden = true;
    document.querySelector("[aria-describedby='card']")?.removeAttribute("aria-describedby");
    return true;
  }

  const markAt = (event) => event.target.closest?.("a.mark[data-card]");
  for (const [entered, left] of [["pointerover", "pointerout"], ["focusin", "focusout"]]) {
    document.addEventListener(entered, (event) => markAt(event) && showCard(markAt(event)));
    document.addEventListener(left, (event) => markAt(event) && hideCard());
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("#close")) close("shows-evidence");
    if (event.target.closest("#open-library")) close("shows-library") || open("shows-library");
    if (event.target.closest("#begin, #listed label")) root.classList.remove("shows-library");
    const link = event.target.closest(LINKS);
    if (!link || !NAME.test(link.hash)) return;
    event.preventDefault();
    choose(link.hash.slice(1));
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hideCard() || close("shows-evidence") || close("shows-library");
  });

  // A file that the server wrote into the page; the number behind it tells a new one from the one saved before.
  function save() {
    const file = document.querySelector("#exported .file");
    const stamp = file && file.parentElement.textContent;
    if (!file || stamp === saved) return;
    saved = stamp;
    const bytes = Uint8Array.from(atob(file.textContent), (c) => c.charCodeAt(0));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([bytes]));
    link.download = file.title;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  // What Gradio's components leave out or put in a reader's way
  function mend() {
    for (const message of document.querySelectorAll("#chat [data-testid][aria-label]")) message.removeAttribute("aria-label");
    for (const pane of document.querySelectorAll(".document:not([aria-label])")) pane.setAttribute("aria-label", "The document");
    for (const mark of document.querySelectorAll("a.mark[title]")) {
      mark.dataset.card = mark.title; // one card for pointer and keyboard instead of the browser's own
      mark.removeAttribute("title");
    }
    for (const label of document.querySelectorAll("#ticked label:not([title])")) label.title = label.textContent.trim();
    for (const icon of document.querySelectorAll(".label-wrap .icon:not([aria-hidden])")) icon.setAttribute("aria-hidden", "true");
    for (const link of document.querySelectorAll("a.link[target]")) link.removeAttribute("target");
  }

  new MutationObserver(() => {
    if (!card.isConnected && document.body) document.body.append(card);
    save();
    mend();
    const words = document.querySelector("#evidence mark[id]");
    if (words && words !== shown) {
      reveal(words, words.id === wanted || words.id === "words-0-0");
      wanted = null;
    } else if (words) {
      markChosen(words.id);
    }
    shown = words;
  }).observe(root, { childList: true, subtree: true });
})();
