// How the page stands in a window of 320 CSS pixels: what 1280 pixels are at a zoom of 400 % (WCAG 1.4.10).
(() => {
  const width = document.documentElement.clientWidth;
  const name = (element) => element.outerHTML.replace(/\s+/g, ' ').slice(0, 120);
  const out = [], cut = [];
  for (const element of Array.from(document.querySelectorAll('body *')).slice(0, 4000)) {
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    const style = getComputedStyle(element);
    if (box.right > width + 1 && style.position !== 'fixed' && out.length < 5) out.push(name(element));
    const hides = style.overflowX === 'hidden' || style.overflowY === 'hidden';
    const own = Array.from(element.childNodes).some((node) => node.nodeType === 3 && node.data.trim());
    if (hides && own && style.textOverflow !== 'ellipsis' && box.width > 2 && box.height > 2 && cut.length < 5
        && (element.scrollWidth > element.clientWidth + 2 || element.scrollHeight > element.clientHeight + 4)) {
      cut.push(name(element));
    }
  }
  return { width, scroll_width: document.documentElement.scrollWidth, out, cut };
})()
