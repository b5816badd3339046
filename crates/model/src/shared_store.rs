//! Stores that commands of several RUNs read and fill: which RUNs must have a mount if one has it, so that all of them find in it
//! what they need, or fetch it again where it is empty. Must not decide whether there is to be a mount (`keeping.rs`).

use std::collections::{BTreeMap, BTreeSet};

use dockopt_shell::{Simple, StateChange};
use dockopt_syntax::{Body, Instruction, Tree};
use dockopt_tools::{Arg, Cache, Invocation, Kind, Place, Reach, Role, Tool};

use crate::effects;
use crate::idle_mounts::disturbs;
use crate::moved::{self, Moved};
use crate::needs::{self, quoted};
use crate::script::{self, Script};
use crate::stages::{self, Stage};
use crate::state::State;

/// A Dockerfile, as far as it is read before anything is known of its effects.
#[derive(Clone, Copy)]
pub(crate) struct File<'f, 'a, 's> {
    pub(crate) tree: &'f Tree,
    pub(crate) stages: &'f [Stage],
    /// The scripts of RUNs that are understood.
    pub(crate) scripts: &'f dyn Fn(usize) -> Option<&'a Script<'s>>,
}

/// A store of a tool.
#[derive(Clone, Copy)]
pub(crate) struct Store<'t> {
    pub(crate) tool: &'t Tool,
    pub(crate) cache: &'t Cache,
}

/// The RUNs that use a store which a RUN of `stage` fills, by stage and instruction. The error is a clause that says why they cannot
/// have it in mounts at `targets`.
pub(crate) fn consumers(
    file: File<'_, '_, '_>,
    stage: usize,
    store: Store<'_>,
    targets: &[String],
) -> Result<Vec<(usize, usize)>, String> {
    let name = format!("the {} of {}", store.cache.name, store.tool.title);
    let first = first_stage(file, stage, store);
    let holders = stages::heirs(file.stages, first);
    if holders.iter().any(|&holder| file.stages[holder].ships) {
        return Err(format!("{name} would not be in the image that comes of this stage"));
    }
    if holders.iter().any(|&holder| !file.stages[holder].triggers.is_empty()) {
        return Err(format!("a child of this stage would not find {name}"));
    }
    if let Some(at) = needs::taken(file.tree, file.stages, &holders, store.cache, home(file, first)) {
        return Err(format!("line {} takes {name} from this stage, or may do so", line(file, at)));
    }
    let mut found = Vec::new();
    let mut surroundings: Option<Surroundings> = None;
    for &holder in &holders {
        let runs = file.stages[holder].instructions.clone();
        for at in runs.filter(|&at| matches!(file.tree.instructions[at].body, Body::Run(_))) {
            let has_it = !found.is_empty() || holder != first;
            let Some(script) = (file.scripts)(at) else {
                if has_it {
                    return Err(format!("line {} is not understood and may need {name}", line(file, at)));
                }
                continue;
            };
            let state = file.stages[holder].state(at);
            let uses = uses(script, store.tool);
            if uses.is_empty() && !has_it {
                continue;
            }
            let mut obstacle = bystander(script, store.tool);
            let mut above = targets.iter().filter_map(|target| disturbs(script, state, target, &|_| false));
            obstacle = obstacle.or_else(|| Some(format!("`{}` names a folder that holds", above.next()?)));
            for (simple, invocation) in &uses {
                obstacle = obstacle.or_else(|| hindrance(script, state, simple, invocation, store));
            }
            if let Some(why) = obstacle {
                return Err(format!("line {}: {why} {name}", line(file, at)));
            }
            if uses.is_empty() {
                continue;
            }
            let own = Surroundings::of(&file.tree.instructions[at], state, store.tool);
            if surroundings.get_or_insert_with(|| own.clone()) != &own {
                return Err(format!(
                    "line {} has other variables, secrets or another user than the first RUN with {name}, and may not be able to fetch what that did",
                    line(file, at)
                ));
            }
            found.push((holder, at));
        }
    }
    Ok(found)
}

/// The first stage on the way down to `stage` in which the tool of the store is used.
fn first_stage(file: File<'_, '_, '_>, stage: usize, store: Store<'_>) -> usize {
    let is_used = |at: &usize| {
        let mut scripts = file.stages[*at].instructions.clone().filter_map(file.scripts);
        scripts.any(|script| !uses(script, store.tool).is_empty())
    };
    stages::lineage(file.stages, stage).skip(1).filter(is_used).last().unwrap_or(stage)
}

/// The commands of a script that run the tool.
fn uses<'s>(script: &'s Script<'_>, tool: &Tool) -> Vec<(&'s Simple, std::rc::Rc<Invocation<'s>>)> {
    let mut found = Vec::new();
    dockopt_shell::walk_commands(&script.ast.list, &mut |simple, _| {
        let invocation = script.recognize(simple).filter(|one| one.tool.name == tool.name);
        found.extend(invocation.map(|invocation| (simple, invocation)));
    });
    found
}

/// What another command of a script may do with the store, or with what the tool needs to fetch it again.
fn bystander(script: &Script<'_>, tool: &Tool) -> Option<String> {
    let mut found = None;
    dockopt_shell::walk_commands(&script.ast.list, &mut |simple, context| {
        if found.is_some() || simple.words.is_empty() || effects::is_of_the_shell(simple) {
            return;
        }
        let text = || quoted(&script.text()[context.node.span.clone()]);
        let Some(invocation) = script.recognize(simple) else {
            return found = Some(format!("`{}` is not understood and may need", text()));
        };
        if invocation.tool.name == tool.name {
            return;
        }
        let args = script.args(simple);
        let reaches = invocation.reads(&args).into_iter().chain(invocation.writes(&args));
        let is_unclear =
            |reach: &Reach<'_>| matches!(reach, Reach::Place(Place::Everything | Place::AnythingButIndexes));
        if reaches.into_iter().any(|reach| is_unclear(&reach)) {
            found = Some(format!("`{}` may read any file, so also", text()));
        } else if removes_settings(&invocation, &args) {
            found = Some(format!("`{}` may take away what is needed to fetch", text()));
        }
    });
    found
}

/// Whether a command may remove a file of settings, such as one with a password.
fn removes_settings(invocation: &Invocation<'_>, args: &[Arg<'_>]) -> bool {
    let is_plain = |index: &usize| match args[*index] {
        Arg::Literal(text) | Arg::Glob(text) => {
            let is_hidden = |part: &str| part.starts_with('.') && part != ".";
            let is_scratch =
                ["/tmp/", "/var/tmp/", "/var/lib/", "/var/cache/"].iter().any(|top| text.starts_with(top));
            (is_scratch || !text.starts_with(['/', '~'])) && !text.split('/').any(is_hidden)
        }
        Arg::Prefix(_) | Arg::Dynamic => false,
    };
    let role = script::role(invocation);
    invocation.tool.kind == Kind::Utility
        && (role.is_none() || role == Some(Role::Remove))
        && !invocation.operands.iter().all(is_plain)
}

/// Why a command of the tool cannot have its store in a mount: as a clause that ends before the name of the store.
fn hindrance(
    script: &Script<'_>,
    state: &State,
    simple: &Simple,
    invocation: &Invocation<'_>,
    store: Store<'_>,
) -> Option<String> {
    let by = store.cache.mount.as_ref()?;
    let (first, last) = (simple.words.first()?, simple.words.last()?);
    let text = || quoted(&script.text()[first.span.start..last.span.end]);
    let action = invocation.action;
    let is_known = action.is_some_and(|action| {
        store.cache.filled_by.contains(&action.name) || matches!(action.role, Role::Query | Role::Configure)
    });
    if !invocation.complete || !invocation.wrappers.is_empty() || !is_known {
        return Some(format!("`{}` is not understood word by word, and may do something else with", text()));
    }
    let args = script.args(simple);
    let words = args[invocation.command.end..].iter().filter_map(|word| word.literal());
    let is_such = |word: &str| {
        by.not_with.iter().any(|own| {
            own == word || word.strip_prefix(own.as_str()).is_some_and(|rest| rest.starts_with('='))
        })
    };
    if let Some(word) = words.into_iter().find(|word| is_such(word) || needs::avoids_network(word)) {
        return Some(format!("`{word}` needs what is there, and does not fetch again what is missing in"));
    }
    let harmless: Vec<&String> = store
        .tool
        .actions
        .iter()
        .flat_map(|action| &action.fetch)
        .flat_map(|fetch| &fetch.harmless_assignments)
        .collect();
    if let Some(own) = simple.assignments.iter().find(|own| !harmless.contains(&&own.name)) {
        return Some(format!("`{}`, set for one command, may decide about", own.name));
    }
    if moved::of(store.cache, invocation, state, simple) == Moved::Unknown
        || state.variables.keys().any(|name| needs::avoids_network(name))
    {
        return Some("a setting may move or turn off".to_owned());
    }
    let changed = dockopt_shell::list_state_changes(&script.ast.list);
    let is_read = |name: &String| effects::is_read_by(store.tool, name) && !harmless.contains(&name);
    let changes_it = |change: &StateChange| match change {
        StateChange::Unknown => true,
        StateChange::Variable(name) => is_read(name),
        _ => false,
    };
    changed.iter().any(changes_it).then(|| "a variable that the script sets may decide about".to_owned())
}

/// What a RUN must have in common with the others, so that it can fetch what they did.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Surroundings {
    user: String,
    variables: BTreeMap<String, String>,
    /// Secrets and agents, and flags that are no mounts.
    flags: BTreeSet<String>,
}

impl Surroundings {
    fn of(run: &Instruction, state: &State, tool: &Tool) -> Self {
        let fetches = tool.actions.iter().flat_map(|action| &action.fetch);
        let harmless: Vec<&String> = fetches.flat_map(|fetch| &fetch.harmless_assignments).collect();
        let is_read = |name: &String| effects::is_read_by(tool, name) && !harmless.contains(&name);
        let variables = state.variables.iter().filter(|(name, _)| is_read(name));
        let mounts = run.mounts();
        let is_access = |kind: &str| matches!(kind, "secret" | "ssh");
        let secrets = mounts.iter().filter(|mount| is_access(mount.kind())).map(|mount| {
            mount
                .options
                .iter()
                .map(|option| format!("{}={:?},", option.key, option.value))
                .collect::<String>()
        });
        let others = run.flags.iter().filter(|flag| flag.name != "mount");
        Self {
            user: format!("{:?}", state.user),
            variables: variables.map(|(name, variable)| (name.clone(), variable.label.clone())).collect(),
            flags: secrets.chain(others.map(|flag| format!("--{}={:?}", flag.name, flag.value))).collect(),
        }
    }
}

fn home<'f>(file: File<'f, '_, '_>, stage: usize) -> Option<&'f crate::Known<String>> {
    let last = file.stages[stage].states.last()?;
    last.variables.get("HOME").map(|home| &home.value)
}

fn line(file: File<'_, '_, '_>, at: usize) -> usize {
    *file.tree.instructions[at].lines.start()
}
