// A script that keeps the page waiting, as many a portal's bundle does.
(function () { var until = performance.now() + 2000; while (performance.now() < until); })();
