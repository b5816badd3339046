//! Reads XML for the readers: one document, with limits. It knows no format, follows no reference to another file and fetches nothing.

use roxmltree::{Document, Node, ParsingOptions};

use super::Unclear;

/// More than any manifest that a person keeps.
const MOST_NODES: u32 = 200_000;

/// Parses the text of a file. A document with a DTD is refused, since a DTD may name other files.
pub(super) fn parse<'t>(path: &str, text: &'t str) -> Result<Document<'t>, Unclear> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options)
        .map_err(|fault| Unclear::at(path, format!("`{path}` is not XML that dockopt reads: {fault}")))
}

/// The children of that name, whatever their namespace.
pub(super) fn children<'a, 't>(node: Node<'a, 't>, name: &'static str) -> impl Iterator<Item = Node<'a, 't>> {
    node.children().filter(move |child| child.has_tag_name_of(name))
}

/// The descendants at these steps below a node, such as `build`, `plugins`, `plugin`.
pub(super) fn at<'a, 't>(node: Node<'a, 't>, steps: &[&'static str]) -> Vec<Node<'a, 't>> {
    let mut found = vec![node];
    for step in steps {
        found = found.into_iter().flat_map(|node| children(node, step)).collect();
    }
    found
}

/// The trimmed text of the only child of that name; `None` if there is none.
pub(super) fn value<'a>(node: Node<'a, '_>, name: &'static str) -> Option<&'a str> {
    children(node, name).next().map(content)
}

/// The trimmed text in a node.
pub(super) fn content<'a>(node: Node<'a, '_>) -> &'a str {
    node.text().unwrap_or_default().trim()
}

/// The line that a node stands in.
pub(super) fn line(node: Node<'_, '_>) -> u32 {
    node.document().text_pos_at(node.range().start).row
}

/// Names without namespaces.
pub(super) trait Named {
    fn has_tag_name_of(&self, name: &str) -> bool;
}

impl Named for Node<'_, '_> {
    fn has_tag_name_of(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_do_not_matter_and_a_dtd_is_refused() {
        let text =
            "\u{feff}<?xml version=\"1.0\"?>\n<a xmlns=\"urn:x\"><b>\n<c> 1 </c></b><b><c>2</c></b></a>";
        let document = parse("/x.xml", text).expect("it is XML");
        let values: Vec<&str> = at(document.root_element(), &["b", "c"]).into_iter().map(content).collect();
        assert_eq!(values, ["1", "2"]);
        assert_eq!(line(at(document.root_element(), &["b", "c"])[0]), 3);
        for refused in ["<!DOCTYPE a SYSTEM \"other.dtd\"><a/>", "<a>", ""] {
            let reason = parse("/x.xml", refused).expect_err("it is refused").reason;
            assert!(reason.starts_with("`/x.xml` is not XML that dockopt reads"), "{reason}");
        }
    }
}
