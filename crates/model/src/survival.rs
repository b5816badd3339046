//! Whether a program is still there when a RUN ends. Must not decide what to do where it may be gone.

use dockopt_shell::Simple;
use dockopt_tools::{Arg, Kind, Role};

use crate::caches::Left;
use crate::needs::behind;
use crate::{Model, Script, here, path};

/// Whether the program that a cleanup runs, if it is the tool itself, may be gone at the end of the RUN: a command after the
/// one that fills the cache may have removed it. In a list, and in a loop, all commands count.
pub fn may_lose(model: &Model<'_>, stage: usize, at: usize, left: &Left<'_>, cleanup: &str) -> bool {
    let Ok(script) = model.script(at) else { return true };
    let program = cleanup.split(' ').next().unwrap_or_default();
    if left.tool.all_commands().all(|known| known != program) {
        return false;
    }
    // What is known to be there is the program that fills the cache, and not another one of the tool.
    if left.simple.words.first().and_then(|word| word.literal.as_deref()).map(path::name) != Some(program) {
        return true;
    }
    let start = behind(script, left.simple);
    let folders = here::folders_of(script, model.stages[stage].state(at));
    let mut lost = false;
    dockopt_shell::walk_commands(&script.ast.list, &mut |simple, context| {
        lost |= context.node.span.start >= start && may_remove(script, simple, program, folders.as_deref());
    });
    lost
}

/// Whether a command may remove a program that is installed.
fn may_remove(script: &Script<'_>, simple: &Simple, program: &str, folders: Option<&[String]>) -> bool {
    if simple.words.is_empty() {
        return false;
    }
    let Some(invocation) = script.recognize(simple) else { return true };
    let args = script.args(simple);
    let role = invocation.action.map(|action| action.role);
    let removes = role.is_none_or(|role| role == Role::Remove);
    let is_program = |text: &str| text.split('@').next() == Some(program);
    match invocation.tool.kind {
        Kind::System => removes,
        Kind::Language => {
            let operands = invocation.operand_texts(&args);
            let names_it = operands.iter().any(|text| text.is_none_or(is_program));
            removes && (names_it || invocation.has_flag(&["-g", "--global"]))
        }
        _ => match args[invocation.command.end - 1].literal().map(path::name) {
            Some("rm" | "rmdir" | "unlink" | "mv") => {
                invocation.operands.iter().any(|&index| may_hold_programs(args[index], folders))
            }
            Some("find") => invocation.has_flag(&["-delete", "-exec", "-execdir", "-ok", "-okdir"]),
            _ => false,
        },
    }
}

/// Whether installed programs may lie at or below what an operand names.
fn may_hold_programs(operand: Arg<'_>, folders: Option<&[String]>) -> bool {
    let text = match operand {
        Arg::Literal(text) => text,
        Arg::Glob(text) if text.starts_with('~') => return text.contains(".."),
        Arg::Glob(text) => path::before_wildcard(text),
        Arg::Prefix(_) | Arg::Dynamic => return true,
    };
    let holds = |cwd: &String| {
        let place = path::resolve(cwd, text);
        let tops = ["/usr", "/opt", "/bin", "/sbin", "/lib", "/lib32", "/lib64"];
        place == "/" || (tops.iter().any(|top| path::within(&place, top)) && path::is_system(&place, cwd))
    };
    match folders {
        Some(folders) => folders.iter().any(holds),
        None => !text.starts_with('/') || holds(&"/".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_that_may_hold_programs() {
        let app = ["/app".to_owned()];
        let project = ["/usr/src/app".to_owned(), "/opt/app".to_owned()];
        for text in ["/", "/usr/local/lib/node_modules", "/opt", "../usr", "/lib"] {
            assert!(may_hold_programs(Arg::Literal(text), Some(&app)), "{text}");
        }
        for text in ["src", "/tmp/x", "/var/cache", "/srv"] {
            assert!(!may_hold_programs(Arg::Literal(text), Some(&app)), "{text}");
        }
        assert!(!may_hold_programs(Arg::Literal("src"), Some(&project)));
        assert!(may_hold_programs(Arg::Literal("src"), None));
        assert!(may_hold_programs(Arg::Glob("/*"), Some(&app)));
        assert!(may_hold_programs(Arg::Dynamic, Some(&app)));
        assert!(!may_hold_programs(Arg::Glob("/tmp/*"), Some(&app)));
    }
}
