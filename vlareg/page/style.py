"""How the page looks."""

STYLE = """
:root { --ink: #1c2733; --soft: #5b6b7b; --line: #dfe5ea; --back: #f6f8fa; --blue: #1f5fa8; --warn: #fff6e0; --warn-line: #e3b341;
  --good: #2b8a57; --bad: #c2453d; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1120px; padding: 32px 28px 80px; color: var(--ink); background: white;
  font: 15px/1.55 system-ui, "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; }
h1 { font-size: 28px; line-height: 1.25; margin: 0 0 6px; }
h2 { font-size: 21px; margin: 56px 0 4px; padding-top: 18px; border-top: 1px solid var(--line); }
p { margin: 8px 0; max-width: 92ch; }
.question { color: var(--soft); font-style: italic; margin-bottom: 12px; }
.findings { background: var(--back); border-left: 4px solid var(--blue); padding: 10px 18px 10px 34px; margin: 12px 0 20px; }
.findings li { margin: 4px 0; max-width: 92ch; }
.important { background: var(--warn); border-left: 4px solid var(--warn-line); padding: 12px 18px; max-width: none; }
figure { margin: 22px 0; }
figure img { width: 100%; height: auto; display: block; }
figcaption { color: var(--soft); font-size: 13.5px; margin-top: 8px; max-width: 100ch; }
figcaption b { color: var(--ink); }
.clips { display: grid; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); gap: 16px; margin: 14px 0 24px; }
.clips figure { margin: 0; border: 1px solid var(--line); border-top: 4px solid var(--soft); }
.clips figure.good { border-top-color: var(--good); } .clips figure.bad { border-top-color: var(--bad); }
.clips video { width: 100%; display: block; background: var(--back); } .clips figcaption { margin: 0; padding: 8px 10px; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; margin: 6px 0 18px; }
caption { text-align: left; font-weight: 600; padding: 8px 0 6px; font-size: 13.5px; }
th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
th:first-child, td:first-child, td.words, th.words { text-align: left; }
td { white-space: nowrap; }
tr.group td { font-weight: 600; padding-top: 12px; text-align: left; background: none; }
tbody tr:hover td { background: var(--back); }
details { margin: 8px 0 18px; } summary { cursor: pointer; color: var(--blue); font-size: 13.5px; }
.scroll { overflow-x: auto; }
nav { font-size: 14px; margin: 20px 0; } nav ol { margin: 6px 0; padding-left: 22px; } nav li { margin: 4px 0; max-width: 100ch; }
nav a { color: var(--blue); text-decoration: none; font-weight: 600; }
"""
