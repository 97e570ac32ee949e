/*
 * The page-view tracker behind the portals' existing snippet: only the host name changes.
 *
 * Commands are pushed to `_govaq`, or to `_paq` where there is no `_govaq`, so that a portal's own
 * Matomo keeps its queue; a page that allows no inline script says them in `data-govaq`, as JSON:
 *
 *   setTrackerUrl url · setSiteId id              as in every deployed snippet
 *   trackPageView · enableLinkTracking
 *   trackDVC procedure, state                     a third argument is never looked at: one-stop
 *                                                 systems have sent names and identity numbers in it
 *   trackEvent category, action[, name[, value]] · trackSiteSearch keyword[, category[, count]]
 *   setCustomUrl url                              from then on the site says itself what a page is
 *   setDoNotTrack true                            honour Do Not Track and Global Privacy Control
 *   optUserOut · forgetUserOptOut                 remembered in localStorage
 *   any other, such as disableCookies or setDocumentTitle, is accepted and does nothing
 *
 * What it decides, and why:
 *
 * - No cookie and no identity. A state's own count that cannot follow anybody counts everybody, so
 *   Do Not Track and Global Privacy Control are honoured only where the site asks for it.
 * - Titles never leave the page. They can carry the name of the person a page is about, and no
 *   figure is made of them. setDocumentTitle is for sites written for Matomo.
 * - A single-page site's address is a view of its own when it really changes, and stays changed long
 *   enough to be looked at. An anchor (`#muc-3`) is a place in a page, a route (`#/thu-tuc`) is a page.
 * - A page that comes back from the browser's page cache is a view, as it is where there is no cache;
 *   one that is rendered ahead is a view once it is shown; a snippet pasted twice counts once.
 * - What the browser would not take while it was offline waits in localStorage: the last 20 requests,
 *   for a day. Each carries a random number, by which a repeated one is known. Otherwise nothing is
 *   stored.
 * - Nothing is thrown into the page, whatever it pushes and whatever its policies forbid.
 *
 * Syntax is ECMAScript 2015: Chrome 49, Edge 15, Firefox 44, Safari 10 and later. It is written for
 * few bytes; tests/collect/tracker holds the limit.
 */
(() => {
  const LONGEST_WAIT_MS = 9000; // for a page's load, so that a slow page is measured as one
  const SETTLING_MS = 300; // routers replace an address they have just pushed
  const KEPT_MS = 9e7; // 25 hours
  const MOST_KEPT = 20;
  const TIME_DIGITS = 13; // of milliseconds, until the year 2286

  let store = {}; // localStorage; where that is forbidden, as long as the page lives
  let counted; // the address of the last view
  let waiting; // the address of a first view that waits for its load

  let words = (text) => text.split(' ');
  let guarded = (action) => (...given) => {
    try {
      action(...given);
    } catch (e) {}
  };
  let on = (types, action) => words(types).map((type) => addEventListener(type, action, true));

  // Without the anchor, with the route.
  let address = () => commands.setCustomUrl || document.URL.replace(/#[^/]*$/, '');

  // Hands over all that waits and what is new. An entry is a time in milliseconds and an address.
  let deliver = guarded((fresh) => {
    let left = words(store._govaq + ' ' + fresh)
      .filter(
        (entry) =>
          parseInt(entry) > Date.now() - KEPT_MS &&
          !(
            store._govaqOut ||
            (navigator.onLine &&
              ((navigator.sendBeacon && navigator.sendBeacon(entry.slice(TIME_DIGITS))) ||
                (new Image().src = entry.slice(TIME_DIGITS))))
          ),
      )
      .slice(-MOST_KEPT)
      .join(' ');
    if (left || store._govaq) store._govaq = left;
  });

  let send = guarded((names, ...given) => {
    let entry =
      Date.now() +
      commands.setTrackerUrl.concat('?rand=' + Math.random() + '&idsite=' + commands.setSiteId);
    words(names).map((name, i) => {
      if (given[i] === 0 || given[i]) entry += '&' + name + '=' + encodeURIComponent(given[i]);
    });
    if (
      commands.setSiteId &&
      !(commands.setDoNotTrack && (navigator.globalPrivacyControl || navigator.doNotTrack) > 0)
    )
      deliver(entry);
  });

  let report = (names) => (...given) => send('url ' + names, address(), ...given);

  // The first view is sent when the load is measured, the visitor leaves, or the wait gets long.
  // Matomo's stages of a load: each begins where the one before it ended. A mark that was not
  // reached makes a stage that is no number or absurd, which the collector leaves out.
  let view = () => {
    let url = address();
    let timing = performance.timing || 0;
    let marks = counted
      ? ''
      : 'fetchStart requestStart responseStart responseEnd domInteractive domComplete loadEventEnd';
    let referrer = counted || document.referrer;
    let fire = () => {
      if (url)
        send(
          'url urlref pf_net pf_srv pf_tfr pf_dm1 pf_dm2 pf_onl',
          url,
          referrer,
          ...words(marks).map((mark, i, all) => timing[all[i + 1]] - timing[mark]),
        );
      url = waiting = 0;
    };
    if (document.prerendering) on('prerenderingchange', view);
    else if (waiting != url) {
      waiting = counted = url;
      if (marks) {
        on('load', () => setTimeout(fire));
        on('pagehide', fire);
        setTimeout(fire, LONGEST_WAIT_MS - timing.loadEventEnd); // at once where it is loaded
      } else fire();
    }
  };

  // Browsers tell of a changed hash by `popstate` too. Only a restored page is `persisted`.
  let moved = (event) =>
    setTimeout(() => counted && (event.persisted || address() != counted) && view(), SETTLING_MS);

  let click = guarded((event) => {
    let link = event.target.closest('a,area');
    if (link.host && event.button < 2)
      if (
        link.closest('[download]') ||
        /\.(7z|csv|docx?|od[pst]|pdf|pptx?|rar|xlsx?|zip)$/i.test(link.pathname)
      )
        report('download')(link.href);
      else if (link.host != location.host) report('link')(link.href);
  });

  // What a site sets is kept beside the commands, under the name of its command.
  let commands = {
    trackPageView: view,
    enableLinkTracking: () => on('click auxclick', click),
    trackDVC: report('dvc dvc_state'),
    trackEvent: report('e_c e_a e_n e_v'),
    trackSiteSearch: report('search search_cat search_count'),
    optUserOut: () => (store._govaqOut = 1),
    forgetUserOptOut: () => (store._govaqOut = ''),
  };

  let run = guarded(([name, ...given]) =>
    /^set/.test(name) ? (commands[name] = given[0]) : commands[name](...given),
  );

  guarded(() => {
    store = localStorage || store;
  })();
  guarded(() => {
    let said = JSON.parse(document.currentScript.dataset.govaq);
    (window._govaq = window._govaq || []).push(...said);
  })();
  guarded(() => {
    let queue = (window._govaq = window._govaq || window._paq || []);
    // Snippets push trackPageView before setSiteId: where to send goes first, as Matomo does.
    queue.map((command) => /^set[TS]/.test(command) && run(command));
    queue.map(run);
    queue.push = (...given) => given.map(run);
    queue.map = 0; // a second copy of this script, or a Matomo that took the queue, stops above
    words('pushState replaceState').map((name) => {
      let original = history[name];
      history[name] = (...given) => {
        moved(name);
        return original.call(history, ...given);
      };
    });
    on('pageshow popstate', moved);
    on('online', deliver);
  })();
})();
