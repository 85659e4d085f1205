/* The indicator in the toolbar while a job of the user is in progress, and the
 * message when it ends. Polls the web client, and only while there are jobs in
 * progress. */
(function () {
  "use strict";

  var PERIOD = 3000, SOON = 1000, LONGEST = 30000, IDLE = 1000;
  var KEY = "senaite.queue.jobs";
  var box = document.getElementById("queue-indicator");
  if (!box || box.dataset.started) {
    return;
  }
  box.dataset.started = "1";
  var texts = JSON.parse(box.dataset.texts);
  var link = document.getElementById("queue-indicator-link");
  // How jobs have ended: whether an answer is awaited, when to ask again at the
  // earliest, and after how many milliseconds
  var asking = false, due = 0, pause = SOON;

  // The jobs that were in progress: job uid -> whether that is over here, and
  // only the queue server knows how it has ended
  function recall() {
    try {
      var kept = JSON.parse(window.sessionStorage.getItem(KEY) || "{}");
      return kept.user === box.dataset.user ? kept.jobs || {} : {};
    } catch (error) {
      return {};
    }
  }

  function remember(jobs) {
    try {
      window.sessionStorage.setItem(
        KEY, JSON.stringify({user: box.dataset.user, jobs: jobs}));
    } catch (error) {
      // Private window: no messages across pages
    }
  }

  function place() {
    var found = document.getElementById("queue-messages");
    if (!found) {
      found = document.createElement("div");
      found.id = "queue-messages";
      found.setAttribute("role", "status");
      found.setAttribute("aria-live", "polite");
      // On a phone, a wide listing moves right and bottom out of sight
      var corner = window.matchMedia("(max-width: 575px)").matches ?
        "left:.5rem;top:4rem;" : "right:1rem;bottom:1rem;";
      found.style.cssText = "position:fixed;" + corner +
        "z-index:1080;max-width:min(24rem, calc(100vw - 2rem))";
      document.body.appendChild(found);
    }
    return found;
  }

  function tell(text, level, kind) {
    var message = document.createElement("div");
    message.className = kind + " alert alert-" + level + " shadow";
    var words = document.createElement("bdi");
    words.style.whiteSpace = "pre-line";
    words.textContent = text + (text.indexOf("\n") < 0 ? " " : "\n");
    var page = document.createElement("a");
    page.href = box.dataset.page;
    page.textContent = texts.link;
    page.className = "alert-link";
    var close = document.createElement("button");
    close.type = "button";
    close.className = "close ml-2";
    close.setAttribute("aria-label", texts.close);
    close.textContent = "\u00d7";
    close.addEventListener("click", function () { message.remove(); });
    message.appendChild(close);
    message.appendChild(words);
    message.appendChild(page);
    place().appendChild(message);
  }

  // Asks how jobs have ended, and tells it when the queue server knows. Asks less
  // and less often while nobody knows
  function askHow(over) {
    var started = Date.now();
    if (asking || started < due) {
      return;
    }
    asking = true;
    ask("?jobs=" + over.join(",")).then(function (answer) {
      var jobs = recall(), known = false;
      // Somebody else has logged in: that user is not told
      if (answer.user !== box.dataset.user) {
        return known;
      }
      over.forEach(function (uid) {
        if (!(uid in answer.ended) || !(uid in jobs)) {
          return;
        }
        known = true;
        delete jobs[uid];
        if (answer.ended[uid]) {
          tell(answer.ended[uid].text, answer.ended[uid].level, "queue-ended");
        }
      });
      remember(jobs);
      return known;
    }).catch(function () {
      // E.g. logged out, or the web client is restarting: asked again
      return false;
    }).then(function (known) {
      asking = false;
      pause = known ? SOON : Math.min(2 * pause, LONGEST);
      due = known ? 0 : started + pause;
    });
  }

  // Shows the number of jobs in progress; returns after how many milliseconds
  // to ask again, 0 for not at all
  function show(state) {
    var before = recall(), now = {}, told = 0, failed = {};
    state.jobs.forEach(function (job) {
      if (job.state === "active") {
        now[job.uid] = false;
        told += 1;
      } else {
        failed[job.uid] = true;
      }
    });
    Object.keys(before).forEach(function (uid) {
      if (!(uid in now)) {
        // Not all jobs may be listed: then it may still be in progress
        now[uid] = Boolean(failed[uid]) || state.active <= told;
      }
    });
    remember(now);
    link.hidden = !state.active;
    box.querySelector(".queue-indicator-skipped").hidden = !state.skipped;
    box.querySelector(".queue-indicator-count").textContent = state.active;
    box.querySelector(".queue-indicator-waits").textContent = state.waits || "";
    link.title = texts.title + (state.waits ? "\n" + state.waits : "");
    var over = Object.keys(now).filter(function (uid) { return now[uid]; });
    if (over.length) {
      askHow(over);
    }
    if (over.length < Object.keys(now).length) {
      return over.length ? Math.min(pause, PERIOD) : PERIOD;
    }
    return over.length ? pause : 0;
  }

  function ask(query) {
    return fetch(box.dataset.url + query,
                 {credentials: "same-origin", cache: "no-store"})
      .then(function (response) {
        if (!response.ok) {
          throw new Error(response.status);
        }
        return response.json();
      });
  }

  function poll() {
    if (document.hidden) {
      window.setTimeout(poll, PERIOD);
      return;
    }
    ask("")
      .then(function (state) {
        // Nobody is told what the queue does for somebody else
        var wait = state.user === box.dataset.user ? show(state) : 0;
        if (wait) {
          window.setTimeout(poll, wait);
        } else {
          idle();
        }
      })
      .catch(function () { window.setTimeout(poll, 3 * PERIOD); });
  }

  // Nothing is in progress: wait until a row of the page is marked as queued
  function idle() {
    if (document.querySelector(".queued-mark, .queue-progress:not([hidden])")) {
      window.setTimeout(poll, PERIOD);
      return;
    }
    window.setTimeout(idle, IDLE);
  }

  // Messages of other scripts that must outlive a reload of rows
  document.addEventListener("queue-tell", function (event) {
    tell(event.detail.text, event.detail.level, "queue-told");
  });

  var first = show(JSON.parse(box.dataset.state));
  if (first) {
    window.setTimeout(poll, first);
  } else {
    idle();
  }
}());
