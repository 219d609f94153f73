import { html, trustedHtml } from "../../display/html.ts";
import { reportBlocks } from "./blocks.ts";
import type { ReportSource } from "./report-source.ts";

// Blocks bring their own styles, since a notebook shows them too; here is what only a page needs.
const STYLE = `
:root { color-scheme: light; }
body { margin: 2.5rem auto 4rem; padding: 0 1.5rem; max-width: 62rem; color: #262626; background: #fff;
  font: 15px/1.5 "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; }
h1 { font-size: 1.55rem; line-height: 1.25; font-weight: 600; margin: 0; max-width: 40rem; }
table { font-size: 0.86rem; line-height: 1.35; }
th { white-space: nowrap; vertical-align: bottom; }
td { vertical-align: top; }
th:first-child, td:first-child { padding-left: 0 !important; }
tbody tr + tr td { border-top: 1px solid #eee !important; }
details { border-top: 1px solid #ddd; }
details[open] { padding-bottom: 1rem; }
svg { max-width: 100%; height: auto; }
code { font-size: 0.9em; word-break: break-all; }
@media print {
  @page { margin: 18mm 15mm; }
  body { margin: 0; padding: 0; max-width: none; font-size: 9.5pt; }
  details::details-content { content-visibility: visible; display: block; block-size: auto; }
  summary { list-style: none; }
  summary::-webkit-details-marker { display: none; }
  tr, svg { break-inside: avoid; }
  summary, h3 { break-after: avoid; }
  audio { display: none; }
  div { overflow: visible !important; }
  table { font-size: 7.5pt; }
  pre { white-space: pre-wrap; }
}
`;
/** Only what stands in the page itself: a stored page never asks the network. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:";

/** A report as one file: no script, nothing from elsewhere. */
export function reportPage(source: ReportSource): string {
  const { question, name } = source.results;
  const style = trustedHtml(`<style>${STYLE}</style>`);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${name}: ${question}</title>
${style}
</head>
<body>
<h1>${question}</h1>
${reportBlocks(source)}
</body>
</html>
`;
  return page.source;
}
