// Where the keyboard is. `remember` keeps how everything looks unfocused; `now` says how the focused one differs.
({
  remember: () => {
    const look = (element) => {
      const style = getComputedStyle(element);
      return [style.outlineStyle + style.outlineWidth + style.outlineColor, style.boxShadow, style.borderColor,
        style.backgroundColor, style.color, style.textDecorationLine].join('|');
    };
    const selector = 'a[href],button,input,select,textarea,summary,[tabindex],[contenteditable=true]';
    const usable = (element) => {
      const box = element.getBoundingClientRect();
      return !element.disabled && element.tabIndex >= 0 && element.type !== 'hidden' && box.width > 0
        && box.height > 0 && getComputedStyle(element).visibility !== 'hidden';
    };
    const stops = Array.from(document.querySelectorAll(selector)).filter(usable);
    window.__thuocdo = { look, stops, before: new Map(stops.map((element) => [element, look(element)])) };
    const dead = Array.from(document.querySelectorAll('[onclick]')).filter((element) =>
      element.tabIndex < 0 && !element.closest('a[href],button,label') && element.getBoundingClientRect().width > 0);
    return { stops: stops.length, dead: dead.slice(0, 5).map((e) => e.outerHTML.slice(0, 120)) };
  },
  now: () => {
    const { look, stops, before } = window.__thuocdo;
    const element = document.activeElement;
    if (!element || element === document.body) return { stop: -1, visible: true, element: '' };
    const was = before.get(element);
    // A date's parts each take a Tab of their own, and show it inside, where no script sees it.
    const parted = element.matches('input[type=date],input[type=time],input[type=datetime-local],input[type=month],input[type=week]');
    return {
      stop: stops.indexOf(element), visible: parted || was === undefined || look(element) !== was,
      element: element.outerHTML.replace(/\s+/g, ' ').slice(0, 120),
    };
  },
})
