/**
 * The look of the elements: the certificate's ink, gold and paper. Each `--earned-…` custom property replaces one of its
 * values; dark values apply where the page's `color-scheme` is dark.
 */

export const theme = new CSSStyleSheet();
theme.replaceSync(`
:host {
  --paper: var(--earned-paper, light-dark(#fffefb, #101a26));
  --text: var(--earned-text, light-dark(#2b3742, #e8edf2));
  --quiet: var(--earned-quiet, light-dark(#5a6670, #b3bfca));
  --line: var(--earned-line, light-dark(#8d97a0, #4b5967));
  --brand: var(--earned-brand, light-dark(#1d3f5e, #b9d3ea));
  --accent: var(--earned-accent, light-dark(#b08d4c, #d0ad6b));
  --ink: var(--earned-ink, light-dark(#10283f, #f4f7fa));
  --good: var(--earned-good, light-dark(#1b6b3a, #7ed0a0));
  --bad: var(--earned-bad, light-dark(#9b1c1c, #ff9d94));
  --changed: var(--earned-changed, light-dark(#8a5a00, #f0c36a));
  --heading-font: var(--earned-heading-font, "EB Garamond", "EB Garamond 12", Georgia, "Times New Roman", serif);
  --font: var(--earned-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif);
  display: block; color: var(--text); font: 1rem/1.5 var(--font); container-type: inline-size;
}
:host([hidden]) { display: none; }
* { box-sizing: border-box; }
h2, h3, h4 { color: var(--brand); font-family: var(--heading-font); font-weight: normal; line-height: 1.2; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.5rem; } h3, .card h2, .notice h2 { font-size: 1.2rem; } h4 { font-size: 1.15rem; }
p { margin: 0 0 .75rem; } ul, ol { margin: 0; padding: 0; list-style: none; }
section { margin: 0 0 2rem; }
a, .link { color: var(--brand); text-underline-offset: .15em; }
button, input, select, textarea { font: inherit; color: inherit; max-width: 100%; min-height: 2.5rem; }
input:not([type=checkbox]), select, textarea { width: 100%; padding: .4rem .6rem; background: var(--paper); border: 1px solid var(--quiet); border-radius: 2px; }
input[type=checkbox] { width: 1.25rem; height: 1.25rem; min-height: 0; accent-color: var(--brand); margin: 0; }
button { padding: .4rem 1rem; border: 1px solid var(--brand); border-radius: 2px; background: transparent; color: var(--brand); cursor: pointer; }
button.main { background: var(--brand); color: var(--paper); }
button.link { border: 0; padding: 0; min-height: 1.5rem; text-decoration: underline; text-align: start; overflow-wrap: anywhere; }
button[aria-disabled=true] { color: var(--quiet); border-color: var(--line); cursor: default; }
button.main[aria-disabled=true] { background: transparent; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
label { display: block; color: var(--quiet); font-size: .9rem; }
.bar { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(11rem, 100%), 1fr)); gap: .75rem 1rem; align-items: end; margin: 0 0 1rem; }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; margin: 0 0 1rem; }
.quiet { color: var(--quiet); } .small { font-size: .9rem; }
[role=status] { position: sticky; inset-block-end: 0; margin: 0 0 1rem; padding: .5rem 0; background: var(--paper); border-top: 1px solid var(--accent); } [role=status]:empty { display: none; }
a, button, input, select { scroll-margin-block-end: 4rem; }
.notice { border-inline-start: .4rem solid var(--changed); padding-block: .25rem; padding-inline-start: 1rem; margin: 0 0 1.5rem; } .notice.bad { color: inherit; border-color: var(--bad); }
.notice p:last-child { margin: 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); gap: 1rem; }
.card { border: 1px solid var(--line); border-top: 3px solid var(--accent); padding: 1rem; background: var(--paper); min-width: 0; } .card + article.card { margin-top: 1rem; }
.card > :last-child, .requirement:last-child { margin-bottom: 0; }
progress { width: 100%; height: .5rem; accent-color: var(--good); margin: 0 0 .5rem; }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .25rem 1rem; margin: 0 0 1rem; }
dl.counts { grid-template-columns: 1fr max-content; margin: 0; } dl.counts dd { text-align: end; font-variant-numeric: tabular-nums; }
dt { color: var(--quiet); } dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; margin: 0 0 1rem; }
th, td { text-align: start; vertical-align: top; padding-block: .6rem; padding-inline-end: .75rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { color: var(--quiet); font-weight: normal; font-size: .9rem; border-bottom: 2px solid var(--accent); white-space: nowrap; }
tbody th { font-weight: 600; color: var(--ink); } td.tick, th.tick { width: 2rem; }
.badge { font-weight: 600; } .good { color: var(--good); } .bad { color: var(--bad); } .changed { color: var(--changed); }
.requirement { margin: 0 0 .4rem; } .requirement span { display: block; }
.name { unicode-bidi: plaintext; text-align: -webkit-match-parent; text-align: match-parent; } .mono { font-family: ui-monospace, "DejaVu Sans Mono", Consolas, monospace; font-size: .9em; }
.loading i { display: block; height: 1rem; margin: 0 0 .75rem; background: var(--line); opacity: .35; border-radius: 2px; } .loading i:nth-child(2n) { width: 70%; }
[aria-expanded]::after { content: " ▾" / ""; } [aria-expanded=true]::after { content: " ▴" / ""; } .people { margin: .75rem 0 0; }
.timeline li { display: grid; grid-template-columns: 11rem 1fr; gap: 0 1rem; align-items: baseline; }
details { margin: .5rem 0 0; } summary { cursor: pointer; color: var(--brand); min-height: 1.5rem; }
@container (min-width: 64rem) { td .badge, td a { white-space: nowrap; } }
@media (prefers-reduced-motion: no-preference) { .loading i { animation: breathe 1.6s ease-in-out infinite; } @keyframes breathe { 50% { opacity: .15; } } }
@media screen { @container (max-width: 44rem) {
  table.responsive, .responsive thead, .responsive tbody, .responsive th, .responsive td { display: block; }
  .responsive thead tr { display: flex; flex-wrap: wrap; gap: .25rem 1rem; border-bottom: 2px solid var(--accent); }
  .responsive thead th:last-child { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .responsive tbody tr { display: grid; grid-template-columns: 2rem 1fr; border-bottom: 1px solid var(--line); padding: .75rem 0; }
  .responsive tbody :is(th, td):not(.tick) { grid-column: 2; } .responsive th, .responsive td { border: 0; padding: .15rem 0; width: auto; }
  .responsive td:empty { display: none; } .timeline li { grid-template-columns: 1fr; margin: 0 0 .4rem; }
  dl:not(.counts) { grid-template-columns: 1fr; gap: 0; } dl:not(.counts) dd { margin-bottom: .5rem; }
} }
@media print {
  :host { font-size: .8rem; } a, button.link { color: inherit; text-decoration: none; } .card, tr { break-inside: avoid; }
  .bar, .actions, .tick, .on-screen, button:not(.link), [role=status] { display: none; }
}
`);
