/** What is wider than its frame can be scrolled by keys: it takes the focus, and says what it is. Others do not get in the way. */
export function reachScrollers(): void {
  for (const frame of document.querySelectorAll<HTMLElement>('.table-frame')) {
    const scrolls = frame.scrollWidth > frame.clientWidth;
    if (scrolls) {
      const caption = frame.querySelector('caption')?.textContent ?? '';
      frame.tabIndex = 0;
      frame.setAttribute('role', 'group');
      frame.setAttribute('aria-label', `Table, scrolls sideways: ${caption}`);
    } else {
      frame.removeAttribute('tabindex');
      frame.removeAttribute('role');
      frame.removeAttribute('aria-label');
    }
  }
}
