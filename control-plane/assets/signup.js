// Checks the slug while one types, and offers others. The form works without this.

const form = document.querySelector("[data-signup]");
const slug = form.elements.slug;
const company = form.elements.company_name;
const state = document.getElementById("slug-state");
const offers = form.querySelector("[data-suggestions]");
const PAUSE_MS = 350;

let pause;
let asking;
let typedByHand = slug.value !== "";

document.getElementById("faults")?.focus();

slug.addEventListener("input", () => {
  typedByHand = slug.value !== "";
  askSoon();
});

company.addEventListener("input", () => {
  if (typedByHand) return;
  slug.value = company.value.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 30).replace(/-+$/, "");
  askSoon();
});

function askSoon() {
  clearTimeout(pause);
  asking?.abort();
  show("", []);
  if (slug.value.trim() !== "") pause = setTimeout(ask, PAUSE_MS);
}

async function ask() {
  asking = new AbortController();
  try {
    const answer = await fetch(`/api/v1/slugs/${encodeURIComponent(slug.value)}`, {
      signal: asking.signal,
    });
    if (!answer.ok) return;
    const { data } = await answer.json();
    show(data.state, data.suggestions);
  } catch {
    // Aborted, or offline: the server checks again when the form is sent.
  }
}

function show(now, suggestions) {
  state.dataset.now = now;
  state.textContent = now === "" ? "" : state.dataset[now];
  const refused = now !== "free" && now !== "";
  if (refused) slug.setAttribute("aria-invalid", "true");
  else slug.removeAttribute("aria-invalid");
  offers.replaceChildren();
  if (suggestions.length === 0) return;
  offers.append(`${offers.dataset.label} `);
  for (const it of suggestions) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = it;
    button.addEventListener("click", () => {
      slug.value = it;
      typedByHand = true;
      show("free", []);
      slug.focus();
    });
    offers.append(button);
  }
}
