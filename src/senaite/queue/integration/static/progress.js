/* Shows how far the queue is with a worksheet: brings the bar up to date while
 * something is queued, reloads the listings of the page when something was
 * finished, and hides the bar in the end. */
(function () {
  "use strict";

  var LOOK = 500, POLL = 1500, RETRY = 5000, ELSEWHERE = 10000;

  // What was typed and not saved yet would be lost by a reload
  function busy() {
    var listings = window.listings || {};
    var focus = document.activeElement;
    var unsaved = Object.keys(listings).some(function (id) {
      var state = (listings[id] && listings[id].state) || {};
      return state.lock_buttons || state.loading ||
        Object.keys(state.ajax_save_queue || {}).length > 0;
    });
    var typing = focus && focus.closest &&
      focus.closest(".ajax-contents-table") &&
      /^(input|select|textarea)$/i.test(focus.tagName) &&
      !/^(checkbox|radio|button|submit)$/i.test(focus.type || "");
    return unsaved || Boolean(typing);
  }

  function init(box) {
    var total = parseInt(box.dataset.total, 10) || 0;
    var left = parseInt(box.dataset.left, 10) || 0;
    var due = false;

    function reload() {
      if (!due || busy()) {
        return;
      }
      due = false;
      document.querySelectorAll(".ajax-contents-table").forEach(
        function (table) {
          table.dispatchEvent(new CustomEvent("reload"));
        });
    }

    function show(progress) {
      if (progress.left !== left) {
        due = true;
      }
      left = progress.left || 0;
      // A new job may have been added, and finished ones are not counted
      total = left ? Math.max(total, progress.total) : total;
      var done = Math.max(total - left, 0);
      var percent = total ? Math.floor(100 * done / total) : 100;
      var bar = box.querySelector(".progress-bar");
      bar.style.width = percent + "%";
      bar.setAttribute("aria-valuenow", percent);
      box.querySelector(".queue-progress-done").textContent = done;
      box.querySelector(".queue-progress-total").textContent = total;
      box.querySelector(".queue-progress-stale").hidden = true;
      box.hidden = box.hidden && !left;
    }

    // Nothing is queued: wait until a row says that it is. Costs no request.
    function idle() {
      if (document.querySelector(".ajax-contents-table .queued-mark")) {
        poll();
        return;
      }
      window.setTimeout(idle, LOOK);
    }

    // The last reload may have to wait for somebody who is typing
    function finish() {
      reload();
      if (due) {
        window.setTimeout(finish, LOOK);
        return;
      }
      // Rows may be queued for another worksheet: look at them now and then
      window.setTimeout(idle, box.hidden ? ELSEWHERE : POLL);
      box.hidden = true;
      total = left = 0;
    }

    function poll() {
      fetch(box.dataset.url, {credentials: "same-origin", cache: "no-store"})
        .then(function (response) {
          if (!response.ok) {
            throw new Error(response.status);
          }
          return response.json();
        })
        .then(function (progress) {
          show(progress);
          if (!left) {
            due = true;
            finish();
            return;
          }
          reload();
          window.setTimeout(poll, POLL);
        })
        .catch(function () {
          box.querySelector(".queue-progress-stale").hidden = false;
          window.setTimeout(poll, RETRY);
        });
    }

    if (left) {
      window.setTimeout(poll, POLL);
    } else {
      idle();
    }
  }

  document.querySelectorAll(".queue-progress").forEach(function (box) {
    if (!box.dataset.started) {
      box.dataset.started = "1";
      init(box);
    }
  });
}());
