//! What came of `simulate` as one page that needs nothing else: commits × steps, before and after, the files that made
//! steps run, and the patch. Readable in light and dark. Must not load anything, and runs no script.

use std::fmt::Write as _;

use dockopt_model::cache::Ran;

use super::{Simulated, causes, period, runs, shortened, summary, time};
use crate::simulate::{History, Replay};

const STYLE: &str = "
:root { color-scheme: light dark; --text: #1f2328; --dim: #59636e; --ground: #fff; --panel: #f6f8fa; --line: #d1d9e0;
  --ran: #cf222e; --perhaps: #d4a72c; --cached: #dafbe1; --added: #116329; --removed: #82071e; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --dim: #9198a1; --ground: #0d1117; --panel: #151b23; --line: #3d444d;
  --ran: #f85149; --perhaps: #bb8009; --cached: #12261e; --added: #7ee787; --removed: #ffa198; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground); max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; } h3 { font-size: 1rem; margin: 0 0 .5rem; }
h2 code { font-size: inherit; } .dim { color: var(--dim); } code, pre, td.code { font: 13px/1.45 ui-monospace, monospace; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(30rem, 1fr)); gap: 1rem; }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 1rem; overflow-x: auto; }
svg { display: block; width: 100%; height: auto; } svg .cached { fill: var(--cached); } svg .ran { fill: var(--ran); } svg .perhaps { fill: var(--perhaps); }
table { border-collapse: collapse; width: 100%; margin-top: .75rem; } th, td { text-align: left; padding: .2rem .6rem .2rem 0; vertical-align: top; }
th { color: var(--dim); font-weight: normal; } td.number { text-align: right; white-space: nowrap; }
pre { overflow-x: auto; margin: 0; } .added { color: var(--added); } .removed { color: var(--removed); }
.key span { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin: 0 .3rem 0 1rem; vertical-align: -1px; }
";

/// The page.
pub fn page(all: &[Simulated]) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>dockopt simulate</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>Which steps would have run</h1>\n\
         <p class=\"key dim\">Each column is a commit, the oldest left; each row is a step.<span style=\"background:var(--ran)\"></span>ran\
         <span style=\"background:var(--perhaps)\"></span>may have run<span style=\"background:var(--cached)\"></span>from the cache</p>\n"
    );
    for one in all {
        section(one, &mut page);
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn section(one: &Simulated, page: &mut String) {
    let _ = writeln!(page, "<section>\n<h2><code>{}</code></h2>", escaped(&one.file));
    let _ = writeln!(
        page,
        "<p class=\"dim\">{} ({})</p>",
        escaped(&period(&one.history)),
        escaped(&one.assumptions)
    );
    let lines = summary(one).into_iter().chain(one.history.remarks.iter().cloned());
    let _ = writeln!(
        page,
        "<ul>{}</ul>",
        lines.map(|line| format!("<li>{}</li>", escaped(&line))).collect::<String>()
    );
    page.push_str("<div class=\"pair\">\n");
    panel("before", &one.before, &one.history, page);
    if let Some(after) = &one.after {
        panel("after", after, &one.history, page);
    }
    page.push_str("</div>\n");
    if !one.patch.is_empty() {
        let _ = writeln!(
            page,
            "<div class=\"panel\" style=\"margin-top:1rem\"><h3>the rewrite</h3>\n<pre>{}</pre></div>",
            painted(&one.patch)
        );
    }
    page.push_str("</section>\n");
}

fn panel(name: &str, replay: &Replay, history: &History, page: &mut String) {
    let builds = history.built.len();
    let _ = writeln!(page, "<div class=\"panel\"><h3>{name}</h3>\n{}", map(replay, history));
    page.push_str("<table><tr><th>line</th><th>step</th><th>ran</th><th>time</th></tr>\n");
    for step in &replay.steps {
        let why = causes(step);
        let why = if why.is_empty() {
            String::new()
        } else {
            format!("<br><span class=\"dim\">{}</span>", escaped(&why))
        };
        let _ = writeln!(
            page,
            "<tr><td class=\"number\">{}</td><td class=\"code\">{}{why}</td><td class=\"number\">{} of {builds}</td><td class=\"number\">{}</td></tr>",
            step.line,
            escaped(&shortened(&step.text)),
            runs(step),
            time(step.cost.duration())
        );
    }
    page.push_str("</table></div>\n");
}

/// Height of a row, with the gap below it.
const ROW: usize = 28;
const GAP: usize = 4;
/// Width of the whole map, in the same units.
const MAP: usize = 1000;

/// One rectangle for each run of commits in which a step did the same, so that the page stays small over a long history.
fn map(replay: &Replay, history: &History) -> String {
    let (rows, columns) = (replay.steps.len(), replay.ran.len().max(1));
    let mut svg = format!(
        "<svg viewBox=\"0 0 {MAP} {}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"commits and steps\">\n",
        (rows * ROW).max(1)
    );
    let at = |column: usize| column * MAP * 100 / columns;
    for (row, step) in replay.steps.iter().enumerate() {
        let _ = writeln!(
            svg,
            "<rect class=\"cached\" x=\"0\" y=\"{}\" width=\"{MAP}\" height=\"{}\"><title>{}</title></rect>",
            row * ROW,
            ROW - GAP,
            escaped(&step.text)
        );
        let mut begin = 0;
        while begin < replay.ran.len() {
            let ran = replay.ran[begin][row];
            let end = (begin..replay.ran.len())
                .find(|&next| replay.ran[next][row] != ran)
                .unwrap_or(replay.ran.len());
            let class = match ran {
                Ran::No => None,
                Ran::Perhaps => Some("perhaps"),
                Ran::Yes => Some("ran"),
            };
            if let Some(class) = class {
                let (x, width) = (at(begin), at(end) - at(begin));
                let _ = writeln!(
                    svg,
                    "<rect class=\"{class}\" x=\"{}.{:02}\" y=\"{}\" width=\"{}.{:02}\" height=\"{}\"><title>{}</title></rect>",
                    x / 100,
                    x % 100,
                    row * ROW,
                    width / 100,
                    width % 100,
                    ROW - GAP,
                    escaped(&named(history, begin, end))
                );
            }
            begin = end;
        }
    }
    svg.push_str("</svg>");
    svg
}

/// The commits of a rectangle.
fn named(history: &History, begin: usize, end: usize) -> String {
    let short = |at: usize| history.built.get(at).map_or("", |(id, _, _)| id.get(..9).unwrap_or(id));
    match end - begin {
        1 => format!("{} {}", short(begin), history.built.get(begin).map_or("", |one| one.2.as_str())),
        count => format!("{count} commits, {} to {}", short(begin), short(end - 1)),
    }
}

fn painted(patch: &str) -> String {
    let paint = |line: &str| match line.as_bytes().first() {
        Some(b'+') => format!("<span class=\"added\">{}</span>\n", escaped(line)),
        Some(b'-') => format!("<span class=\"removed\">{}</span>\n", escaped(line)),
        _ => format!("{}\n", escaped(line)),
    };
    patch.lines().map(paint).collect()
}

/// Text in which HTML finds nothing of its own.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(escaped("<script>'a' & \"b\""), "&lt;script&gt;&#39;a&#39; &amp; &quot;b&quot;");
    }
}
