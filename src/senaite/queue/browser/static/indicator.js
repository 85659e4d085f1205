/* The indicator in the toolbar while a job of the user is in progress, and the
 * message when it ends. Polls the web client, and only while there are jobs in
 * progress. */
(function () {
  "use strict";

  var PERIOD = 3000, IDLE = 1000, KEY = "senaite.queue.jobs";
  var box = document.getElementById("queue-indicator");
  if (!box || box.dataset.started) {
    return;
  }
  box.dataset.started = "1";
  var texts = JSON.parse(box.dataset.texts);
  var link = document.getElementById("queue-indicator-link");

  // The jobs in progress on the previous page: job uid -> label and task
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
      found.style.cssText = "position:fixed;right:1rem;bottom:1rem;" +
        "z-index:1080;max-width:min(24rem, calc(100vw - 2rem))";
      document.body.appendChild(found);
    }
    return found;
  }

  function tell(text, level, kind) {
    var message = document.createElement("div");
    message.className = kind + " alert alert-" + level + " shadow";
    var words = document.createElement("bdi");
    words.textContent = text + " ";
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

  // Tells how jobs ended; `ended`: job uid -> label, task and failed
  function tellHow(ended, removed) {
    Object.keys(ended).forEach(function (uid) {
      var job = ended[uid];
      var how = job.failed ? "failed"
        : removed.indexOf(job.task) >= 0 ? "removed" : "done";
      tell(texts[how].replace("{job}", job.label),
           {failed: "danger", removed: "warning", done: "success"}[how],
           "queue-ended");
    });
  }

  function show(state) {
    var before = recall(), now = {}, failed = {}, ended = {};
    state.jobs.forEach(function (job) {
      if (job.state === "active") {
        now[job.uid] = {label: job.label, task: job.task};
      } else {
        failed[job.uid] = true;
      }
    });
    var told = Object.keys(now).length;
    Object.keys(before).forEach(function (uid) {
      if (uid in now) {
        return;
      }
      if (!failed[uid] && state.active > told) {
        // Not all jobs are listed: this one may still be in progress
        now[uid] = before[uid];
        return;
      }
      ended[uid] = {label: before[uid].label, task: before[uid].task,
                    failed: failed[uid]};
    });
    remember(now);
    link.hidden = !state.active;
    box.querySelector(".queue-indicator-count").textContent = state.active;
    var asked = Object.keys(ended).map(function (uid) {
      return ended[uid].task;
    });
    if (asked.length) {
      ask("?ended=" + asked.join(",")).then(function (answer) {
        tellHow(ended, answer.removed || []);
      }).catch(function () { tellHow(ended, []); });
    }
    return state.active > 0;
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
        if (show(state)) {
          window.setTimeout(poll, PERIOD);
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

  if (show(JSON.parse(box.dataset.state))) {
    window.setTimeout(poll, PERIOD);
  } else {
    idle();
  }
}());
