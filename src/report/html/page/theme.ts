import { forgetColours } from './colours.js';

/** Light or dark: as the system has it, until the button says otherwise. Paper is light. */
export function watchTheme(button: HTMLElement, redraw: () => void): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const root = document.documentElement;
  let chosen: 'light' | 'dark' | null = null;
  let isPrinting = false;
  const apply = () => {
    const theme = isPrinting ? 'light' : (chosen ?? (dark.matches ? 'dark' : 'light'));
    root.dataset['theme'] = theme;
    root.classList.toggle('printing', isPrinting);
    button.textContent = theme === 'dark' ? 'Light' : 'Dark';
    button.setAttribute('aria-label', theme === 'dark' ? 'Show it light' : 'Show it dark');
    forgetColours();
    redraw();
  };
  button.hidden = false;
  button.addEventListener('click', () => {
    chosen = root.dataset['theme'] === 'dark' ? 'light' : 'dark';
    apply();
  });
  dark.addEventListener('change', apply);
  addEventListener('beforeprint', () => {
    isPrinting = true;
    apply();
  });
  addEventListener('afterprint', () => {
    isPrinting = false;
    apply();
  });
  apply();
}
