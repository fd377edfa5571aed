let cache = new Map<string, string>();

/** A colour of the style sheet, `#rrggbb`, as the theme that is on has it. @param name without the dashes */
export function colour(name: string): string {
  const known = cache.get(name);
  if (known !== undefined) {
    return known;
  }
  const root = document.documentElement;
  const value = getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  // What the sheet says, since a custom property is not resolved.
  const [, light, dark] = /^light-dark\((#\w+), ?(#\w+)\)$/.exec(value) ?? [];
  const chosen = (root.dataset['theme'] === 'dark' ? dark : light) ?? value;
  cache.set(name, chosen);
  return chosen;
}

export function forgetColours(): void {
  cache = new Map();
}

/** With this opacity, for fills. @param name of a colour that is written as #rrggbb */
export function faded(name: string, opacity: number): string {
  const alpha = Math.round(opacity * 255)
    .toString(16)
    .padStart(2, '0');
  return `${colour(name)}${alpha}`;
}

const SIZE = 8;

/** Hatchings, so that what is stacked differs in more than colour. */
const DRAWINGS: readonly ((context: CanvasRenderingContext2D) => void)[] = [
  () => undefined,
  (context) => lines(context, [0, SIZE, SIZE, 0], [-2, 2, 2, -2], [SIZE - 2, SIZE + 2, SIZE + 2, SIZE - 2]),
  (context) => lines(context, [0, 0, SIZE, SIZE], [-2, SIZE - 2, 2, SIZE + 2], [SIZE - 2, -2, SIZE + 2, 2]),
  (context) => lines(context, [0, SIZE / 2, SIZE, SIZE / 2]),
  (context) => lines(context, [SIZE / 2, 0, SIZE / 2, SIZE]),
  (context) => {
    context.beginPath();
    context.arc(SIZE / 2, SIZE / 2, 1.6, 0, 2 * Math.PI);
    context.fill();
  },
  (context) => lines(context, [0, SIZE, SIZE, 0], [0, 0, SIZE, SIZE]),
];

/** A fill of this colour with the hatching of this number. */
export function hatched(name: string, index: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = SIZE;
  canvas.height = SIZE;
  const context = canvas.getContext('2d');
  if (context !== null) {
    context.fillStyle = faded(name, 0.55);
    context.fillRect(0, 0, SIZE, SIZE);
    context.strokeStyle = colour('surface');
    context.fillStyle = colour('surface');
    context.lineWidth = 1.5;
    DRAWINGS[index % DRAWINGS.length]?.(context);
  }
  return canvas;
}

type Segment = readonly [x1: number, y1: number, x2: number, y2: number];

function lines(context: CanvasRenderingContext2D, ...segments: readonly Segment[]): void {
  context.beginPath();
  for (const [x1, y1, x2, y2] of segments) {
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
  }
  context.stroke();
}
