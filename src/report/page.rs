//! The documentation of a pass or a rule for a terminal. Knows the little Markdown that they use; must not change its words.

use anstyle::{AnsiColor, Style};
use dockopt_rules::{Rule, Starts};
use dockopt_transforms::Pass;

use crate::terminal::Paint;

const HEADING: Style = Style::new().bold();
const CODE: Style = AnsiColor::Green.on_default();

/// The page of a pass.
pub fn of_pass(pass: &Pass, paint: Paint) -> String {
    let head = format!("{} ({}, {})", pass.name, pass.phase.name(), pass.class.name());
    page(&head, pass.aliases, &pass.documentation(), paint)
}

/// The page of a rule.
pub fn of_rule(rule: &Rule, paint: Paint) -> String {
    let starts = match rule.starts {
        Starts::ByItself => "",
        Starts::OnRequest => ", runs when it is selected",
    };
    let head = format!("{} ({}{starts})", rule.name, rule.severity.name());
    page(&head, rule.aliases, &rule.documentation(), paint)
}

fn page(head: &str, aliases: &[&str], text: &str, paint: Paint) -> String {
    let also =
        if aliases.is_empty() { String::new() } else { format!("\n\nElsewhere: {}", aliases.join(", ")) };
    format!("{}\n\n{}{also}\n", paint.apply(HEADING, head), markdown(text, paint).trim_end())
}

fn markdown(text: &str, paint: Paint) -> String {
    let mut page = String::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
            continue;
        }
        if in_code && !line.is_empty() {
            page.push_str("    ");
            page.push_str(&paint.apply(CODE, line));
        } else if let Some(heading) = line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")) {
            page.push_str(&paint.apply(HEADING, heading));
        } else {
            page.push_str(line);
        }
        page.push('\n');
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_and_code_stand_out_without_colour() {
        let text = "One line.\n\n## Example\n\n```dockerfile\nRUN a\n\nRUN b\n```\n\nbecomes\n";
        assert_eq!(
            markdown(text, Paint::Plain),
            "One line.\n\nExample\n\n    RUN a\n\n    RUN b\n\nbecomes\n"
        );
    }
}
