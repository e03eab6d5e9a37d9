// Keeps the progress page current and goes on to the hotel when it is ready. Each step is told by a
// server-sent event; where there are none the page is asked for again. Without scripts the page
// reloads itself.

const FIRST_PAUSE_MS = 120;
const LONGEST_PAUSE_MS = 2000;

const main = document.getElementById("main");
let pause = FIRST_PAUSE_MS;

function follow() {
  const words = JSON.parse(main.dataset.words);
  const events = new EventSource(main.dataset.events);
  events.addEventListener("step", event => show(JSON.parse(event.data).data, words));
  events.addEventListener("done", () => {
    events.close();
    look();
  });
  events.addEventListener("error", () => {
    // The browser connects again by itself, unless it was refused.
    if (events.readyState === EventSource.CLOSED) look();
  });
}

function show(status, words) {
  const isOver = step => step.state === "done" || step.state === "skipped";
  const label = step => words.steps[step.name] ?? step.name.replaceAll("_", " ");
  const { steps } = status;
  if (steps.length === 0) return;
  const bar = document.getElementById("bar");
  bar.max = steps.length;
  bar.value = steps.filter(isOver).length;
  bar.textContent = `${bar.value}/${bar.max}`;
  document.getElementById("steps").replaceChildren(...steps.map(step => item(step, label(step), words)));
  const at = steps.findIndex(step => !isOver(step));
  if (at >= 0) {
    const said = { number: at + 1, count: steps.length, step: label(steps[at]) };
    const now = words.now.replace(/\{(\w+)\}/g, (_, name) => said[name]);
    const shown = document.getElementById("now");
    if (shown.textContent !== now) shown.textContent = now;
  }
}

function item(step, label, words) {
  const line = document.createElement("li");
  line.dataset.state = step.state;
  const name = document.createElement("span");
  name.textContent = label;
  line.append(name);
  if (step.ms !== null) {
    const time = document.createElement("span");
    time.className = "time";
    time.textContent = `${step.ms} ${words.ms}`;
    line.append(time);
  }
  return line;
}

// Takes over the page as it is now: at the end, and where there are no events.
async function look() {
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.ok) {
      takeOver(new DOMParser().parseFromString(await answer.text(), "text/html"));
    }
  } catch {
    // Offline for a moment: look again.
  }
  next();
}

function takeOver(page) {
  const fresh = page.getElementById("main");
  document.title = page.title;
  for (const name of ["data-open", "data-login"]) {
    if (fresh.hasAttribute(name)) main.setAttribute(name, fresh.getAttribute(name));
    else main.removeAttribute(name);
  }
  main.replaceChildren(...fresh.childNodes);
}

function next() {
  const { open, login } = main.dataset;
  if (login !== undefined) {
    location.assign(login);
  } else if (open !== undefined) {
    setTimeout(look, pause);
    pause = Math.min(pause * 1.3, LONGEST_PAUSE_MS);
  }
}

// Not before the page has loaded: a browser shows it as loading for as long as the events last.
function begin() {
  if (main.dataset.open !== undefined && "EventSource" in window) setTimeout(follow);
  else next();
}

if (document.readyState === "complete") begin();
else addEventListener("load", begin);
