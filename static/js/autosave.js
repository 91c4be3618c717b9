// Saves a section as it is typed; without it, its « Enregistrer » button does as well.
"use strict";

(() => {
  const place = document.querySelector("[data-autosave]");
  const form = place?.querySelector("form");
  if (!form) return;
  const said = place.querySelector("[role=status]");
  const seen = form.elements.seen;
  const KEPT = `avip:${location.pathname}`;
  const PAUSE = 1500; // milliseconds without a key
  const FIRST_RETRY = 2000, LONGEST_RETRY = 30_000;
  const OFFLINE =
    "Pas de connexion\u00a0: vos réponses restent sur cette page, nous réessayons.";
  const SIGNED_OUT =
    "Votre session est terminée. Reconnectez-vous dans un autre onglet, puis enregistrez\u00a0: " +
    "vos réponses restent sur cette page.";
  const BY_HAND = "Rien ne s’enregistre plus tout seul ici\u00a0: utilisez le bouton «\u00a0Enregistrer\u00a0».";

  let saved = answers(); // what the server holds, as far as this page knows
  let waiting = null; // what was sent and not acknowledged
  let running = null; // the request under way
  let timer = 0, retry = FIRST_RETRY;
  // What the server has just refused is read again before it is sent again, by hand.
  let stopped = Boolean(document.querySelector(".error-summary"));

  function answers() {
    const data = new FormData(form);
    data.delete("csrfmiddlewaretoken");
    data.delete("seen");
    return new URLSearchParams(data).toString();
  }

  function say(text, tone = "") {
    if (said.textContent !== text) said.textContent = text;
    said.dataset.tone = tone;
  }

  // A reload, or the page left for another, loses nothing.
  function keep() {
    sessionStorage.setItem(KEPT, JSON.stringify({ seen: seen.value, answers: answers() }));
  }

  function restore() {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    if (!kept || kept.answers === saved) {
      sessionStorage.removeItem(KEPT);
      return;
    }
    const given = new URLSearchParams(kept.answers);
    for (const field of form.elements) {
      if (!field.name || field.type === "hidden" || field.type === "submit") continue;
      const values = given.getAll(field.name);
      if (field.type === "radio" || field.type === "checkbox") field.checked = values.includes(field.value);
      else field.value = values[0] ?? "";
    }
    // The revision of the page they were typed on: what somebody changed since is not overwritten.
    seen.value = kept.seen;
    say("Vos réponses pas encore enregistrées sont de retour.");
    plan(0);
  }

  function plan(delay) {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(save, delay);
  }

  async function save() {
    clearTimeout(timer);
    if (running) return running;
    running = send();
    try {
      return await running;
    } finally {
      running = null;
    }
  }

  // What was sent once is sent again as it was: the server knows it if only its answer was lost.
  async function send() {
    waiting ??= answers();
    if (waiting === saved) {
      waiting = null;
      return true;
    }
    const sent = waiting;
    const body = new URLSearchParams(sent);
    body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    body.set("seen", seen.value);
    let response, answer;
    try {
      response = await fetch(location.pathname, {
        method: "POST",
        body,
        headers: { Accept: "application/json" },
      });
      const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
      answer = isJson ? await response.json() : null;
    } catch {
      answer = undefined;
    }
    if (answer === undefined || response.status >= 500 || response.status === 429) return later();
    waiting = null;
    if (!answer) return stop(response.redirected || response.status === 403 ? SIGNED_OUT : BY_HAND);
    if (!response.ok) return stop(answer.said);
    retry = FIRST_RETRY;
    saved = sent;
    seen.value = answer.seen;
    say(answer.said);
    if (answers() !== saved) {
      keep();
      plan(0);
    } else sessionStorage.removeItem(KEPT);
    return true;
  }

  function later() {
    say(OFFLINE, "warn");
    plan(retry);
    retry = Math.min(retry * 2, LONGEST_RETRY);
    return false;
  }

  // From here on, only « Enregistrer » saves: the server then shows both versions.
  function stop(text) {
    stopped = true;
    say(text, "warn");
    return false;
  }

  function changed(delay) {
    keep();
    plan(delay);
  }

  form.addEventListener("input", () => changed(PAUSE));
  form.addEventListener("change", () => changed(PAUSE / 3));
  window.addEventListener("online", () => plan(0));
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && answers() !== saved) save();
  });

  // « Enregistrer » never leaves a page whose answers cannot be sent.
  let sure = false;
  window.addEventListener(
    "submit",
    async (event) => {
      if (event.target !== form || sure || stopped) return;
      if (!running && answers() === saved) return;
      const submitter = event.submitter;
      event.preventDefault();
      event.stopImmediatePropagation();
      while (!stopped && (running || answers() !== saved)) {
        if (!(await save()) && !stopped) return;
      }
      sure = true;
      clearTimeout(timer);
      // Later: a form does not submit while it is being submitted.
      setTimeout(() => form.requestSubmit(submitter));
    },
    true,
  );

  if (!stopped) restore();
})();
