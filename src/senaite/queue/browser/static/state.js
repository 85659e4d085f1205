/* Asks what a page shows of the queue, and has it shown together.
 *
 * One small question, answered in a few bytes while nothing has changed; one
 * answer to all when it has. Who shows something listens to two events:
 *
 *   queue-question  `detail.uids` and `detail.jobs` take what to ask about, and
 *                   `detail.running` the jobs that are shown as in progress;
 *                   `detail.asks` is set where there is anything to ask,
 *                   `detail.follows` where work is in progress,
 *                   `detail.insists` where an answer may have changed that has
 *                   no version, and `detail.isAtWork` where no answer could be
 *                   shown now: then it asks later
 *   queue-answer    `detail.answer`; `detail.loads` takes promises to wait for
 *                   first, and `detail.shows` functions that show it.
 *                   `detail.isEarly` is set by who cannot show it yet; the
 *                   answer comes again, as long as it is said to be `isPatient`
 *
 * `queue-ask` has it ask at once, `queue-silent` tells that no answer came. */
(function () {
  "use strict";

  // Milliseconds between questions: while work is in progress, otherwise, on a
  // page that nobody has touched for long, and after an error
  var FOLLOW = 400, IDLE = 2500, AWAY = 10000, RETRY = 5000, LOGGED_OUT = 15000;
  // After how many milliseconds without news or touch it asks less often
  var NO_NEWS = 60000, NO_TOUCH = 600000;
  // How a job has ended may take a moment to be known: so often, and how long
  // to wait in between
  var TRIES = 10, MOMENT = 150;
  // How long others wait for rows, and after how long at most rows are loaded
  // again while work is in progress
  var LOADING = 30000, REST = 5000;

  var box = document.getElementById("queue-indicator");
  if (!box || box.dataset.asking) {
    return;
  }
  box.dataset.asking = "1";
  // The object of the page tells its progress. Who may not see it any more, or
  // whose object is gone, asks the site, and the object again after a while: it
  // may have been a server in front of ours that did not find it
  var url = box.dataset.url, movedAt = 0, ELSEWHERE = 30000;
  var version = "", timer = null, asking = false, again = false, tries = 0;
  var waiting = 0, shown = "";
  var news = Date.now(), touched = Date.now(), next = 0, stopped = false;
  var loggedOut = false;

  function tell(name, detail) {
    document.dispatchEvent(new CustomEvent(name, {detail: detail || {}}));
    return detail;
  }

  function pause(milliseconds) {
    return new Promise(function (done) {
      window.setTimeout(done, milliseconds);
    });
  }

  function request(options, query) {
    options = Object.assign(
      {credentials: "same-origin", cache: "no-store"}, options);
    return fetch(url + (query || ""), options).then(
      function (response) {
        var type = response.headers.get("Content-Type") || "";
        if (response.status === 204) {
          return null;
        }
        // SENAITE sends who may not see it to a page
        var isRefused = response.status === 401 || response.status === 403 ||
            response.ok && type.indexOf("json") < 0;
        if (url !== box.dataset.site && (isRefused || response.status === 404)) {
          url = box.dataset.site;
          movedAt = Date.now();
          throw new Error("moved");
        }
        if (isRefused) {
          throw new Error("logged out");
        }
        if (!response.ok) {
          throw new Error(response.status);
        }
        return response.json();
      });
  }

  function isChanged(question) {
    if (!version || question.insists) {
      return Promise.resolve(true);
    }
    return request({}, "?since=" + encodeURIComponent(version)).then(
      function (answer) { return answer !== null; });
  }

  function askAll(question) {
    var form = new FormData();
    form.append("all", "1");
    form.append("uids", Array.from(question.uids).join(","));
    form.append("jobs", question.jobs.join(","));
    return request({method: "POST", body: form}).then(function (answer) {
      return check(answer) ? show(answer, question) : LOGGED_OUT;
    });
  }

  // Nobody is told what the queue does for somebody else
  function check(answer) {
    if (answer.user === null) {
      sayLoggedOut();
      return false;
    }
    if (answer.user !== box.dataset.user) {
      stopped = true;
      tell("queue-silent");
      return false;
    }
    if (loggedOut) {
      loggedOut = false;
      url = box.dataset.url;
      tell("queue-logged-in");
    }
    return true;
  }

  // Returns after how many milliseconds to ask again
  function show(answer, question) {
    // It has ended here, and the queue server has not said how
    var isUnsettled = answer.unsettled.some(function (uid) {
      return question.running.indexOf(uid) >= 0;
    });
    if (isUnsettled && tries < TRIES) {
      tries += 1;
      return MOMENT;
    }
    var progress = answer.progress || {left: 0};
    var isEnd = !progress.left && !answer.queued.length ||
      Object.keys(answer.ended).length > 0;
    if (!isEnd && Date.now() < next) {
      return next - Date.now();
    }
    var started = Date.now();
    waiting = waiting || started;
    var detail = tell("queue-answer", {
      answer: answer, question: question, loads: [], shows: [],
      isEarly: false, isPatient: started - waiting < LOADING});
    if (detail.isEarly) {
      return MOMENT;
    }
    waiting = 0;
    return Promise.race([Promise.all(detail.loads), pause(LOADING)]).then(
      function () {
        detail.shows.forEach(function (showPart) { showPart(); });
        tries = 0;
        version = answer.version;
        note(answer);
        if (detail.loads.length) {
          // Rows are expensive: no page spends most of its time on them
          var now = Date.now();
          next = now + Math.min(3 * (now - started), REST);
        }
        return period();
      });
  }

  // News are what changes here, not what the queue does elsewhere
  function note(answer) {
    var text = JSON.stringify(Object.assign({}, answer, {version: ""}));
    if (text !== shown) {
      shown = text;
      news = Date.now();
    }
  }

  function period() {
    var question = collect(), now = Date.now();
    if (question.follows && now - news < NO_NEWS) {
      return FOLLOW;
    }
    return now - touched > NO_TOUCH ? AWAY : IDLE;
  }

  function collect() {
    return tell("queue-question", {
      uids: new Set(), jobs: [], running: [], asks: false, follows: false,
      insists: false, isAtWork: false});
  }

  function round() {
    window.clearTimeout(timer);
    timer = null;
    if (stopped || document.hidden) {
      return;
    }
    if (url !== box.dataset.url && Date.now() - movedAt > ELSEWHERE) {
      url = box.dataset.url;
      version = "";
    }
    if (asking) {
      again = true;
      return;
    }
    var question = collect();
    if (!question.asks) {
      timer = window.setTimeout(round, FOLLOW);
      return;
    }
    if (question.isAtWork) {
      waiting = waiting || Date.now();
      if (Date.now() - waiting < LOADING) {
        timer = window.setTimeout(round, MOMENT);
        return;
      }
    } else {
      waiting = 0;
    }
    asking = true;
    isChanged(question).then(function (changed) {
      return changed ? askAll(question) : period();
    }).catch(function (error) {
      if (error.message === "logged out") {
        sayLoggedOut();
        return LOGGED_OUT;
      }
      tell("queue-silent");
      return error.message === "moved" ? MOMENT : RETRY;
    }).then(function (wait) {
      asking = false;
      if (!stopped) {
        timer = window.setTimeout(round, again ? 0 : wait);
      }
      again = false;
    });
  }

  function sayLoggedOut() {
    version = "";
    tell("queue-silent");
    if (!loggedOut) {
      loggedOut = true;
      tell("queue-logged-out");
    }
  }

  function touch() {
    var wasAway = Date.now() - touched > NO_TOUCH;
    touched = Date.now();
    if (wasAway) {
      round();
    }
  }

  document.addEventListener("visibilitychange", round);
  document.addEventListener("queue-ask", function () {
    news = Date.now();
    version = "";
    round();
  });
  ["pointermove", "pointerdown", "keydown", "scroll"].forEach(
    function (name) {
      document.addEventListener(name, touch, {passive: true, capture: true});
    });

  // When all scripts of the page are there
  timer = window.setTimeout(round, FOLLOW);
}());
