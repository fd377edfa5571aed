import type uPlot from 'uplot';

/**
 * Draws each value as long as its bucket is, with nothing where there is none. uPlot's own steps let the last bucket
 * before a gap end where it begins. The last point of the axis is the end of the last bucket, and has no value.
 * @param fill what lies between the line and: the bottom, or the first series from this one on that has a value there
 */
export function steps(fill: 'none' | 'bottom' | { readonly from: number }): uPlot.Series.PathBuilder {
  return (u, seriesIndex, first, last) => {
    const stroke = new Path2D();
    const area = new Path2D();
    const xs = u.data[0];
    const ys = u.data[seriesIndex];
    if (xs === undefined || ys === undefined) {
      return null;
    }
    const { key = 'y' } = u.scales[u.series[seriesIndex]?.scale ?? 'y'] ?? {};
    // Whole pixels: edges that meet within one would show as a seam.
    const x = (index: number) => Math.round(u.valToPos(xs[index] ?? 0, 'x', true));
    const y = (value: number) => u.valToPos(value, key, true);
    const bottom = u.bbox.top + u.bbox.height;
    let isOpen = false;
    for (let i = first; i <= last; i++) {
      const value = ys[i] ?? null;
      if (value === null || i + 1 >= xs.length) {
        isOpen = false;
        continue;
      }
      const from = x(i);
      const to = x(i + 1);
      const top = y(value);
      if (isOpen) {
        stroke.lineTo(from, top);
      } else {
        stroke.moveTo(from, top);
      }
      stroke.lineTo(to, top);
      isOpen = true;
      if (fill !== 'none') {
        const below = fill === 'bottom' ? null : firstValue(u.data, fill.from, i);
        const floor = below === null ? bottom : y(below);
        area.rect(from, top, Math.max(1, to - from), floor - top);
      }
    }
    return { stroke, fill: fill === 'none' ? null : area, clip: null, band: null, gaps: [], flags: 0 };
  };
}

function firstValue(data: uPlot.AlignedData, from: number, index: number): number | null {
  for (let series = from; series < data.length; series++) {
    const value = data[series]?.[index] ?? null;
    if (value !== null) {
      return value;
    }
  }
  return null;
}
