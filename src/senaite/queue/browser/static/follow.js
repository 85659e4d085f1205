/* Keeps My tasks and the page of a task up to date: what they show changes
 * together with messages, marks and bars, see state.js.
 *
 * Elements with `data-follow` are replaced by those of the same id that one of
 * them has the address of. */
(function () {
  "use strict";

  // Milliseconds between two loads as long as nothing ends or begins
  var REST = 3000;
  var parts = Array.from(document.querySelectorAll("[data-follow]"));
  var source = parts.filter(function (part) { return part.dataset.url; })[0];
  if (!source || source.dataset.started) {
    return;
  }
  source.dataset.started = "1";
  var told = null, next = 0;

  function load() {
    return fetch(source.dataset.url, {
      credentials: "same-origin", cache: "no-store"
    }).then(function (response) {
      return response.text();
    }).then(function (text) {
      return new DOMParser().parseFromString(text, "text/html");
    }).catch(function () {
      // The next answer has it loaded again
      next = 0;
      return null;
    });
  }

  function isTyping() {
    var focus = document.activeElement;
    return focus && source.contains(focus) &&
      /^(input|select|textarea)$/i.test(focus.tagName);
  }

  // Folded parts stay folded, and the focus stays where it is
  function replace(part, fresh) {
    if (part.innerHTML === fresh.innerHTML) {
      return;
    }
    var open = Array.from(part.querySelectorAll("details"), function (detail) {
      return detail.open;
    });
    var focus = document.activeElement, found = null;
    if (part.contains(focus)) {
      found = focus.id ? fresh.querySelector("#" + focus.id) :
        Array.from(fresh.querySelectorAll("a")).filter(function (link) {
          return link.href === focus.href;
        })[0];
    }
    part.replaceChildren.apply(part, Array.from(fresh.childNodes));
    part.querySelectorAll("details").forEach(function (detail, index) {
      detail.open = Boolean(open[index]);
    });
    if (found) {
      found.focus({preventScroll: true});
    }
  }

  function show(page) {
    if (!page || isTyping()) {
      return;
    }
    parts.forEach(function (part) {
      var fresh = page.getElementById(part.id);
      if (fresh) {
        replace(part, fresh);
      }
    });
  }

  document.addEventListener("queue-question", function (event) {
    event.detail.asks = true;
  });

  document.addEventListener("queue-answer", function (event) {
    var answer = event.detail.answer, page = null;
    var now = JSON.stringify([
      answer.jobs, answer.active, answer.waits, answer.skipped]);
    if (now === told && !Object.keys(answer.ended).length &&
        Date.now() < next) {
      return;
    }
    told = now;
    next = Date.now() + REST;
    event.detail.loads.push(load().then(function (found) { page = found; }));
    event.detail.shows.push(function () { show(page); });
  });
}());
