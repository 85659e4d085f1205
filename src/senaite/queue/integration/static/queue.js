/* Shows the queue on SENAITE's pages: the progress of a worksheet or sample, its
 * state, and the rows of listings. They are loaded again when a row is queued or
 * no longer is, whoever has queued it. Asks nothing by itself, see state.js. */
(function () {
  "use strict";

  var LOOK = 500;
  // Milliseconds after which rows are loaded again that could not be loaded, the
  // first time; the next pause is twice as long, up to this number of pauses
  var RETRY = 5000, RETRIES = 7;
  // How often rows are loaded again that are still marked, while nothing says
  // that they are queued, and after how many milliseconds first
  var DOUBTS = 4, DOUBT = 1000;
  var script = document.getElementById("senaite-queue-script");
  if (!script || script.dataset.started) {
    return;
  }
  script.dataset.started = "1";
  // What was queued of the rows and what was marked at the last answer, and
  // whether the rows still have to show it
  var told = "", due = false, notBefore = 0, failures = 0;
  // Rows that are marked against the last answer: another client, which knows
  // less, may have rendered them. When to look again
  var doubt = {marks: "", tries: 0, at: 0};

  function states() {
    var listings = window.listings || {};
    return Object.keys(listings).map(function (id) {
      return (listings[id] && listings[id].state) || {};
    });
  }

  // A listing is at work, for some moments
  function atWork() {
    return states().some(function (state) {
      return state.lock_buttons || state.loading;
    });
  }

  // The field that somebody has typed in since it has the focus
  var typed = null;
  document.addEventListener("input", function (event) {
    typed = event.target;
  }, true);
  document.addEventListener("focusin", function () { typed = null; });

  // A reload would lose values that are not saved yet
  function isEdited() {
    var focus = document.activeElement;
    var unsaved = states().some(function (state) {
      return Object.keys(state.ajax_save_queue || {}).length > 0;
    });
    // In a row: the search field has the focus initially. Who only comes by
    // with the keyboard has typed nothing
    var typing = focus && focus === typed && focus.closest &&
      focus.closest(".ajax-contents-table td") &&
      /^(input|select|textarea)$/i.test(focus.tagName) &&
      !/^(checkbox|radio|button|submit)$/i.test(focus.type || "");
    return unsaved || Boolean(typing);
  }

  function busy() {
    return atWork() || isEdited();
  }

  // -- rows --------------------------------------------------------------------

  function tables() {
    return Array.from(document.querySelectorAll(".ajax-contents-table"));
  }

  function listings() {
    var known = window.listings || {};
    return Object.keys(known).map(function (id) {
      return known[id];
    }).filter(function (listing) {
      return listing && listing.state && listing.get_uids_from;
    });
  }

  // The marks of rows, as the answer tells them
  function marked() {
    return new Set(tables().map(function (table) {
      return Array.from(
        table.querySelectorAll(".queued-mark, .queue-failed-mark"),
        function (mark) {
          return mark.dataset.uid + ":" + mark.dataset.kind;
        });
    }).reduce(function (all, marks) { return all.concat(marks); }, []));
  }

  function rows() {
    var uids = new Set(Array.from(marked(), function (mark) {
      return mark.split(":")[0];
    }));
    listings().forEach(function (listing) {
      listing.get_uids_from(listing.get_folderitems()).forEach(
        function (uid) { uids.add(uid); });
    });
    return uids;
  }

  function key(uids) {
    return Array.from(uids).sort().join(",");
  }

  // What is queued cannot be selected: the buttons are those of the rest
  function release(listing) {
    var selected = listing.state.selected_uids || [];
    var queued = new Set(listing.get_folderitems().filter(function (item) {
      return item.disabled &&
        /(^| )state-queued( |$)/.test(item.state_class || "");
    }).map(function (item) { return item.uid; }));
    var rest = selected.filter(function (uid) { return !queued.has(uid); });
    if (rest.length === selected.length) {
      return;
    }
    listing.setState({selected_uids: rest}, function () {
      // While a selection is at work, the listing itself asks in the end
      if (listing.state.fetch_transitions_on_select &&
          !listing.state.lock_buttons) {
        listing.fetch_transitions();
      }
    });
  }

  function canLoad() {
    return due && Date.now() >= notBefore && !document.hidden && !busy();
  }

  // An answer without rows is an error, which the listing says
  function isLoaded(answer) {
    return Boolean(answer && answer.folderitems);
  }

  function load() {
    due = false;
    var known = listings();
    if (!known.length) {
      tables().forEach(function (table) {
        table.dispatchEvent(new CustomEvent("reload"));
      });
    }
    var missing = 0;
    return Promise.all(known.map(function (listing) {
      return Promise.resolve(listing.fetch_folderitems()).catch(
        function () {}).then(function (answer) {
        missing += isLoaded(answer) ? 0 : 1;
        release(listing);
      });
    })).then(function () {
      failures = missing ? failures + 1 : 0;
      if (missing && failures <= RETRIES) {
        due = true;
        notBefore = Date.now() + RETRY * Math.pow(2, failures - 1);
      }
    });
  }

  // Rows that were to be loaded while somebody was typing
  function catchUp() {
    if (canLoad()) {
      load().then(function () { follow.forEach(function (bar) { bar(); }); });
    }
  }

  document.addEventListener("queue-rows", function (event) {
    release(event.detail.listing);
  });

  // -- the progress of a worksheet or sample ------------------------------------

  // Functions that show the last answer
  var follow = Array.from(
    document.querySelectorAll(".queue-status"), function (box) {
      return prepare(box);
    });
  var progress = null, isAnswered = false;
  var left = Array.from(
    document.querySelectorAll(".queue-status"), function (box) {
      return parseInt(box.dataset.left, 10) || 0;
    }).reduce(function (sum, count) { return sum + count; }, 0);

  // The menu with the state of the worksheet or sample, which work may change
  var MENU = "plone-contentmenu-workflow";
  var object = document.querySelector(".queue-status");
  var state = object && object.dataset.state;

  function fetchMenu() {
    return fetch(object.dataset.menu, {
      credentials: "same-origin", cache: "no-store"
    }).then(function (response) {
      return response.text();
    }).then(function (text) {
      return new DOMParser().parseFromString(text, "text/html")
        .getElementById(MENU);
    }).catch(function () {
      // The next answer tells the state again
      return null;
    });
  }

  function showMenu(menu, itsState) {
    var shown = document.getElementById(MENU);
    if (menu && shown) {
      shown.parentNode.replaceChild(document.adoptNode(menu), shown);
      state = itsState;
    }
  }

  // The bar stays in sight while long listings are scrolled: it sticks to the
  // top of what it is in, which has to be as long as the listing
  function unfold(box) {
    var row = box.closest(".row") || box.parentNode;
    row.parentNode.insertBefore(box, row);
  }

  function prepare(box) {
    unfold(box);
    var bar = box.querySelector(".queue-progress");
    var failures = box.querySelector(".queue-failed");

    function text(parent, name, value) {
      var found = parent.querySelector(name);
      if (found) {
        found.textContent = value;
      }
    }

    // As the answer tells it: nothing is kept of jobs that have ended, because
    // nobody knows here whether they were done, removed or have failed
    function showNumbers(count) {
      var total = progress.total || 0;
      var skipped = progress.skipped || 0;
      var done = Math.max(total - count - skipped, 0);
      function share(part) {
        return total ? Math.floor(100 * part / total) : 0;
      }
      var percent = share(done);
      var lines = bar.querySelectorAll(".progress-bar");
      // A sample has no bar: only what is left is known
      if (lines.length) {
        lines[0].style.width = percent + "%";
        lines[0].setAttribute("aria-valuenow", percent);
        lines[1].style.width = share(skipped) + "%";
      }
      text(bar, ".queue-progress-skipped-count", skipped);
      bar.querySelector(".queue-progress-skipped").hidden = !skipped;
      text(bar, ".queue-progress-done", done);
      text(bar, ".queue-progress-total", total);
      text(bar, ".queue-progress-left", count);
      text(bar, ".queue-progress-who", progress.who || "");
      text(bar, ".queue-progress-waits", progress.waits || "");
    }

    return function () {
      if (!progress) {
        // What may not be seen any more
        bar.hidden = isAnswered;
        return;
      }
      var count = progress.left || 0;
      // The work has ended, and the rows wait for who is editing them
      var isPostponed = !count && due && isEdited();
      Array.from(bar.children).forEach(function (part) {
        part.hidden = isPostponed !== part.classList.contains(
          "queue-progress-postponed");
      });
      bar.querySelector(".queue-progress-stale").hidden = true;
      text(failures, ".queue-failed-count", progress.failed || 0);
      failures.hidden = !progress.failed;
      var mine = failures.querySelector(".queue-failed-mine");
      // A page of an older release has none, or one for everybody
      if (mine) {
        mine.hidden = !progress.mine;
      }
      // At the end, nothing here tells what was done and what was skipped: the
      // numbers stay as they are until the rows are shown and the bar is hidden
      if (count) {
        showNumbers(count);
        bar.hidden = false;
      } else if (!due) {
        bar.hidden = true;
      }
    };
  }

  document.addEventListener("queue-silent", function () {
    document.querySelectorAll(".queue-progress-stale").forEach(
      function (stale) { stale.hidden = false; });
  });

  // -- questions and answers ------------------------------------------------------

  document.addEventListener("queue-question", function (event) {
    var detail = event.detail;
    rows().forEach(function (uid) { detail.uids.add(uid); });
    detail.asks = detail.asks || detail.uids.size > 0 || follow.length > 0;
    detail.follows = detail.follows || Boolean(
      document.querySelector(".queue-progress:not([hidden])"));
    detail.insists = detail.insists || isDoubtful();
    detail.isAtWork = detail.isAtWork || atWork();
  });

  document.addEventListener("queue-answer", function (event) {
    var answer = event.detail.answer, shown = key(marked());
    var marks = marksOf(answer), queued = key(marks);
    var now = answer.progress ? answer.progress.left || 0 : 0;
    if (event.detail.isPatient && atWork()) {
      event.detail.isEarly = true;
      return;
    }
    var compared = queued + "/" + shown, isDoubt = isDoubtful();
    // A listing that marks nothing is not loaded again and again
    if (now !== left || queued !== shown && compared !== told ||
        isDoubt) {
      due = true;
      if (failures > RETRIES) {
        failures = 0;
      }
    }
    told = compared;
    left = now;
    if (canLoad()) {
      doubt.tries += isDoubt ? 1 : 0;
      event.detail.loads.push(load());
    }
    var menu = null;
    // An add-on may have removed what tells where the menu is
    if (object && answer.progress && answer.progress.state !== state &&
        document.getElementById(MENU)) {
      event.detail.loads.push(fetchMenu().then(function (found) {
        menu = found;
      }));
    }
    event.detail.shows.push(function () {
      compare(marks);
      showMenu(menu, (answer.progress || {}).state);
      progress = answer.progress;
      isAnswered = true;
      follow.forEach(function (bar) { bar(); });
    });
  });

  // During an upgrade, a web client of an older release may answer
  function marksOf(answer) {
    return answer.marks || answer.queued.map(function (uid) {
      return uid + ":queued";
    });
  }

  function isDoubtful() {
    return Boolean(doubt.marks) && doubt.tries < DOUBTS &&
      Date.now() >= doubt.at;
  }

  function compare(marks) {
    var wrong = key(Array.from(marked()).filter(function (mark) {
      return marks.indexOf(mark) < 0;
    }));
    if (wrong !== doubt.marks) {
      doubt = {marks: wrong, tries: 0, at: 0};
    }
    doubt.at = Date.now() + DOUBT * Math.pow(2, doubt.tries);
  }

  // -- messages about unsaved rows, where a reload of the rows keeps them --------

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

  new MutationObserver(function () {
    document.querySelectorAll(".queued-refusal").forEach(repeat);
  }).observe(document.body, {childList: true, subtree: true});

  window.setInterval(catchUp, LOOK);
}());
