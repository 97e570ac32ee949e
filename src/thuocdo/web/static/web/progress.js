// Renews the part of a page that says how far something is; what a reader is writing elsewhere stays.
'use strict';
(() => {
  const part = document.querySelector('[data-renew]');
  if (!part) return;
  const renew = async () => {
    try {
      const answer = await fetch(location.href, { credentials: 'same-origin' });
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const fresh = page.getElementById(part.id);
      if (!fresh) return;
      part.replaceChildren(...fresh.childNodes);
      if (fresh.hasAttribute('data-renew')) later();
    } catch (problem) {
      later(); // the line is down for a while
    }
  };
  const later = () => setTimeout(renew, Number(part.dataset.renew) * 1000);
  later();
})();
