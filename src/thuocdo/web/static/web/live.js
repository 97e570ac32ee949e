// Keeps the counts of today and the freshness line moving. Without it a reload shows the same.
(function () {
  "use strict";
  var board = document.querySelector("[data-live]");
  if (!board || !window.fetch) return;
  var address = board.getAttribute("data-live");
  var every = 2000;
  function show(values) {
    Object.keys(values).forEach(function (key) {
      document.querySelectorAll('[data-value="' + key + '"]').forEach(function (place) {
        if (place.textContent !== values[key]) place.textContent = values[key];
      });
    });
  }
  function next() {
    window.setTimeout(ask, every);
  }
  function ask() {
    if (document.hidden) return next();
    window
      .fetch(address, { headers: { Accept: "application/json" } })
      .then(function (answer) {
        if (!answer.ok) throw new Error(String(answer.status));
        return answer.json();
      })
      .then(function (values) {
        every = 2000;
        show(values);
      })
      .catch(function () {
        every = Math.min(every * 2, 60000);
      })
      .then(next);
  }
  next();
})();
