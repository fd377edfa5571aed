import { find } from './dom.js';

/** Makes tabs of the links to the runs. @param onShow called when another run is shown */
export function makeTabs(onShow: () => void): void {
  const list = document.querySelector('.tab-list');
  if (list === null) {
    return;
  }
  const tabs = [...list.querySelectorAll('a')];
  const panels = tabs.map((tab) => find(document, tab.hash));
  list.setAttribute('role', 'tablist');
  const show = (index: number) => {
    for (const [each, tab] of tabs.entries()) {
      const isOn = each === index;
      tab.setAttribute('aria-selected', String(isOn));
      tab.tabIndex = isOn ? 0 : -1;
      const panel = panels[each];
      if (panel !== undefined) {
        panel.hidden = !isOn;
      }
    }
    onShow();
  };
  for (const [index, tab] of tabs.entries()) {
    tab.setAttribute('role', 'tab');
    tab.setAttribute('aria-controls', tab.hash.slice(1));
    tab.addEventListener('click', (event) => {
      event.preventDefault();
      show(index);
    });
    tab.addEventListener('keydown', (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (by !== undefined) {
        const next = (index + by + tabs.length) % tabs.length;
        tabs[next]?.focus();
        show(next);
      }
    });
  }
  const linked = tabs.findIndex((tab) => location.hash === tab.hash);
  show(Math.max(0, linked));
}
