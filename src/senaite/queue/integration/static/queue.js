/* Keeps SENAITE's pages up to date while the queue works: refreshes the progress
 * of a worksheet or sample, and reloads the listings of a page when one of their
 * rows is no longer queued. */
(function () {
  "use strict";

  var LOOK = 500, POLL = 1500, RETRY = 5000, ELSEWHERE = 10000;
  var script = document.getElementById("senaite-queue-script");
  var due = false;

  // A reload would lose values that are not saved yet
  function busy() {
    var listings = window.listings || {};
    var focus = document.activeElement;
    var unsaved = Object.keys(listings).some(function (id) {
      var state = (listings[id] && listings[id].state) || {};
      return state.lock_buttons || state.loading ||
        Object.keys(state.ajax_save_queue || {}).length > 0;
    });
    // In a row: the search field has the focus initially
    var typing = focus && focus.closest &&
      focus.closest(".ajax-contents-table td") &&
      /^(input|select|textarea)$/i.test(focus.tagName) &&
      !/^(checkbox|radio|button|submit)$/i.test(focus.type || "");
    return unsaved || Boolean(typing);
  }

  function tables() {
    return document.querySelectorAll(".ajax-contents-table");
  }

  function reload() {
    if (!due || busy()) {
      return;
    }
    due = false;
    tables().forEach(function (table) {
      table.dispatchEvent(new CustomEvent("reload"));
    });
  }

  function ask(url, options) {
    options = Object.assign(
      {credentials: "same-origin", cache: "no-store"}, options);
    return fetch(url, options).then(function (response) {
      if (!response.ok) {
        throw new Error(response.status);
      }
      return response.json();
    });
  }

  // -- the progress of a worksheet or sample ---------------------------------

  function follow(box) {
    var bar = box.querySelector(".queue-progress");
    var failures = box.querySelector(".queue-failed");
    var total = parseInt(box.dataset.total, 10) || 0;
    var left = parseInt(box.dataset.left, 10) || 0;

    function text(parent, name, value) {
      var found = parent.querySelector(name);
      if (found) {
        found.textContent = value;
      }
    }

    function share(count) {
      return total ? Math.floor(100 * count / total) : 100;
    }

    function show(progress) {
      due = due || progress.left !== left;
      left = progress.left || 0;
      bar.querySelector(".queue-progress-stale").hidden = true;
      text(failures, ".queue-failed-count", progress.failed || 0);
      failures.hidden = !progress.failed;
      // At the end, nothing here tells what was done and what was skipped: the
      // numbers stay as they are until the bar is hidden
      if (left) {
        showNumbers(progress);
        bar.hidden = false;
      }
    }

    function showNumbers(progress) {
      // Jobs may have been added, and finished ones are not counted
      total = Math.max(total, progress.total);
      var skipped = progress.skipped || 0;
      var done = Math.max(total - left - skipped, 0);
      var percent = share(done);
      var lines = bar.querySelectorAll(".progress-bar");
      // A sample has no bar: only what is left is known
      if (lines.length) {
        lines[0].style.width = percent + "%";
        lines[0].setAttribute("aria-valuenow", percent);
        lines[1].style.width = (skipped && share(skipped)) + "%";
      }
      text(bar, ".queue-progress-skipped-count", skipped);
      bar.querySelector(".queue-progress-skipped").hidden = !skipped;
      text(bar, ".queue-progress-done", done);
      text(bar, ".queue-progress-total", total);
      text(bar, ".queue-progress-left", left);
      text(bar, ".queue-progress-who", progress.who || "");
      text(bar, ".queue-progress-waits", progress.waits || "");
    }

    // Nothing is queued: wait until a row is marked. Sends no request
    function idle() {
      if (document.querySelector(".ajax-contents-table .queued-mark")) {
        poll();
        return;
      }
      window.setTimeout(idle, LOOK);
    }

    // The last reload may have to wait until the user stops typing
    function finish() {
      reload();
      if (due) {
        window.setTimeout(finish, LOOK);
        return;
      }
      // Rows may be queued for another worksheet: check them now and then
      window.setTimeout(idle, bar.hidden ? ELSEWHERE : POLL);
      bar.hidden = true;
      total = left = 0;
    }

    function poll() {
      ask(box.dataset.url).then(function (progress) {
        var was = left;
        show(progress);
        if (!left) {
          due = due || was > 0;
          finish();
          return;
        }
        reload();
        window.setTimeout(poll, POLL);
      }).catch(function () {
        bar.querySelector(".queue-progress-stale").hidden = false;
        window.setTimeout(poll, RETRY);
      });
    }

    if (left) {
      window.setTimeout(poll, POLL);
    } else {
      idle();
    }
  }

  // -- messages about unsaved rows, where a reload of the rows keeps them ------

  function repeat(refusal) {
    if (refusal.dataset.repeated) {
      return;
    }
    refusal.dataset.repeated = "1";
    document.dispatchEvent(new CustomEvent("queue-tell", {detail: {
      text: refusal.dataset.title + ": " + refusal.textContent,
      level: "warning"
    }}));
  }

  function listen() {
    new MutationObserver(function () {
      document.querySelectorAll(".queued-refusal").forEach(repeat);
    }).observe(document.body, {childList: true, subtree: true});
  }

  // -- marks of rows, on any page --------------------------------------------

  function marked() {
    var uids = {};
    tables().forEach(function (table) {
      table.querySelectorAll(".queued-mark[data-uid]").forEach(
        function (mark) {
          uids[mark.dataset.uid] = true;
        });
    });
    return Object.keys(uids);
  }

  function watch() {
    var uids = marked();
    if (!uids.length || document.hidden) {
      reload();
      window.setTimeout(watch, LOOK);
      return;
    }
    var form = new FormData();
    form.append("uids", uids.join(","));
    ask(script.dataset.url, {method: "POST", body: form}).then(
      function (answer) {
        due = due || answer.queued.length < uids.length;
        reload();
        window.setTimeout(watch, POLL);
      }).catch(function () {
        window.setTimeout(watch, RETRY);
      });
  }

  function start() {
    document.querySelectorAll(".queue-status").forEach(function (box) {
      if (!box.dataset.started) {
        box.dataset.started = "1";
        follow(box);
      }
    });
    if (script && !script.dataset.started) {
      script.dataset.started = "1";
      listen();
      watch();
    }
  }

  start();
}());
