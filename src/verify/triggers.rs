//! Triggers in an image: ONBUILD keeps them as text, so an image made from a rewritten trigger has another text on purpose. Must
//! not forgive a text that neither form of the Dockerfile has.

use dockopt_syntax::{Body, Instruction, Tree, parse};

/// Whether two images have the triggers of one stage as these two texts write them.
pub(super) fn are_of(texts: &[String; 2], before: &[String], after: &[String]) -> bool {
    let [old, new] = texts.each_ref().map(|text| of_stages(&parse(text).tree));
    old.iter().zip(&new).any(|(own, rewritten)| own == before && rewritten == after)
}

/// The triggers of each stage, as an image keeps them.
fn of_stages(tree: &Tree) -> Vec<Vec<String>> {
    let mut stages: Vec<Vec<String>> = Vec::new();
    for instruction in &tree.instructions {
        match &instruction.body {
            Body::From { .. } => stages.push(Vec::new()),
            Body::Onbuild(_) => {
                if let Some(own) = stages.last_mut() {
                    own.push(text_of(tree, instruction));
                }
            }
            _ => {}
        }
    }
    stages
}

/// The line without ONBUILD, and its heredocs (`BuildKit`, `instructions/parse.go`, `parseOnBuild`).
fn text_of(tree: &Tree, instruction: &Instruction) -> String {
    let heredocs = instruction.heredocs.iter();
    let bodies = heredocs.map(|heredoc| format!("\n{}{}", heredoc.body.of(&tree.text), heredoc.name));
    std::iter::once(instruction.arguments_text().to_owned()).chain(bodies).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_texts_of_both_forms_are_forgiven() {
        let texts = [
            "FROM a\nFROM b\nONBUILD RUN c\nONBUILD RUN \\\n  d\n".to_owned(),
            "FROM a\nFROM b\nONBUILD RUN c \\\n && d\n".to_owned(),
        ];
        let list = |words: &[&str]| -> Vec<String> { words.iter().map(|&word| word.to_owned()).collect() };
        let before = list(&["RUN c", "RUN   d"]);
        assert!(are_of(&texts, &before, &list(&["RUN c  && d"])));
        assert!(!are_of(&texts, &before, &list(&["RUN c"])));
        assert!(!are_of(&texts, &list(&["RUN c"]), &list(&["RUN c  && d"])));
    }

    #[test]
    fn heredocs_are_part_of_a_trigger() {
        let text = "FROM a\nONBUILD RUN <<EOF\nset -e\nb\nEOF\n".to_owned();
        let own = ["RUN <<EOF\nset -e\nb\nEOF".to_owned()];
        assert!(are_of(&[text.clone(), text], &own, &own));
    }
}
