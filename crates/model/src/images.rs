//! The images that a file names, and where each name is written so that it can be made more exact. Says why where it cannot. It
//! looks at no registry and proposes nothing.

use dockopt_syntax::{Body, DirectiveKind, Flag, Instruction, Span, Word};

use crate::expand::variables;
use crate::reference::{Reference, Written};
use crate::stages::Parent;
use crate::{Known, Model};

/// A place that names an image: no stage, and not `scratch`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The place, for messages.
    pub at: Span,
    /// The image, or why it is not known which one.
    pub reference: Result<Reference, String>,
    /// Where the name is written, or why no other can be put there.
    pub place: Result<Place, String>,
}

/// Where a name is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// All of it, or the end of it that an ARG brings.
    pub span: Span,
    /// What stands before that, elsewhere.
    prefix: String,
    /// Registry and repository as the author writes them.
    name: String,
}

impl Place {
    /// The text for `span` that gives the name this tag and digest; `None` where the name would not begin as it does.
    pub fn text(&self, tag: &str, digest: &str) -> Option<String> {
        format!("{}:{tag}@{digest}", self.name).strip_prefix(self.prefix.as_str()).map(str::to_owned)
    }
}

/// The images that a file names, in the order of the text: those of FROM, `COPY --from`, mounts and `# syntax=`.
pub fn used(model: &Model<'_>) -> Vec<Use> {
    let tree = model.tree;
    let mut found = Vec::new();
    for directive in tree.directives.iter().filter(|directive| directive.kind == DirectiveKind::Syntax) {
        found.push(literal(model, directive.span, directive.span, &directive.value));
    }
    for stage in &model.stages {
        let from = &tree.instructions[stage.from];
        if let (Parent::Image { name, .. }, Body::From { image, .. }) = (&stage.parent, &from.body) {
            found.push(base(model, from, image, name));
        }
        for instruction in &tree.instructions[stage.instructions.clone()] {
            let copied = instruction.flag("from").filter(|_| matches!(instruction.body, Body::Copy(_)));
            found.extend(copied.and_then(|flag| flagged(model, flag, flag.value.as_deref()?)));
            let mounts = instruction.flags.iter().filter(|flag| flag.name == "mount");
            for (flag, mount) in mounts.zip(instruction.mounts()) {
                found.extend(mount.option(&["from"]).and_then(|name| flagged(model, flag, name)));
            }
        }
    }
    found
}

/// A name that stands in the text as it is.
fn literal(model: &Model<'_>, at: Span, span: Span, name: &str) -> Use {
    let reference = Reference::parse(name).map_err(|error| error.to_string());
    let is_whole = span.of(&model.tree.text) == name;
    let written = Written::of(name).name.to_owned();
    let place = if is_whole {
        Ok(Place { span, prefix: String::new(), name: written })
    } else {
        Err("its name is written with quotes, or over two lines".to_owned())
    };
    Use { at, reference, place }
}

/// The image of `--from=NAME` or of a mount with `from=NAME`.
fn flagged(model: &Model<'_>, flag: &Flag, name: &str) -> Option<Use> {
    // A stage by its number or name; one that stands further down is none yet, but nobody means an image by it.
    let lower = name.to_lowercase();
    let is_stage = name.bytes().all(|byte| byte.is_ascii_digit())
        || model.stages.iter().any(|stage| stage.name.as_deref() == Some(lower.as_str()));
    if is_stage {
        return None;
    }
    let text = flag.span.of(&model.tree.text);
    let starts: Vec<usize> = text
        .match_indices(name)
        .filter(|&(at, _)| {
            let before = &text[..at];
            let after = &text[at + name.len()..];
            // In COPY `--from=`, in a mount `from=` in the middle of others.
            (before == "--from=" || before.ends_with("=from=") || before.ends_with(",from="))
                && (after.is_empty() || after.starts_with(','))
        })
        .map(|(at, _)| flag.span.start + at)
        .collect();
    let span = match starts[..] {
        [start] => Span::new(start, start + name.len()),
        _ => flag.span,
    };
    Some(literal(model, flag.span, span, name))
}

/// The image of a FROM.
fn base(model: &Model<'_>, from: &Instruction, image: &Word, name: &Known<String>) -> Use {
    let at = from.keyword_span;
    let Known::Is(name) = name else {
        let names = variables(&image.text, model.tree.escape);
        let why = match names.first() {
            Some(argument) => format!("which image it is depends on `ARG {argument}`, which has no default"),
            None => "it is not known which image it is".to_owned(),
        };
        return Use { at, reference: Err(why.clone()), place: Err(why) };
    };
    if !image.text.contains(['$', '"', '\'', '\\']) {
        return literal(model, at, image.span, name);
    }
    let reference = Reference::parse(name).map_err(|error| error.to_string());
    let place = in_argument(model, image, name);
    Use { at, reference, place }
}

/// Where the end of a name is the default of one ARG, and nothing else than this name is made of it.
fn in_argument(model: &Model<'_>, image: &Word, name: &str) -> Result<Place, String> {
    let tree = model.tree;
    let names = variables(&image.text, tree.escape);
    let [argument] = &names[..] else {
        return Err("more than one ARG makes up its name, and with another value of one the digest may be none of that image".to_owned());
    };
    let tail = [format!("${{{argument}}}"), format!("${argument}")];
    let before = tail.iter().find_map(|tail| image.text.strip_suffix(tail.as_str())).ok_or_else(|| {
        format!("the name goes on behind the value of `ARG {argument}`, and a digest there would stay with another value")
    })?;
    if before.contains(['$', '"', '\'', '\\']) || !(before.is_empty() || before.ends_with([':', '/'])) {
        return Err(format!("only a part of its tag is the value of `ARG {argument}`"));
    }
    let first_from = model.stages.first().map_or(0, |stage| stage.from);
    let mut value = None;
    for (at, instruction) in tree.instructions.iter().enumerate() {
        let line = instruction.lines.start();
        match &instruction.body {
            Body::Arg(pairs) => {
                for pair in pairs {
                    if pair.key.text == *argument {
                        if at > first_from {
                            return Err(format!(
                                "line {line} takes `ARG {argument}` into a stage, where the digest would be a part of its value"
                            ));
                        }
                        if value.replace(pair.value.as_ref()).is_some() {
                            return Err(format!("`ARG {argument}` has two defaults"));
                        }
                    } else if pair.value.as_ref().is_some_and(|value| mentions(model, &value.text, argument))
                    {
                        return Err(format!("line {line} makes another ARG of `ARG {argument}`"));
                    }
                }
            }
            Body::From { image: other, .. } => {
                let mut values = instruction.flags.iter().filter_map(|flag| flag.value.as_deref());
                let mentioned = values.any(|value| mentions(model, value, argument));
                let differs = mentions(model, &other.text, argument) && other.text != image.text;
                if mentioned || differs {
                    return Err(format!(
                        "line {line} makes something else of `ARG {argument}`, where a digest does not belong"
                    ));
                }
            }
            _ => {}
        }
    }
    let value = value.flatten().ok_or_else(|| format!("`ARG {argument}` has no default"))?;
    let inner = ['"', '\'']
        .iter()
        .find_map(|quote| value.text.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(&value.text);
    let quotes = (value.text.len() - inner.len()) / 2;
    let span = Span::new(value.span.start + quotes, value.span.end - quotes);
    if inner.contains(['$', '"', '\'', '\\']) || span.of(&tree.text) != inner {
        return Err(format!("the default of `ARG {argument}` is made of other variables, or quoted in part"));
    }
    Ok(Place { span, prefix: before.to_owned(), name: Written::of(name).name.to_owned() })
}

fn mentions(model: &Model<'_>, text: &str, argument: &str) -> bool {
    variables(text, model.tree.escape).iter().any(|name| name == argument)
}
