/* Refreshes the figures and rows of the monitor every few seconds. Selection,
 * page and scroll position are kept. Pauses while the tab is hidden or the user
 * is about to press something. */
(function () {
  "use strict";

  var PERIOD = 4000, READING = 20000, MOST = 500, FORM = "queue_tasks";
  var place = document.getElementById("queue-dashboard");
  if (!place || place.dataset.started) {
    return;
  }
  place.dataset.started = "1";
  var said = document.getElementById("queue-said");
  var silence = document.getElementById("queue-silent");
  var timer = null, underWay = false, heard = new Date(), shown = null;

  // On a phone, the tasks come first: the rest is one press away
  if (window.matchMedia("(max-width: 575px)").matches) {
    place.querySelectorAll("details[data-keep]").forEach(function (part) {
      part.open = false;
    });
  }

  function listing() {
    return (window.listings || {})[FORM];
  }

  // An open confirmation, or a form that is being filled in
  function busy() {
    var focus = document.activeElement;
    var state = (listing() || {}).state || {};
    return document.hidden || state.loading || state.lock_buttons ||
      document.querySelector(".popover.show, .popover.confirmation, " +
                             ".modal.show") ||
      (focus && place.contains(focus) && /^select$/i.test(focus.tagName)) ||
      (focus && place.contains(focus) && focus.closest("form"));
  }

  function fetchJSON(url, payload) {
    var options = {credentials: "same-origin", cache: "no-store"};
    if (payload) {
      options.method = "POST";
      options.headers = {"Content-Type": "application/json"};
      options.body = JSON.stringify(payload);
    }
    return fetch(url, options).then(function (response) {
      if (!response.ok) {
        throw new Error(response.status);
      }
      return response.json();
    });
  }

  // Folded parts stay folded, what was chosen to be paused stays chosen, and the
  // focus stays where it is
  function showDashboard(data) {
    if (data.html === shown) {
      return;
    }
    shown = data.html;
    var open = {}, chosen = (pausable() || {}).value;
    var focused = nameOf(document.activeElement);
    place.querySelectorAll("details[data-keep]").forEach(function (part) {
      open[part.dataset.keep] = part.open;
    });
    var known = warnings(place).map(function (warning) {
      return warning.textContent;
    });
    var fresh = document.createElement("div");
    fresh.innerHTML = data.html;
    // What was read aloud before is not read again
    warnings(fresh).forEach(function (warning) {
      if (known.indexOf(warning.textContent) >= 0) {
        warning.removeAttribute("role");
      }
    });
    place.replaceChildren.apply(place, Array.from(fresh.childNodes));
    place.querySelectorAll("details[data-keep]").forEach(function (part) {
      if (part.dataset.keep in open) {
        part.open = open[part.dataset.keep];
      }
    });
    var select = pausable();
    if (select && Array.from(select.options).some(function (option) {
      return option.value === chosen;
    })) {
      select.value = chosen;
    }
    if (focused) {
      var again = place.querySelector(focused);
      if (again) {
        again.focus({preventScroll: true});
      }
    }
  }

  function warnings(part) {
    return Array.from(part.querySelectorAll(".queue-warning"));
  }

  // A selector that finds an element of the dashboard again, or null
  function nameOf(element) {
    if (!element || !place.contains(element)) {
      return null;
    }
    if (element.id) {
      return "#" + element.id;
    }
    if (element.tagName === "SUMMARY") {
      return "details[data-keep='" + element.parentNode.dataset.keep +
        "'] summary";
    }
    var inside = element.closest("[id^='queue-number-']") ? "#" +
      element.closest("[id^='queue-number-']").id + " " : ".queue-warning ";
    return element.dataset.queueTab ? inside + "a[data-queue-tab='" +
      element.dataset.queueTab + "']" : null;
  }

  function pausable() {
    return place.querySelector("#queue-pause-name");
  }

  // The server returns each message only once: it is always shown, and long
  // enough to be read
  function say(message) {
    var box = document.createElement("div");
    box.className = "queue-said alert alert-" + message.level + " py-2";
    box.textContent = message.text;
    said.appendChild(box);
    window.setTimeout(function () { box.remove(); }, READING);
  }

  // Refreshes all rows on the page, and keeps the selection
  function refreshRows() {
    var table = listing();
    if (!table || !table.state) {
      return Promise.resolve();
    }
    var before = table.state;
    // More rows than the server returns at once: they are not refreshed
    if ((before.folderitems || []).length > MOST) {
      return Promise.resolve();
    }
    var shown = Math.max((before.folderitems || []).length, before.pagesize);
    return fetchJSON(table.api_url + "/folderitems", {
      review_state: before.review_state, filter: before.filter || "",
      sort_on: before.sort_on, sort_order: before.sort_order,
      pagesize: shown, limit_from: 0, selected_uids: []
    }).then(function (data) {
      var now = table.state;
      // The user has changed the listing, or is about to press something
      if (now.review_state !== before.review_state ||
          now.filter !== before.filter || now.sort_on !== before.sort_on ||
          now.sort_order !== before.sort_order ||
          now.folderitems.length > shown || busy()) {
        return;
      }
      var there = {};
      data.folderitems.forEach(function (row) { there[row.uid] = true; });
      table.setState({
        folderitems: data.folderitems, total: data.total,
        count: data.count, show_more: data.show_more,
        selected_uids: now.selected_uids.filter(function (uid) {
          return there[uid];
        })
      });
    });
  }

  function refresh() {
    if (underWay || busy()) {
      return Promise.resolve();
    }
    underWay = true;
    return fetchJSON(place.dataset.url).then(function (data) {
      (data.messages || []).forEach(say);
      if (!busy()) {
        showDashboard(data);
      }
      return refreshRows();
    }).then(function () {
      heard = new Date();
      silence.hidden = true;
    }).catch(function () {
      // E.g. the web client is restarting: the next round tries again
      if (silence.hidden) {
        document.getElementById("queue-silent-since").textContent =
          heard.toLocaleTimeString();
        silence.hidden = false;
      }
    }).then(function () {
      underWay = false;
    });
  }

  function again() {
    window.clearTimeout(timer);
    timer = window.setTimeout(function () {
      refresh().then(again);
    }, PERIOD);
  }

  document.addEventListener("visibilitychange", function () {
    if (!document.hidden) {
      refresh().then(again);
    }
  });

  // Without rows nobody else asks whether the user is still logged in
  document.addEventListener("queue-question", function (event) {
    event.detail.asks = event.detail.asks || !silence.hidden;
    event.detail.insists = event.detail.insists || !silence.hidden;
  });

  // Actions return to the same tab, page and order
  function keepAddress() {
    var form = document.getElementById(FORM);
    if (form) {
      form.action = form.action.split("#")[0] + window.location.hash;
    }
  }
  window.addEventListener("hashchange", keepAddress);
  keepAddress();

  // Links to a tab of this page
  place.addEventListener("click", function (event) {
    var link = event.target.closest("a[data-queue-tab]"), table = listing();
    if (!link || !table || event.ctrlKey || event.metaKey || event.shiftKey) {
      return;
    }
    event.preventDefault();
    table.filterByState(link.dataset.queueTab);
    document.getElementById(FORM).scrollIntoView();
  });

  place.addEventListener("submit", function (event) {
    var question = event.target.dataset.confirm;
    event.target.action = event.target.action.split("#")[0] +
      window.location.hash;
    var select = event.target.querySelector("select");
    if (question && select) {
      question = question.replace("{name}", function () {
        return select.options[select.selectedIndex].text;
      });
    }
    if (question && !window.confirm(question)) {
      event.preventDefault();
    }
  });

  // The listing closes its modal at once, but Bootstrap ignores that while the
  // modal is still opening. Listens in the capture phase, because other
  // listeners may stop the event
  document.addEventListener("submit", function (event) {
    if (event.target.name === "queue-priority" && window.jQuery) {
      window.setTimeout(function () {
        window.jQuery(".modal.show").modal("hide");
      }, 800);
    }
  }, true);

  if (window.jQuery) {
    window.jQuery(document).on("hidden.bs.modal", function () {
      window.setTimeout(refresh, 600);
    });
  }

  // -- without a mouse ---------------------------------------------------------

  // A question is answered where it is asked, and "No" comes first
  if (window.jQuery) {
    window.jQuery(document).on("shown.bs.confirmation", function () {
      var answers = document.querySelectorAll(
        ".popover.confirmation .confirmation-buttons a");
      if (answers.length) {
        answers[answers.length - 1].focus();
      }
    });
  }

  // An action loads the page again: what became of it is read first, and not
  // the search field, which the listing focuses
  var isTouched = false;
  function touch() { isTouched = true; }
  document.addEventListener("keydown", touch, true);
  document.addEventListener("pointerdown", touch, true);

  function focusMessage() {
    var message = Array.from(document.querySelectorAll(
      ".alert-dismissible")).filter(function (alert) {
      return !alert.closest("#" + FORM);
    })[0];
    var focus = document.activeElement;
    if (!message || isTouched || focus && focus !== document.body &&
        !(focus.closest("#" + FORM) && focus.hasAttribute("autofocus"))) {
      return;
    }
    message.tabIndex = -1;
    message.focus({preventScroll: true});
  }
  [0, 500, 1500].forEach(function (moment) {
    window.setTimeout(focusMessage, moment);
  });

  again();
}());
