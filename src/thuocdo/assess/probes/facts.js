// What a page shows, as plain data; a probe's judge decides. Runs in the page, changes nothing in it.
(() => {
  const LIMIT = 400;
  const seen = (element) => {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    return box.width > 0 && box.height > 0 && style.visibility !== 'hidden' && style.display !== 'none';
  };
  const label = (element) => [
    element.innerText, element.getAttribute('aria-label'), element.title, element.placeholder,
    element.alt, ...Array.from(element.querySelectorAll ? element.querySelectorAll('img[alt]') : [], (i) => i.alt),
  ].filter(Boolean).join(' ').replace(/\s+/g, ' ').trim().slice(0, 200);
  const all = (selector) => Array.from(document.querySelectorAll(selector)).slice(0, LIMIT);
  const viewport = document.querySelector('meta[name=viewport]');
  return {
    lang: document.documentElement.lang || '',
    title: document.title || '',
    viewport: viewport ? viewport.content || '' : '',
    headings: all('h1,h2,h3,h4,h5,h6').map((each) => Number(each.tagName[1])),
    has_main: !!document.querySelector('main,[role=main]'),
    has_nav: !!document.querySelector('nav,[role=navigation]'),
    controls: all('a[href],button,[role=button],[role=link],input[type=submit]').map((each) => ({
      text: label(each) || each.value || '', href: String(each.getAttribute('href') || '').slice(0, 300),
    })),
    fields: all('input,select,textarea').filter((each) => each.type !== 'hidden').map((each) => ({
      text: [label(each), each.name, each.id, ...Array.from(each.labels || [], (l) => l.innerText)]
        .filter(Boolean).join(' ').slice(0, 200),
      type: each.type || '', role: each.getAttribute('role') || '',
      in_search: !!each.closest('[role=search],search,form[action*=search i],form[action*=timkiem i]'),
    })),
    text: (document.body ? document.body.innerText : '').slice(0, 40000),
  };
})()
