/** A value on an axis: a number, the name of a category, or a gap. */
export type AxisValue = number | string | null | undefined;

/** A column of values; typed arrays are welcome. */
export type Column = ArrayLike<AxisValue>;

/** Distance from the value to the ends of its error bar. */
export interface ErrorBars {
  /** Only plotly's `data` is drawn in the SVG: the distances as they are. */
  type?: string;
  array?: ArrayLike<number | null | undefined>;
  /** Downward distances where they differ from `array`; then `symmetric` is false. */
  arrayminus?: ArrayLike<number | null | undefined>;
  symmetric?: boolean;
  visible?: boolean;
  color?: string;
  thickness?: number;
  [attribute: string]: unknown;
}

export interface Marker {
  /** One colour, a colour each, or numbers on the colour scale. */
  color?: string | ArrayLike<string | number>;
  /** Diameter in px. */
  size?: number | ArrayLike<number>;
  symbol?: string;
  opacity?: number;
  [attribute: string]: unknown;
}

export interface Line {
  color?: string;
  width?: number;
  dash?: string;
  [attribute: string]: unknown;
}

/** One series of plotly. The named attributes are those that our own SVG draws as well. */
export interface Trace {
  type?: string;
  name?: string;
  x?: Column;
  y?: Column;
  /** Of a scatter: `markers`, `lines`, `text`, joined by `+`. */
  mode?: string;
  text?: string | ArrayLike<string>;
  textposition?: string;
  error_x?: ErrorBars;
  error_y?: ErrorBars;
  marker?: Marker;
  line?: Line;
  /** Of lines: the area down to zero, or down to the series before. */
  fill?: string;
  fillcolor?: string;
  /** Lines of one name are stacked on each other, and filled; they need the same x. */
  stackgroup?: string;
  opacity?: number;
  showlegend?: boolean;
  visible?: boolean | "legendonly";
  [attribute: string]: unknown;
}

export interface Axis {
  title?: string | { text?: string; [attribute: string]: unknown };
  type?: string;
  range?: readonly number[];
  tickformat?: string;
  tickvals?: ArrayLike<number | string>;
  ticktext?: ArrayLike<string>;
  /** Degrees; negative turns the labels upwards. */
  tickangle?: number;
  showgrid?: boolean;
  zeroline?: boolean;
  visible?: boolean;
  [attribute: string]: unknown;
}

export interface Shape {
  type?: string;
  x0?: number | string;
  x1?: number | string;
  y0?: number | string;
  y1?: number | string;
  xref?: string;
  yref?: string;
  line?: Line;
  fillcolor?: string;
  opacity?: number;
  layer?: string;
  [attribute: string]: unknown;
}

export interface Annotation {
  text?: string;
  x?: number | string;
  y?: number | string;
  xref?: string;
  yref?: string;
  xanchor?: string;
  yanchor?: string;
  xshift?: number;
  yshift?: number;
  showarrow?: boolean;
  /** Offset in px of the text from the point, when there is an arrow. */
  ax?: number;
  ay?: number;
  font?: { size?: number; color?: string; [attribute: string]: unknown };
  [attribute: string]: unknown;
}

export interface Layout {
  title?: string | { text?: string; [attribute: string]: unknown };
  /** Size of the picture in px; the figure in the notebook takes the width of its cell. */
  width?: number;
  height?: number;
  barmode?: string;
  showlegend?: boolean;
  xaxis?: Axis;
  yaxis?: Axis;
  shapes?: readonly Shape[];
  annotations?: readonly Annotation[];
  [attribute: string]: unknown;
}

/** What plotly takes: series and layout. */
export interface FigureSpec {
  data: Trace[];
  layout: Layout;
}
