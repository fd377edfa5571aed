import type { NamedView } from '../data.js';
import { el } from './dom.js';
import type { View } from './view.js';

/** More rounds than this are chosen from a list. */
const MOST_BUTTONS = 12;

/** Buttons for each round and the whole run, and to zoom and move. */
export function makeToolbar(target: HTMLElement, view: View, views: readonly NamedView[]): void {
  const named = el('div', { class: 'views', role: 'group', 'aria-label': 'Parts of the run' });
  const choice = views.length > MOST_BUTTONS ? chooser(view, views) : buttons(view, views);
  named.append(choice.element);
  const moves = el('div', { class: 'moves', role: 'group', 'aria-label': 'Zoom and move' });
  const act = (label: string, name: string, run: () => void) => {
    const button = el('button', { type: 'button', 'aria-label': name, title: name }, label);
    button.addEventListener('click', run);
    moves.append(button);
  };
  act('◀', 'Earlier', () => view.pan(-0.5));
  act('▶', 'Later', () => view.pan(0.5));
  act('−', 'Zoom out', () => view.zoom(2));
  act('+', 'Zoom in', () => view.zoom(0.5));
  const shown = el('output', { class: 'shown', 'aria-live': 'polite' });
  const update = () => {
    const { fromMs, toMs } = view.window;
    shown.textContent = `${seconds(fromMs)} to ${seconds(toMs)}`;
    choice.update();
  };
  target.append(named, moves, shown);
  view.listen({ window: update });
  update();
}

function seconds(ms: number): string {
  return `${ms < 0 ? '−' : ''}${(Math.abs(ms) / 1000).toFixed(1)} s`;
}

interface Choice {
  readonly element: HTMLElement;
  readonly update: () => void;
}

function buttons(view: View, views: readonly NamedView[]): Choice {
  const made = views.map((each) => {
    const button = el('button', { type: 'button' }, each.label);
    button.addEventListener('click', () => view.show(each));
    return button;
  });
  return {
    element: el('div', { class: 'segments' }, ...made),
    update: () => {
      const on = viewNamed(views, view);
      for (const [index, button] of made.entries()) {
        button.setAttribute('aria-pressed', String(views[index] === on));
      }
    },
  };
}

function chooser(view: View, views: readonly NamedView[]): Choice {
  const select = el('select', { 'aria-label': 'Part of the run' });
  select.append(...views.map(({ label }, index) => el('option', { value: index }, label)));
  const other = el('option', { value: -1, disabled: true }, 'Part of the run');
  select.append(other);
  select.addEventListener('change', () => {
    const chosen = views[Number(select.value)];
    if (chosen !== undefined) {
      view.show(chosen);
    }
  });
  return {
    element: select,
    update: () => {
      const on = viewNamed(views, view);
      select.value = String(on === undefined ? -1 : views.indexOf(on));
    },
  };
}

/** The view whose window this is, if it is one of those with a name. */
function viewNamed(views: readonly NamedView[], view: View): NamedView | undefined {
  const { fromMs, toMs } = view.window;
  return views.find((each) => Math.abs(each.fromMs - fromMs) < 1 && Math.abs(each.toMs - toMs) < 1);
}
