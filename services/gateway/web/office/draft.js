// The draft form: shows as one types what people would see, and fills in the fixed words of another level or cause as
// long as nobody has changed them. Both come from the server, by the form's own buttons; nothing is made up here.

const PAUSE_MS = 350;
const WORDS = ["message_ja", "message_easy", "message_en"];
const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-draft]"));
/** @type {ReturnType<typeof setTimeout> | undefined} */
let pause;
let asked = 0;
let wantsWords = false;

/** @param {ParentNode} place @param {string} name */
function area(place, name) {
  return /** @type {HTMLTextAreaElement | null} */ (place.querySelector(`textarea[name="${name}"]`));
}

/** The form's page as its button would give it. @param {HTMLFormElement} filled @param {string} button */
async function press(filled, button) {
  const fields = new URLSearchParams();
  new FormData(filled).forEach((value, name) => fields.append(name, String(value)));
  fields.set("do", button);
  const answer = await fetch(filled.action, { method: "POST", body: fields, cache: "no-store" });
  return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
}

/** @param {HTMLFormElement} filled */
async function look(filled) {
  const mine = ++asked;
  const page = await press(filled, "look");
  const fresh = page?.querySelector("#preview");
  const shown = document.querySelector("#preview");
  if (page && fresh && shown && mine === asked) {
    shown.replaceWith(document.adoptNode(fresh));
    forgive(page);
  }
}

/** Takes away what was objected to and is right by now. @param {Document} page */
function forgive(page) {
  document.querySelectorAll(".fields .error").forEach((error) => {
    if (!page.getElementById(error.id)) {
      document.querySelector(`[aria-describedby="${error.id}"]`)?.removeAttribute("aria-invalid");
      error.remove();
    }
  });
  const box = document.querySelector(".form > .message.bad");
  if (box && !document.querySelector(".fields .error")) {
    box.remove();
  }
}

/** @param {HTMLFormElement} filled */
function untouched(filled) {
  return WORDS.every((name) => area(filled, name)?.value === area(filled, name)?.dataset.suggested);
}

/** @param {HTMLFormElement} filled */
function remember(filled) {
  WORDS.forEach((name) => {
    const field = area(filled, name);
    if (field) {
      field.dataset.suggested = field.value;
    }
  });
}

/** @param {HTMLFormElement} filled */
async function suggest(filled) {
  const fresh = await press(filled, "words");
  if (fresh && untouched(filled)) {
    WORDS.forEach((name) => {
      const [field, words] = [area(filled, name), area(fresh, name)];
      if (field && words) {
        field.value = words.value;
      }
    });
    remember(filled);
  }
  await look(filled);
}

if (form) {
  const isNew = form.action.endsWith("/new");
  if (isNew) {
    remember(form); // a new form holds fixed words or none: both may be replaced until somebody types
  }
  form.addEventListener("input", (event) => {
    const field = /** @type {HTMLInputElement} */ (event.target);
    clearTimeout(pause);
    wantsWords = wantsWords || ["level", "cause"].includes(field.name);
    pause = setTimeout(() => {
      const job = wantsWords && isNew && untouched(form) ? suggest : look;
      wantsWords = false;
      void job(form).catch(() => undefined);
    }, PAUSE_MS);
  });
  document.querySelector("#look")?.setAttribute("hidden", ""); // it happens by itself here
}
