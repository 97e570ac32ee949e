// Shows the last 60 minutes as the server draws them. Without it a reload shows the same.
(function () {
  "use strict";
  var place = document.querySelector("[data-stream]");
  if (!place || !window.EventSource) return;
  var source = null;
  function watch() {
    source = new EventSource(place.getAttribute("data-stream"));
    source.onmessage = function (event) {
      var open = place.querySelector("details[open]") !== null;
      place.innerHTML = JSON.parse(event.data).html;
      if (open) place.querySelector("details").open = true;
    };
  }
  document.addEventListener("visibilitychange", function () {
    if (document.hidden && source) {
      source.close();
      source = null;
    } else if (!document.hidden && !source) watch();
  });
  watch();
})();
