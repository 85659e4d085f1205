/* Skips the requests for the rows of a selection that is queued as a whole.
 *
 * A listing of SENAITE 2.6 (`ajax_do_transition_for`) sends a request for each
 * row, one after the other, and renders itself several times for each. The
 * first request queues all rows, and its answer updates them all; the answer to
 * the second one says that no further request is needed. */
(function () {
  "use strict";

  var NOTHING = {count: 0, folderitems: [], errors: {}, redirects: {}};

  // Skips a method where it would render all rows without any change
  function spare(listing, name, is_idle) {
    var method = listing[name];
    listing[name] = function () {
      if (!is_idle.apply(listing, arguments)) {
        return method.apply(listing, arguments);
      }
    };
  }

  // What the click has taken is said at once, and shown as soon as possible
  function tell(click) {
    if (!click) {
      return;
    }
    document.dispatchEvent(new CustomEvent("queue-tell", {detail: {
      text: click.message, job: click.job,
      level: click.left_out.length ? "warning" : "info"
    }}));
    document.dispatchEvent(new CustomEvent("queue-ask"));
  }

  function prepare(listing) {
    var api = listing.api, send = api.do_action_for;
    var start = listing.ajax_do_transition_for;
    // Rows of the current selection that need no further request
    var answered = new Set();

    function forget() {
      answered = new Set();
    }

    listing.ajax_do_transition_for = function () {
      forget();
      var done = start.apply(listing, arguments);
      Promise.resolve(done).then(forget, forget);
      return done;
    };

    api.do_action_for = function (data) {
      var uids = data.uids;
      if (uids.length && uids.every(function (uid) {
        return answered.has(uid);
      })) {
        return Promise.resolve(Object.assign({uids: uids}, NOTHING));
      }
      return send.apply(api, arguments).then(function (answer) {
        tell(answer.click);
        // The row of the request itself is still shown as loading
        answered = new Set((answer.answered || []).filter(function (uid) {
          return !uids.includes(uid);
        }));
        return answer;
      });
    };

    // Rows that were queued are not selected any more
    var update = listing.update_existing_folderitems_with;
    listing.update_existing_folderitems_with = function () {
      var updated = update.apply(listing, arguments);
      document.dispatchEvent(new CustomEvent("queue-rows", {
        detail: {listing: listing}}));
      return updated;
    };

    spare(listing, "toggleUIDLoading", function (uid) {
      return answered.has(uid);
    });
    spare(listing, "set_progress", function () {
      return answered.size > 0;
    });
    spare(listing, "update_existing_folderitems_with", function (items) {
      return !items.length;
    });
    // Called for each row before the first request
    spare(listing, "flushErrors", function (uid) {
      return uid && !(listing.state.errors[uid] || []).length;
    });
  }

  function prepare_all() {
    var listings = window.listings || {};
    Object.keys(listings).forEach(function (id) {
      var listing = listings[id];
      if (listing && listing.api && !listing.spares_answered_rows) {
        listing.spares_answered_rows = true;
        prepare(listing);
      }
    });
  }

  // Runs before the button's own listener: listings may load after the page
  document.addEventListener("click", prepare_all, true);
}());
