/*
 * The page-view tracker behind the portals' existing snippet: only the host name changes.
 *
 * It serves the five commands found in every deployed snippet, pushed to `_govaq` (or to `_paq`
 * where there is no `_govaq`, so that a portal's own Matomo keeps its queue): setTrackerUrl,
 * setSiteId, trackPageView, enableLinkTracking, trackDVC. It sets no cookie, stores nothing,
 * never throws into the page, and never looks at trackDVC's third argument, in which one-stop
 * systems have sent names and identity numbers.
 */
(function (window, document, navigator) {
  'use strict';

  var LONGEST_WAIT_MS = 2000;
  var DOWNLOAD = /\.(7z|csv|docx?|gz|jpe?g|mp[34]|od[pst]|pdf|png|pptx?|rar|rtf|tiff?|txt|xlsx?|xml|zip)$/i;

  var trackerUrl;
  var siteId;
  var listens;
  var timed;

  function send(parameters) {
    if (!trackerUrl || !siteId) return;
    var target = trackerUrl + '?idsite=' + encodeURIComponent(siteId) + '&rec=1&send_image=0';
    for (var name in parameters) {
      var value = parameters[name];
      if (value || value === 0) target += '&' + name + '=' + encodeURIComponent(value);
    }
    try {
      if (navigator.sendBeacon(target)) return;
    } catch (e) {} // an old browser, or one that forbids it: the next way
    try {
      fetch(target, { method: 'POST', mode: 'no-cors', keepalive: true }).catch(function () {});
    } catch (e) {
      new Image().src = target;
    }
  }

  // Matomo's stages of a page load, in whole milliseconds; once per document.
  function addTimings(parameters) {
    var t = !timed && window.performance && performance.getEntriesByType && performance.getEntriesByType('navigation')[0];
    if (!t) return;
    timed = 1;
    function stage(name, from, to) {
      if (t[to] > 0 && t[to] >= t[from]) parameters[name] = Math.round(t[to] - t[from]);
    }
    stage('pf_net', 'fetchStart', 'connectEnd');
    stage('pf_srv', 'requestStart', 'responseStart');
    stage('pf_tfr', 'responseStart', 'responseEnd');
    stage('pf_dm1', 'responseEnd', 'domInteractive');
    stage('pf_dm2', 'domInteractive', 'domComplete');
    stage('pf_onl', 'loadEventStart', 'loadEventEnd');
  }

  function onClick(event) {
    try {
      var link = event.target.closest('a[href],area[href]');
      if (!link || !/^https?:/.test(link.protocol)) return;
      var kind = link.hasAttribute('download') || DOWNLOAD.test(link.pathname) ? 'download' : link.host != location.host && 'link';
      if (!kind) return;
      var parameters = { url: location.href };
      parameters[kind] = link.href;
      send(parameters);
    } catch (e) {} // the page's click must work whatever its target is
  }

  var commands = {
    setTrackerUrl: function (url) {
      trackerUrl = url;
    },
    setSiteId: function (id) {
      siteId = id;
    },
    // Sent when the load is measured, the visitor leaves, or the wait gets long: whichever is first.
    trackPageView: function () {
      var parameters = { url: location.href, urlref: document.referrer };
      function fire() {
        if (!parameters) return;
        addTimings(parameters);
        send(parameters);
        parameters = 0;
      }
      function soon() {
        setTimeout(fire);
      }
      if (document.readyState == 'complete') return soon();
      addEventListener('load', soon);
      addEventListener('pagehide', fire);
      setTimeout(fire, LONGEST_WAIT_MS);
    },
    enableLinkTracking: function () {
      if (listens) return;
      listens = 1;
      document.addEventListener('click', onClick, true);
      document.addEventListener('auxclick', onClick, true);
    },
    trackDVC: function (code, state) {
      send({ dvc: code, dvc_state: state == null ? '1' : state });
    },
  };

  function run(command) {
    try {
      commands[command[0]](command[1], command[2]);
    } catch (e) {} // an unknown command, or a page that pushes something else
  }

  try {
    var name = window._govaq || !window._paq ? '_govaq' : '_paq';
    var queue = (window[name] = window[name] || []);
    var waiting = queue.splice(0);
    queue.push = function () {
      [].forEach.call(arguments, run);
    };
    // The snippet pushes trackPageView before setSiteId: settings first, as Matomo does.
    [true, false].forEach(function (settings) {
      waiting.forEach(function (command) {
        if (/^set/.test(command && command[0]) == settings) run(command);
      });
    });
  } catch (e) {} // never into the page
})(window, document, navigator);
