/** Okabe and Ito's colours, which the usual kinds of colour blindness keep apart; darker first. */
export const PALETTE: readonly string[] = [
  "#0072B2",
  "#E69F00",
  "#009E73",
  "#CC79A7",
  "#56B4E9",
  "#D55E00",
  "#7A7A7A",
  "#1A1A1A",
];

/** Marker of each series in turn, so that a scatter also reads in grey. */
export const SYMBOLS: readonly string[] = [
  "circle",
  "square",
  "diamond",
  "triangle-up",
  "triangle-down",
  "cross",
  "x",
  "star",
];

/** Rough width in px that the y axis and the right edge take; for breaking texts before layout. */
export const SIDES = 100;

/** Sizes in px and colours that the plotly template and our own SVG share. */
export const HOUSE = {
  font: "Helvetica, Arial, 'Liberation Sans', sans-serif",
  ink: "#262626",
  soft: "#5A5A5A",
  axis: "#6E6E6E",
  grid: "#E7E7E7",
  paper: "#FFFFFF",
  titleSize: 16,
  fontSize: 13,
  tickSize: 12,
  valueSize: 11,
  width: 760,
  height: 440,
  bargap: 0.24,
  bargroupgap: 0.08,
  markerSize: 8,
  lineWidth: 2,
  shapeWidth: 1.4,
  error: { color: "#262626", thickness: 1.2, width: 3 },
} as const;

// Points carry their error bars in the colour of their series, which is plotly's default.
const CAPS = { thickness: HOUSE.error.thickness, width: HOUSE.error.width };

const AXIS = {
  automargin: true,
  zeroline: false,
  linecolor: HOUSE.axis,
  tickcolor: HOUSE.axis,
  gridcolor: HOUSE.grid,
  tickfont: { size: HOUSE.tickSize, color: HOUSE.ink },
  title: { font: { size: HOUSE.fontSize, color: HOUSE.ink }, standoff: 12 },
};

/** The house look as a plotly template: light paper, thin lines, one grid, no chart junk. */
export const TEMPLATE: Record<string, unknown> = {
  layout: {
    colorway: PALETTE,
    font: { family: HOUSE.font, size: HOUSE.fontSize, color: HOUSE.ink },
    paper_bgcolor: HOUSE.paper,
    plot_bgcolor: HOUSE.paper,
    bargap: HOUSE.bargap,
    bargroupgap: HOUSE.bargroupgap,
    title: {
      x: 0,
      xref: "paper",
      xanchor: "left",
      y: 1,
      yref: "container",
      yanchor: "top",
      font: { size: HOUSE.titleSize, color: HOUSE.ink, weight: 700 },
    },
    legend: {
      orientation: "h",
      traceorder: "normal",
      x: 0,
      xanchor: "left",
      y: 1.02,
      yanchor: "bottom",
    },
    xaxis: { ...AXIS, showgrid: false, showline: true, ticks: "outside", ticklen: 4 },
    yaxis: { ...AXIS, showgrid: true, showline: false, ticks: "", ticklabelstandoff: 6 },
    annotationdefaults: {
      font: { size: HOUSE.tickSize, color: HOUSE.soft },
      arrowcolor: HOUSE.soft,
      arrowwidth: 1,
      arrowhead: 0,
    },
    shapedefaults: { line: { color: HOUSE.soft, width: HOUSE.shapeWidth } },
    colorscale: { sequential: "Viridis" },
    hoverlabel: { font: { family: HOUSE.font } },
  },
  data: {
    bar: [{ error_y: HOUSE.error, textfont: { size: HOUSE.valueSize } }],
    scatter: [
      {
        marker: { size: HOUSE.markerSize, line: { width: 0.6, color: HOUSE.paper } },
        line: { width: HOUSE.lineWidth },
        error_x: CAPS,
        error_y: CAPS,
      },
    ],
  },
};
