/* The indicator in the toolbar while a job of the user is in progress, and
 * messages: what a click has taken, and how a job has ended. Asks nothing by
 * itself, see state.js. */
(function () {
  "use strict";

  var LONGEST = 30000;
  var KEY = "senaite.queue.jobs", TOLD = "senaite_queue_told";
  var LEVELS = {error: "danger"};
  var box = document.getElementById("queue-indicator");
  if (!box || box.dataset.started) {
    return;
  }
  box.dataset.started = "1";
  var texts = JSON.parse(box.dataset.texts);
  var link = document.getElementById("queue-indicator-link");
  // How jobs have ended: when to ask again at the earliest, and after how many
  // milliseconds
  var due = 0, pause = 1000;

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

  function tell(text, level, kind, isAboutJobs) {
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
    if (isAboutJobs) {
      message.appendChild(page);
    }
    place().appendChild(message);
    return message;
  }

  // That something was queued is said until there is something newer to say
  function forgetClicks() {
    document.querySelectorAll(".queue-told.alert-info").forEach(
      function (message) { message.remove(); });
  }

  // Tells how jobs have ended, of which the queue server knows it
  function tellEnds(ended) {
    var jobs = recall(), known = false;
    Object.keys(ended).forEach(function (uid) {
      if (!(uid in jobs)) {
        return;
      }
      known = true;
      delete jobs[uid];
      if (ended[uid]) {
        forgetClicks();
        tell(ended[uid].text, ended[uid].level, "queue-ended", true);
      }
    });
    remember(jobs);
    return known;
  }

  // Shows the number of jobs in progress
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
  }

  // A job may have ended before an answer lists it
  function expect(uid) {
    var jobs = recall();
    if (uid && !(uid in jobs)) {
      jobs[uid] = false;
      remember(jobs);
    }
  }

  function isOver(jobs) {
    return function (uid) { return jobs[uid]; };
  }

  // How a job has ended is asked less and less often while nobody knows
  document.addEventListener("queue-question", function (event) {
    var jobs = recall(), detail = event.detail;
    var over = Object.keys(jobs).filter(isOver(jobs));
    var isDue = over.length > 0 && Date.now() >= due;
    detail.running = Object.keys(jobs).filter(function (uid) {
      return !jobs[uid];
    });
    // Not all may be answered: first those that have ended
    detail.jobs = (isDue ? over : []).concat(detail.running);
    detail.asks = detail.asks || detail.jobs.length > 0;
    detail.follows = detail.follows || detail.running.length > 0;
    detail.insists = detail.insists || isDue;
  });

  document.addEventListener("queue-answer", function (event) {
    var answer = event.detail.answer;
    event.detail.shows.push(function () {
      show(answer);
      var known = tellEnds(answer.ended), jobs = recall();
      if (Object.keys(jobs).some(isOver(jobs))) {
        pause = known ? 1000 : Math.min(2 * pause, LONGEST);
        due = Date.now() + pause;
      } else {
        pause = 1000;
      }
    });
  });

  var farewell = null;
  document.addEventListener("queue-logged-out", function () {
    farewell = tell(texts.logged_out, "light", "queue-logged-out", false);
  });
  document.addEventListener("queue-logged-in", function () {
    if (farewell) {
      farewell.remove();
    }
  });

  // Messages of other scripts that must outlive a reload of rows
  document.addEventListener("queue-tell", function (event) {
    forgetClicks();
    expect(event.detail.job);
    tell(event.detail.text, LEVELS[event.detail.level] || event.detail.level,
         "queue-told", true);
  });

  // What the form of the last page has taken
  function repeat() {
    var found = document.cookie.split("; ").filter(function (cookie) {
      return cookie.indexOf(TOLD + "=") === 0;
    })[0];
    if (!found) {
      return;
    }
    document.cookie = TOLD + "=; path=/; max-age=0";
    try {
      var text = found.slice(TOLD.length + 1).replace(/^"|"$/g, "");
      var said = JSON.parse(decodeURIComponent(text));
      expect(said.job);
      tell(said.text, LEVELS[said.level] || said.level, "queue-told", true);
    } catch (error) {
      // Not ours
    }
  }

  show(JSON.parse(box.dataset.state));
  repeat();
}());
