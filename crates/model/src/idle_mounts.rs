//! Which cache mounts of a file change nothing of its image: the normalisation `cache-mounts`. Must not decide whether a cache is to be
//! mounted (`keeping.rs`), or where (`mounts.rs`).

use dockopt_shell::Node;
use dockopt_syntax::{Body, Instruction, Mount, Tree};
use dockopt_tools::{
    Arg, Cache, FlagValue, Index, Invocation, Kind, MountBy, PathRef, Place as Where, Reach, Role, Tool,
};

use crate::image::Image;
use crate::moved::{self, Moved};
use crate::script::{self, Script, each_command};
use crate::shared_store::{self, File, Store};
use crate::state::State;
use crate::{Element, effects, here, overrule, path, stores};

/// What a cache mount that changes nothing of the image is besides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Idle<'a> {
    /// The package index that lies in it, and that is therefore not there after the RUN.
    pub(crate) index: Option<(&'a Tool, &'a Cache)>,
}

/// Normalisation `cache-mounts`: a cache mount is nothing where a command of the RUN keeps there what it has downloaded or
/// compiled, and could get again, and where nothing else in the file is about that folder. The folders that the builder makes for
/// it are gone after the RUN.
///
/// Where the cache is a store, all RUNs that use it must have the mount, in stages of which nothing is shipped and nobody takes it
/// (`shared_store.rs`). Where it is a package index, the first command of the RUN that uses the index must refresh it, and the mount is what a
/// command at the end of the RUN is that empties the index.
pub(crate) fn idle<'a, 's: 'a>(
    file: File<'_, 'a, 's>,
    (stage, at): (usize, usize),
    mount: &Mount,
    image: &Image<'_>,
) -> Option<Idle<'a>> {
    let target = plain_target(mount)?;
    let (tree, scripts, state) = (file.tree, file.scripts, file.stages[stage].state(at));
    let script = scripts(at).filter(|script| disturbs(script, state, target, &|_| false).is_none())?;
    let mut found: Option<(&'a Tool, &'a Cache)> = None;
    for element in script.elements() {
        for node in element.nodes() {
            each_command(node, &mut |simple| {
                let Some(invocation) = script.recognize(simple) else { return };
                let Some(action) = invocation.action else { return };
                let lies_there = |cache: &&Cache| {
                    cache.filled_by.contains(&action.name)
                        && (!cache.is_index || is_refreshed_first(script, cache))
                        && !stores::is_store_by_command(cache, &invocation, state, simple)
                        && cache.mount.as_ref().is_some_and(|by| {
                            match moved::of(cache, &invocation, state, simple) {
                                Moved::To(place) => place == target,
                                _ => places_of(cache, by).any(|place| is_place(place, target)),
                            }
                        })
                };
                let cache = invocation.tool.caches.iter().find(lies_there);
                found = found.or(cache.map(|cache| (invocation.tool, cache)));
            });
        }
    }
    let (tool, cache) = found?;
    if cache.is_store && !is_everywhere(file, stage, Store { tool, cache }, mount) {
        return None;
    }
    let is_alone = !is_named_elsewhere(tree, scripts, at, target, cache) && !image.has_within(target);
    is_alone.then(|| Idle { index: cache.is_index.then_some((tool, cache)) })
}

/// The target of a cache mount that has no other options than usual.
fn plain_target(mount: &Mount) -> Option<&str> {
    const OWN: [&str; 10] =
        ["type", "target", "dst", "destination", "id", "sharing", "uid", "gid", "mode", "required"];
    let target = mount.target().filter(|_| mount.kind() == "cache")?.trim_end_matches('/');
    let is_plain = target.starts_with('/')
        && !target.contains('$')
        && mount.options.iter().all(|option| OWN.contains(&option.key.as_str()));
    is_plain.then_some(target)
}

/// Whether all RUNs that use a store have this mount of it, and none of them does something else with it.
fn is_everywhere(file: File<'_, '_, '_>, stage: usize, store: Store<'_>, mount: &Mount) -> bool {
    let target = plain_target(mount);
    let same = |other: &Mount| {
        target.is_some() && plain_target(other) == target && other.option(&["id"]) == mount.option(&["id"])
    };
    let holds = |&(stage, at): &(usize, usize)| {
        let is_undisturbed = (file.scripts)(at).zip(target).is_some_and(|(script, target)| {
            disturbs(script, file.stages[stage].state(at), target, &|_| false).is_none()
        });
        is_undisturbed && file.tree.instructions[at].mounts().iter().any(same)
    };
    let targets: Vec<String> = target.into_iter().map(str::to_owned).collect();
    shared_store::consumers(file, stage, store, &targets).is_ok_and(|all| all.iter().all(holds))
}

/// Whether the first command of a script that uses an index refreshes it, and an image exists only if it did.
pub(crate) fn is_refreshed_first(script: &Script<'_>, index: &Cache) -> bool {
    overrule::first_use(script, index).is_some_and(|first| {
        let Some(invocation) = script.recognize(first).filter(|one| one.complete && one.wrappers.is_empty())
        else {
            return false;
        };
        let by_itself = |one: &Index| invocation.has_flag(&one.refreshed_by_flags);
        let refreshes = invocation.action.is_some_and(|action| match action.role {
            Role::Refresh => invocation.operands.is_empty(),
            Role::Install => invocation.tool.index.as_ref().is_some_and(by_itself),
            _ => false,
        });
        refreshes && script.must_succeed(first)
    })
}

/// A command of a RUN that may remove, move or own a folder, or copy what is in it together with a folder above: one that names a
/// folder above, or one that no tool describes. Where the folder is a mount it cannot be removed, and its content is not this build's.
///
/// Commands whose first word starts where `goes` says are left aside.
pub(crate) fn disturbs(
    script: &Script<'_>,
    state: &State,
    target: &str,
    goes: &dyn Fn(usize) -> bool,
) -> Option<String> {
    let folders = here::folders_of(script, state);
    let mut found = None;
    dockopt_shell::walk_commands(&script.ast.list, &mut |simple, _| {
        let Some(first) = simple.words.first().filter(|_| found.is_none()) else { return };
        if effects::is_of_the_shell(simple) || goes(first.span.start) {
            return;
        }
        let Some(invocation) = script.recognize(simple) else {
            found = Some(script.text()[first.span.clone()].to_owned());
            return;
        };
        let args = script.args(simple);
        let reaches = match invocation.tool.kind {
            // They work on the system, on the project, and on caches of their own.
            Kind::System | Kind::Language | Kind::Build => return,
            Kind::Utility | Kind::Network | Kind::Shell => {
                invocation.reads(&args).into_iter().chain(invocation.writes(&args))
            }
        };
        for reach in reaches {
            let reaches_it = match reach {
                Reach::Place(Where::Everything | Where::AnythingButIndexes) => true,
                Reach::Place(_) => false,
                Reach::Path(named) | Reach::Tree(named) => match named {
                    PathRef::Word(index) => holds(args[index], folders.as_deref(), target),
                    PathRef::Value(FlagValue::Word(index)) => holds(args[*index], folders.as_deref(), target),
                    PathRef::Value(FlagValue::Inline(text)) => {
                        holds(Arg::Literal(text), folders.as_deref(), target)
                    }
                    PathRef::Value(FlagValue::InlinePrefix(_)) => true,
                },
            };
            if reaches_it {
                found = Some(
                    args[..invocation.command.end]
                        .iter()
                        .filter_map(|word| word.literal())
                        .collect::<Vec<_>>()
                        .join(" "),
                );
            }
        }
    });
    found
}

/// Whether a word of a command may name a folder that holds `target`, or the target itself.
fn holds(word: Arg<'_>, folders: Option<&[String]>, target: &str) -> bool {
    let (text, entries) = match word {
        Arg::Literal(text) => (text, false),
        // What a pattern names lies in the folder before it.
        Arg::Glob(text) => match text.find(['*', '?', '[']) {
            Some(at) => (&text[..text[..at].rfind('/').map_or(0, |slash| slash + 1)], true),
            None => (text, false),
        },
        Arg::Prefix(_) | Arg::Dynamic => return true,
    };
    let is_above = |place: &str| path::within(target, place) && !(entries && place == target);
    if let Some(rest) = text.strip_prefix("~/") {
        let mut homes = std::iter::successors(Some(path::parent(target)), |home| {
            (*home != "/").then(|| path::parent(home))
        });
        return homes.any(|home| is_above(&path::resolve(home, rest)));
    }
    if text.starts_with('/') {
        return is_above(&path::resolve("/", text));
    }
    text.starts_with('~')
        || folders.is_none_or(|folders| folders.iter().any(|folder| is_above(&path::resolve(folder, text))))
}

fn places_of<'c>(cache: &'c Cache, by: &'c MountBy) -> impl Iterator<Item = &'c String> {
    let own = if by.targets.is_empty() { &cache.paths } else { &by.targets };
    own.iter().chain(&by.bundled_targets)
}

/// Whether `target` is the place of a cache, in whoever's home folder.
pub(crate) fn is_place(place: &str, target: &str) -> bool {
    match place.strip_prefix("~/") {
        Some(rest) => target.strip_suffix(rest).is_some_and(|home| home.len() > 1 && home.ends_with('/')),
        None => place == target,
    }
}

/// Whether anything besides the mounts of RUNs, and commands that only empty caches or remove what is there, names a folder or what
/// is in it.
pub(crate) fn is_named_elsewhere<'a, 's: 'a>(
    tree: &Tree,
    scripts: &dyn Fn(usize) -> Option<&'a Script<'s>>,
    at: usize,
    target: &str,
    cache: &Cache,
) -> bool {
    let mut needles = vec![target.to_owned()];
    for rest in cache.paths.iter().filter_map(|place| place.strip_prefix('~')) {
        needles.extend(
            ["~", "$HOME", "${HOME}", "\"$HOME\"", "\"${HOME}\""].map(|home| format!("{home}{rest}")),
        );
    }
    let names = |text: &str| needles.iter().any(|needle| names_path(text, needle));
    let is_usual =
        cache.mount.iter().flat_map(|by| places_of(cache, by)).any(|place| is_place(place, target));
    if !is_usual && tree.instructions.iter().any(|one| takes_from_above(one, target)) {
        return true;
    }
    tree.instructions.iter().enumerate().any(|(place, instruction)| match &instruction.body {
        Body::Run(_) => match scripts(place) {
            Some(script) => {
                let mut text = script.text().to_owned();
                for node in script.elements().into_iter().flat_map(Element::nodes) {
                    if bears_absence(script, node) {
                        text.replace_range(node.span.clone(), &" ".repeat(node.span.len()));
                    }
                }
                names(&text)
            }
            None => names(instruction.arguments_text()) || place == at,
        },
        // What moves the cache there says so.
        Body::Env(pairs) => pairs.iter().any(|pair| {
            let moves = cache.moved_to.contains_key(&pair.key.text);
            names(&pair.key.text) || (!moves && pair.value.as_ref().is_some_and(|value| names(&value.text)))
        }),
        _ => {
            let bodies = instruction.heredocs.iter().map(|heredoc| heredoc.body.of(&tree.text));
            names(instruction.logical.text()) || bodies.into_iter().any(names)
        }
    })
}

/// Whether an instruction takes a folder that holds `target` from another stage or image, whichever that is.
fn takes_from_above(instruction: &Instruction, target: &str) -> bool {
    let holds = |source: &str| {
        source.contains('$') || path::within(target, &path::resolve("/", path::before_wildcard(source)))
    };
    let copied = instruction.body.as_copy().filter(|_| instruction.flag("from").is_some());
    let mut mounts = instruction.mounts().into_iter().filter(|mount| mount.option(&["from"]).is_some());
    copied.is_some_and(|copy| copy.sources.iter().any(|source| holds(&source.text)))
        || mounts.any(|mount| holds(mount.option(&["source", "src"]).unwrap_or("/")))
}

/// Whether a command only empties caches, or removes paths, and does not mind if they are not there.
fn bears_absence(script: &Script<'_>, node: &Node) -> bool {
    let invocation = node.as_simple().and_then(|simple| script.recognize(simple));
    invocation.is_some_and(|one| match one.tool.kind {
        Kind::Utility => {
            one.complete && script::role(&one) == Some(Role::Remove) && one.has_flag(&["-f", "--force"])
        }
        _ => script.cleans(node).is_some(),
    })
}

/// Whether a text names a path, or one below it.
fn names_path(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(at, _)| {
        let next = text[at + path.len()..].chars().next();
        !next.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    })
}

/// Whether an assignment before a command, as it is written, only tells the tool what it would find out about a mount, or to keep a
/// cache: part of the normalisation `cache-mounts`. Not where something else says how the tool uses its cache.
pub(crate) fn only_silences(invocation: &Invocation<'_>, state: &State, assignment: &str) -> bool {
    let Some(action) = invocation.action else { return false };
    let name = assignment.split('=').next().unwrap_or_default();
    let mut caches = invocation.tool.caches.iter().filter(|cache| cache.filled_by.contains(&action.name));
    caches.any(|cache| {
        let is_idle = cache.mount.as_ref().is_some_and(|by| by.set.iter().any(|set| set == assignment))
            && !state.variables.contains_key(name)
            && !cache.store_by.as_ref().is_some_and(|by| invocation.has_flag(&by.flags));
        is_idle || cache.kept_by.iter().any(|kept| kept == assignment)
    })
}

#[cfg(test)]
mod tests {
    use dockopt_tools::Toolbox;

    use crate::Model;

    /// Whether two files mean the same. `{}` stands for the mount.
    fn is_nothing(file: &str, mount: &str) -> bool {
        let digest = |mount: &str| {
            let parse = dockopt_syntax::parse(&file.replace("{}", mount));
            assert!(parse.errors.is_empty(), "{:?}", parse.errors);
            Model::new(&parse.tree, Toolbox::builtin(), None).digest().clone()
        };
        digest("") == digest(mount)
    }

    const PIP: &str = "--mount=type=cache,target=/root/.cache/pip ";

    #[test]
    fn mounts_of_caches_are_nothing() {
        let file = "FROM python:3.12\nRUN apt-get update\nRUN {}pip install flask\nRUN make\n";
        assert!(is_nothing(file, PIP));
        assert!(is_nothing(
            file,
            "--mount=type=cache,id=wheels,target=/home/app/.cache/pip,sharing=locked,uid=1000,mode=0755 "
        ));
        let uv = "FROM python:3.12\nENV UV_LINK_MODE=copy\nRUN {}uv sync\n";
        assert!(is_nothing(uv, "--mount=type=cache,target=/root/.cache/uv "));
        let cleaned = "FROM python:3.12\nRUN {}pip install flask\nRUN rm -rf /root/.cache/pip\n";
        assert!(is_nothing(cleaned, PIP));
    }

    #[test]
    fn other_mounts_are_something() {
        let file = "FROM python:3.12\nRUN {}pip install flask\n";
        for mount in [
            "--mount=type=cache,target=/root/.cache ",
            "--mount=type=cache,target=/root/.cache/pip/http ",
            "--mount=type=cache,target=/root/.npm ",
            "--mount=type=cache,from=base,target=/root/.cache/pip ",
            "--mount=type=cache,readonly,target=/root/.cache/pip ",
            "--mount=type=tmpfs,target=/root/.cache/pip ",
            "--mount=type=cache,target=$HOME/.cache/pip ",
            "--mount=type=cache,target=/app ",
        ] {
            assert!(!is_nothing(file, mount), "{mount}");
        }
        // A tool that is told to keep the installed files there.
        let uv = "--mount=type=cache,target=/root/.cache/uv ";
        assert!(is_nothing("FROM python:3.12\nRUN {}uv sync\n", uv));
        assert!(!is_nothing("FROM python:3.12\nRUN {}uv sync --link-mode symlink\n", uv));
        assert!(!is_nothing("FROM python:3.12\nENV UV_LINK_MODE=symlink\nRUN {}uv sync\n", uv));
    }

    #[test]
    fn a_mount_of_an_index_is_a_cleanup() {
        let lists = "--mount=type=cache,target=/var/lib/apt/lists,sharing=locked ";
        let is_nothing = |run: &str| is_nothing(&format!("FROM debian:12\nRUN {run}\n"), lists);
        let install = "{}apt-get update && apt-get install -y curl";
        assert!(is_nothing(install));
        assert!(is_nothing(&format!("{install}\nRUN apt-get update && apt-get install -y git")));
        assert!(is_nothing(&format!("{install}\nRUN rm -rf /var/lib/apt/lists/* /tmp/*")));
        assert!(is_nothing("{}set -e; apt-get update; apt-get install -y curl"));
        for run in [
            // A later step needs the index.
            "{}apt-get update && apt-get install -y curl\nRUN apt-get install -y git",
            "{}apt-get update\nRUN apt-get install -y git",
            "{}apt-get update && apt-get install -y curl\nRUN ./build.sh",
            "{}apt-get update && apt-get install -y curl\nONBUILD RUN apt-get install -y git",
            // What lies in the mount may be old.
            "apt-get update\nRUN {}apt-get install -y curl",
            "{}apt-get install -y curl && apt-get update",
            "{}apt-get update; apt-get install -y curl",
            "{}apt-get update || true && apt-get install -y curl",
            // The mount cannot be removed, and what is removed without `-f` must be there.
            "{}apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists",
            "{}apt-get update && apt-get install -y curl && ./setup.sh",
            "{}apt-get update && apt-get install -y curl\nRUN rm -r /var/lib/apt/lists/*",
            // Something reads it.
            "{}apt-get update && apt-get install -y curl && ls /var/lib/apt/lists",
        ] {
            assert!(!is_nothing(run), "{run}");
        }
    }

    #[test]
    fn mounts_of_a_store_are_nothing_where_all_who_use_it_have_them() {
        let is_nothing = |build: &str, rest: &str| {
            let file = format!(
                "FROM rust:1.80 AS build\nWORKDIR /src\n{build}\nFROM debian:12\nCOPY --from=build /src/target/release/a /a\n{rest}"
            );
            is_nothing(&file, "--mount=type=cache,target=/usr/local/cargo/registry,sharing=locked ")
        };
        assert!(is_nothing("RUN {}cargo build --release", ""));
        assert!(is_nothing(
            "RUN apt-get update && apt-get install -y git\nRUN {}cargo fetch\nRUN {}cargo build",
            ""
        ));
        assert!(is_nothing(
            "RUN {}cargo fetch\nFROM build AS more\nRUN {}cargo build",
            "COPY --from=more /src/b /b\n"
        ));
        assert!(is_nothing("RUN ./setup.sh\nRUN {}cargo build", ""));
        assert!(is_nothing("RUN {}cargo build && rm -rf src /tmp/x", ""));
        for (build, rest) in [
            ("RUN {}cargo fetch\nRUN cargo build", ""),
            ("RUN cargo fetch\nRUN {}cargo build", ""),
            (
                "RUN {}cargo fetch\nRUN --mount=type=cache,id=x,target=/usr/local/cargo/registry cargo build",
                "",
            ),
            ("RUN {}cargo fetch\nRUN {}cargo build --offline", ""),
            ("RUN {}cargo fetch\nRUN {}cargo build --frozen", ""),
            ("RUN {}cargo fetch\nENV CARGO_NET_OFFLINE=true\nRUN {}cargo build", ""),
            ("RUN {}CARGO_HTTP_CAINFO=/x cargo fetch\nRUN {}cargo build", ""),
            ("RUN {}export CARGO_HTTP_CAINFO=/x && cargo fetch\nRUN {}cargo build", ""),
            ("RUN --mount=type=ssh {}cargo fetch\nRUN {}cargo build", ""),
            ("RUN --network=host {}cargo fetch\nRUN {}cargo build", ""),
            ("USER 1000\nRUN {}cargo fetch\nUSER root\nRUN {}cargo build", ""),
            ("RUN {}cargo fetch && rm ~/.netrc\nRUN {}cargo build", ""),
            ("RUN {}cargo fetch\nRUN rm -f /root/.netrc\nRUN {}cargo build", ""),
            ("RUN {}cargo fetch\nRUN make", ""),
            ("RUN {}cargo fetch\nRUN cp -r /usr/local/cargo /src/target/release/a", ""),
            ("RUN {}cargo fetch\nRUN ./build.sh", ""),
            ("RUN {}cargo build\nRUN ls /usr/local/cargo/registry", ""),
            ("RUN {}cargo build\nONBUILD RUN cargo build", ""),
            ("RUN {}cargo build", "COPY --from=build /usr/local/cargo /cargo\n"),
            ("RUN {}cargo build", "RUN --mount=type=bind,from=build,target=/b ls /b\n"),
            ("RUN {}cargo build", "FROM build AS test\n"),
            ("ENV CARGO_HOME=/cargo\nRUN {}cargo build", ""),
            ("COPY registry /usr/local/cargo/registry\nRUN {}cargo build", ""),
        ] {
            assert!(!is_nothing(build, rest), "{build} {rest}");
        }
        // The image has what its own stage fetched.
        assert!(!self::is_nothing(
            "FROM rust:1.80\nRUN {}cargo build\n",
            "--mount=type=cache,target=/usr/local/cargo/registry "
        ));
    }

    #[test]
    fn a_variable_says_where_a_mount_is_nothing() {
        let file = |set: &str| format!("FROM python:3.12\n{set}\nRUN {{}}pip install flask\n");
        let there = "--mount=type=cache,target=/var/cache/pip ";
        assert!(is_nothing(&file("ENV PIP_CACHE_DIR=/var/cache/pip"), there));
        assert!(is_nothing(&file("ENV XDG_CACHE_HOME=/var/cache"), there));
        for set in [
            "ENV A=1",
            "ENV PIP_CACHE_DIR=/srv/pip",
            "ARG PIP_CACHE_DIR=/var/cache/pip",
            "ENV PIP_CACHE_DIR=/var/cache/pip XDG_CACHE_HOME=/srv",
            "ENV PIP_CACHE_DIR=/var/cache/pip WHEELS=/var/cache/pip/wheels",
            "ENV PIP_CACHE_DIR=/var/cache/pip\nVOLUME /var/cache/pip",
            "ENV PIP_CACHE_DIR=/var/cache/pip\nCOPY --from=debian:12 /var /var",
        ] {
            assert!(!is_nothing(&file(set), there), "{set}");
        }
        assert!(!is_nothing(&file("ENV PIP_CACHE_DIR=/var/cache/pip"), PIP));
    }

    #[test]
    fn an_assignment_that_keeps_a_cache_is_nothing() {
        let digest = |run: &str| {
            let parse =
                dockopt_syntax::parse(&format!("FROM python:3.12\nENV PIP_NO_CACHE_DIR=1\nRUN {run}\n"));
            Model::new(&parse.tree, Toolbox::builtin(), None).digest().clone()
        };
        assert_eq!(digest("pip install flask"), digest("PIP_NO_CACHE_DIR= pip install flask"));
        assert_ne!(digest("pip install flask"), digest("PIP_NO_INDEX= pip install flask"));
        assert_ne!(digest("make"), digest("PIP_NO_CACHE_DIR= make"));
    }

    #[test]
    fn mounts_that_something_else_is_about_are_something() {
        for line in [
            "RUN du -sh /root/.cache/pip",
            "RUN cp -r ~/.cache/pip /srv",
            "RUN ls \"$HOME\"/.cache/pip/http",
            "COPY wheels /root/.cache/pip/wheels",
            "WORKDIR /root/.cache/pip",
            "VOLUME /root/.cache/pip",
            "CMD [\"ls\", \"/root/.cache/pip\"]",
        ] {
            let file = format!("FROM python:3.12\nRUN {{}}pip install flask\n{line}\n");
            assert!(!is_nothing(&file, PIP), "{line}");
            let file = format!("FROM python:3.12\n{line}\nRUN {{}}pip install flask\n");
            assert!(!is_nothing(&file, PIP), "{line}");
        }
        // The builder cannot remove a mount, and what a command does that nobody knows may be just that.
        for command in [
            "rm -rf /root/.cache",
            "cd /root && rm -r .cache",
            "chown -R 1000 ~/.cache",
            "./clean-up.sh",
            "rm -rf $DIR",
            "cp -r /root /srv",
        ] {
            let file = format!("FROM python:3.12\nRUN {{}}pip install flask && {command}\n");
            assert!(!is_nothing(&file, PIP), "{command}");
            let file = format!("FROM python:3.12\nRUN {{}}{command}; pip install flask\n");
            assert!(!is_nothing(&file, PIP), "{command}");
        }
        for command in [
            "rm -rf /root/.npm /tmp/*",
            "mkdir -p ~/.config",
            "cp app.py /srv",
            "apt-get install -y curl",
            "npm run build",
        ] {
            let file = format!("FROM python:3.12\nWORKDIR /app\nRUN {{}}pip install flask && {command}\n");
            assert!(is_nothing(&file, PIP), "{command}");
        }
        let own = "FROM python:3.12\nRUN {}pip install flask && ls /root/.cache/pip\n";
        assert!(!is_nothing(own, PIP));
        let another = "FROM python:3.12\nRUN {}pip install flask && ls /root/.cache/pipenv\n";
        assert!(is_nothing(another, PIP));
    }

    #[test]
    fn a_variable_for_the_command_alone_silences_a_warning() {
        let same = |one: &str, two: &str| {
            let digest = |text: &str| {
                let parse = dockopt_syntax::parse(text);
                Model::new(&parse.tree, Toolbox::builtin(), None).digest().clone()
            };
            digest(one) == digest(two)
        };
        let plain = "FROM python:3.12\nRUN uv sync\n";
        assert!(same(plain, "FROM python:3.12\nRUN UV_LINK_MODE=copy uv sync\n"));
        assert!(!same(plain, "FROM python:3.12\nRUN UV_LINK_MODE=symlink uv sync\n"));
        assert!(!same(plain, "FROM python:3.12\nRUN UV_OFFLINE=1 uv sync\n"));
        let link = "FROM python:3.12\nENV UV_LINK_MODE=symlink\nRUN uv sync\n";
        assert!(!same(link, "FROM python:3.12\nENV UV_LINK_MODE=symlink\nRUN UV_LINK_MODE=copy uv sync\n"));
        let flag = "FROM python:3.12\nRUN uv sync --link-mode symlink\n";
        assert!(!same(flag, "FROM python:3.12\nRUN UV_LINK_MODE=copy uv sync --link-mode symlink\n"));
    }
}
