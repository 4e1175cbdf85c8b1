// Choosing a mark in an answer shows its words in the evidence pane. Links of marks and the highlighted words share a
// name, "words-TURN-MARKER" or "said-TURN-NUMBER"; "each-TURN" shows what each source says. The hidden field "chosen"
// tells the server which one to show.
(() => {
  "use strict";

  const NAME = /^#(?:(?:words|said)-\d+-\d+|each-\d+)$/;
  const LINKS = "a.mark, a.each";
  let wanted = null; // the mark the reader chose, until its words are there
  let shown = null;
  let choices = 0;
  let saved = null;

  const isNarrow = () => window.matchMedia("(max-width: 60rem)").matches;

  function markChosen(id) {
    for (const link of document.querySelectorAll(LINKS)) {
      if (link.hash === `#${id}`) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  // Scrolls the document inside its pane; the page itself moves only when the reader asked for it.
  function reveal(words, asked) {
    const pane = words.closest(".document");
    pane.setAttribute("aria-label", "The document"); // here because Gradio's sanitiser drops it
    pane.scrollTop += words.getBoundingClientRect().top - pane.getBoundingClientRect().top - pane.clientHeight / 3;
    if (asked && isNarrow()) document.getElementById("witnesses").scrollIntoView({ block: "start" });
    markChosen(words.id);
  }

  function choose(id) {
    const words = document.getElementById(id);
    if (words) return reveal(words, true);
    wanted = id;
    if (id.startsWith("each-")) {
      markChosen(id);
      if (isNarrow()) document.getElementById("witnesses").scrollIntoView({ block: "start" });
    }
    const field = document.querySelector("#chosen textarea, #chosen input");
    const setter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set;
    setter.call(field, `${id} ${++choices}`); // choosing the same mark again must be a change too
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest(LINKS);
    if (!link || !NAME.test(link.hash)) return;
    event.preventDefault();
    choose(link.hash.slice(1));
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

  new MutationObserver(() => {
    save();
    // Gradio names each message by its HTML source, which a screen reader would read out instead of the message.
    for (const message of document.querySelectorAll("#chat [data-testid][aria-label]")) message.removeAttribute("aria-label");
    const words = document.querySelector("#evidence mark[id]");
    if (words && words !== shown) {
      reveal(words, words.id === wanted);
      wanted = null;
    } else if (words) {
      markChosen(words.id);
    }
    shown = words;
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
