/* Spares people to wait for the rows of a selection that is queued as a whole.
 *
 * A listing of SENAITE 2.6 (`ajax_do_transition_for`) sends a request for each
 * row, one after the other, and draws itself anew several times for each. The
 * first one queues all rows, and its answer shows them all; the answer to the
 * second one says that nothing is left to be asked for. */
(function () {
  "use strict";

  var NOTHING = {count: 0, folderitems: [], errors: {}, redirects: {}};

  // Has a method do nothing where that changes nothing but draws all rows
  function spare(listing, name, is_idle) {
    var method = listing[name];
    listing[name] = function () {
      if (!is_idle.apply(listing, arguments)) {
        return method.apply(listing, arguments);
      }
    };
  }

  function prepare(listing) {
    var api = listing.api, send = api.do_action_for;
    var start = listing.ajax_do_transition_for;
    // Those of the current selection that need no request of their own
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
        // Its own row is still shown as one that is worked on
        answered = new Set((answer.answered || []).filter(function (uid) {
          return !uids.includes(uid);
        }));
        return answer;
      });
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

  // Before the button itself: a listing may have come after the page
  document.addEventListener("click", prepare_all, true);
}());
