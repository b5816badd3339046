//! Where commands run: each `pip` of a script, with its folder and what was set for it.

use std::collections::BTreeMap;

use dockopt_tools::Toolbox;

use super::{Here, Met, walk};
use crate::{Known, Model};

/// The folder, and the variables, of every `pip` in a RUN in /app, below which only src is known to be there; `?` is what is not known.
fn places(run: &str) -> String {
    let text = format!("FROM python:3.12\nWORKDIR /app/src\nWORKDIR /app\nRUN {run}\n");
    let parse = dockopt_syntax::parse(&text);
    let model = Model::new(&parse.tree, Toolbox::builtin(), None);
    let script = model.script(3).expect("it is read");
    let image = model.image_before(0, 3, 0);
    let mut here = Here::at_start(model.stages[0].state(3));
    let mut found = Vec::new();
    for element in script.elements() {
        walk(script, &image, element, &mut here, &mut |met, here| {
            let Met::Simple(simple) = met else { return };
            if simple.name() == Some("pip") {
                let cwd = match &here.cwd {
                    Known::Is(cwd) => cwd.clone(),
                    Known::Unknown => "?".to_owned(),
                };
                found.push(format!("{cwd}{}", shown(&here.variables)));
            }
        });
    }
    found.join(", ")
}

fn shown(variables: &BTreeMap<String, Option<String>>) -> String {
    variables.iter().map(|(name, value)| format!(" {name}={}", value.as_deref().unwrap_or("?"))).collect()
}

#[test]
fn the_folder_of_a_command() {
    for (run, expected) in [
        ("pip", "/app"),
        ("cd src && pip", "/app/src"),
        ("cd /srv/x && cd ../y && pip", "/srv/y"),
        ("(cd src && pip) && pip", "/app/src, /app"),
        ("(cd src; pip); pip", "/app/src, /app"),
        ("{ cd src && pip; } && pip", "/app/src, ?"),
        ("cd src; pip", "/app/src"),
        // A folder that may not be there: without `-e` the list goes on where it was.
        ("cd web; pip", "?"),
        ("set -e; cd web; pip", "/app/web"),
        ("cd web && make; pip", "?"),
        ("cd web || exit 1; pip", "?"),
        ("cd web || exit 1 && pip", "/app/web"),
        ("cd web || cd src && pip", "?"),
        ("cd web && pip || pip", "/app/web, ?"),
        ("cd src & pip", "/app"),
        ("cd src | pip", "/app"),
        ("if cd src; then pip; fi; pip", "?, ?"),
        ("for d in a b; do cd $d && pip && cd ..; done", "? d=?"),
        ("echo $(cd src && pip) && pip", "/app/src, /app"),
        ("! cd src && pip", "?"),
        ("cd $HOME && pip", "?"),
        ("pushd src && pip && popd && pip", "?, ?"),
        ("f() { cd src; } && pip", "/app"),
        (". ./env && pip", "?"),
    ] {
        assert_eq!(places(run), expected, "{run}");
    }
}

#[test]
fn the_variables_of_a_command() {
    for (run, expected) in [
        ("export A=1 B=\"2 3\" && pip", "/app A=1 B=2 3"),
        // A value that is not literal could be several words, and so set other names.
        ("export A=$B && pip", "?"),
        // Without `export` a program sees it only if it is in the environment already.
        ("A=1; pip", "/app A=?"),
        ("A=1 pip && pip", "/app, /app"),
        ("(export A=1; pip); pip", "/app A=1, /app"),
        ("export A=1 || true; pip", "/app A=?"),
        ("export A=1; unset A; pip", "/app A=?"),
        ("read A && pip", "/app A=?"),
        ("if true; then export A=1; fi; pip", "/app A=?"),
    ] {
        assert_eq!(places(run), expected, "{run}");
    }
}
