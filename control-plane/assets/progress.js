// Keeps the progress page current and goes on to the hotel when it is ready. Without scripts the
// page reloads itself.

const FIRST_PAUSE_MS = 120;
const LONGEST_PAUSE_MS = 2000;

let pause = FIRST_PAUSE_MS;

async function look() {
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // Offline for a moment: look again.
  }
  next();
}

function show(page) {
  const main = document.getElementById("main");
  const fresh = page.getElementById("main");
  document.title = page.title;
  for (const name of ["data-open", "data-login"]) {
    if (fresh.hasAttribute(name)) main.setAttribute(name, fresh.getAttribute(name));
    else main.removeAttribute(name);
  }
  main.replaceChildren(...fresh.childNodes);
}

function next() {
  const { open, login } = document.getElementById("main").dataset;
  if (login !== undefined) {
    location.assign(login);
  } else if (open !== undefined) {
    setTimeout(look, pause);
    pause = Math.min(pause * 1.3, LONGEST_PAUSE_MS);
  }
}

next();
