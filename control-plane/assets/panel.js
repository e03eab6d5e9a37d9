// Makes the panel's pages quicker: hotels are offered while one types, lists follow their filter, and
// long work goes on before one's eyes. Every page does all of it without this, by forms and links.

const PAUSE_MS = 130;
const AGAIN_MS = 2000;

offerHotels(document.querySelector("form[data-suggestions]"));
for (const form of document.querySelectorAll("form[data-list]")) followFilter(form);
// Not before the page has loaded: a browser shows it as loading for as long as the events last.
if (document.readyState === "complete") followWork();
else addEventListener("load", followWork);
document.getElementById("faults")?.focus();
// On a phone the menu is longer than the screen is wide.
document.querySelector(".rooms [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

/** The last of several calls that come close together, and none that a later one has overtaken. */
function settled(ask, done) {
  let pause, asking;
  return (...what) => {
    clearTimeout(pause);
    asking?.abort();
    pause = setTimeout(async () => {
      const mine = (asking = new AbortController());
      try {
        const answer = await fetch(ask(...what), { headers: { accept: "text/html" }, signal: mine.signal });
        // A refusal of what was typed is a page that says so; anything else is not for here.
        if (!answer.redirected && (answer.ok || answer.status === 422)) {
          const text = await answer.text();
          if (!mine.signal.aborted) done(text, ...what);
        }
      } catch {
        // Overtaken, or offline: the form still works.
      }
    }, PAUSE_MS);
  };
}

function offerHotels(form) {
  if (form === null) return;
  const field = form.elements.q;
  const list = form.querySelector("[role=listbox]");
  let at = -1;
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-expanded", "false");

  const options = () => [...list.querySelectorAll("[role=option]")];
  const close = () => {
    list.hidden = true;
    at = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  const choose = next => {
    const all = options();
    if (all.length === 0) return;
    at = (next + all.length) % all.length;
    all.forEach((it, number) => it.setAttribute("aria-selected", String(number === at)));
    field.setAttribute("aria-activedescendant", all[at].id);
  };
  const ask = settled(
    text => `${form.dataset.suggestions}?q=${encodeURIComponent(text)}`,
    html => {
      const page = new DOMParser().parseFromString(html, "text/html");
      const chosen = options()[at]?.href;
      list.replaceChildren(...page.body.childNodes);
      at = -1;
      field.removeAttribute("aria-activedescendant");
      // Who has chosen already keeps the choice, if it is still offered.
      const still = options().findIndex(it => it.href === chosen);
      if (still >= 0) choose(still);
      list.hidden = options().length === 0 || document.activeElement !== field;
      field.setAttribute("aria-expanded", String(!list.hidden));
    },
  );
  field.addEventListener("input", () => (field.value.trim() === "" ? close() : ask(field.value)));
  field.addEventListener("keydown", event => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if (event.key === "ArrowDown" && !list.hidden) {
      event.preventDefault();
      choose(at + 1);
    } else if (event.key === "ArrowUp" && !list.hidden) {
      event.preventDefault();
      choose(at < 0 ? -1 : at - 1);
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      options()[at].click();
    }
  });
  form.addEventListener("focusout", event => {
    if (!form.contains(event.relatedTarget)) close();
  });
  // One key leads to the search, unless one is typing.
  document.addEventListener("keydown", event => {
    const typing = event.target.closest("input, select, textarea, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  });
}

/** The list that a filter belongs to is asked for again as the filter changes. */
function followFilter(form) {
  const list = document.getElementById(form.dataset.list);
  const address = () => {
    const fields = [...new FormData(form)].filter(([, value]) => value.trim() !== "");
    const query = new URLSearchParams(fields).toString();
    return query === "" ? form.action : `${form.action}?${query}`;
  };
  const ask = settled(address, html => {
    const fresh = new DOMParser().parseFromString(html, "text/html").getElementById(list.id);
    if (fresh === null) return;
    list.replaceChildren(...fresh.childNodes);
    history.replaceState(null, "", address());
  });
  form.addEventListener("input", () => ask());
}

/** Takes over each look at long work that the server tells of, and at its end the whole page. */
function followWork() {
  for (const part of document.querySelectorAll("[data-events]")) {
    const events = new EventSource(part.dataset.events);
    const said = document.getElementById("said");
    events.addEventListener("step", event => {
      const page = new DOMParser().parseFromString(event.data, "text/html");
      // What is shown already stays, so that nobody is disturbed for nothing.
      if (page.body.innerHTML.trim() === part.innerHTML.trim()) return;
      const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
      part.replaceChildren(...page.body.childNodes);
      if (focused !== "") document.getElementById(focused)?.focus();
      const now = part.querySelector("[data-said]")?.dataset.said;
      if (said !== null && now !== undefined && said.textContent !== now) said.textContent = now;
    });
    events.addEventListener("done", () => {
      events.close();
      goOn();
    });
    events.addEventListener("error", () => {
      // A stream ends every half minute, and the browser connects again by itself, unless it was
      // refused: the page says why, or the server is away for a moment.
      if (events.readyState === EventSource.CLOSED) setTimeout(goOn, AGAIN_MS);
    });
    addEventListener("pagehide", () => events.close());
  }
}

/** Takes the page over as it is now, and follows what goes on there. */
async function goOn() {
  let answer, text;
  try {
    answer = await fetch(location.href, { headers: { accept: "text/html" } });
    text = await answer.text();
  } catch {
    // Offline: what is shown stays until there is an answer.
    return setTimeout(goOn, AGAIN_MS);
  }
  // Whoever may not see it any more reads so, or logs in again.
  if (answer.redirected || answer.status === 403) return location.replace(location.href);
  if (answer.status === 429 || answer.status >= 500) return setTimeout(goOn, AGAIN_MS);
  // The answer to a form may stand at an address that has no page: what is shown stays.
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(text, "text/html");
  document.title = page.title;
  document.getElementById("main").replaceChildren(...page.getElementById("main").childNodes);
  followWork();
}
