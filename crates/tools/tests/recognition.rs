//! What recognition and cleaning refuse to believe, and what they see.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use dockopt_tools::schema::Change;
use dockopt_tools::{Arg, Operands, PathRef, Place, Reach, Toolbox};

/// Literal words; one with a `*` or a leading `~` is a glob, `$` is dynamic, `"` is quoted and dynamic.
fn words(line: &str) -> Vec<Arg<'_>> {
    line.split_whitespace()
        .map(|word| match word {
            "$" => Arg::Dynamic,
            word if word.starts_with('"') => Arg::Prefix(word.trim_matches('"')),
            word if word.contains('*') || word.starts_with('~') => Arg::Glob(word),
            word => Arg::Literal(word),
        })
        .collect()
}

fn action(line: &str) -> Option<String> {
    let invocation = Toolbox::builtin().recognize(&words(line))?;
    Some(format!("{} {}", invocation.tool.name, invocation.action.map_or("?", |action| &action.name)))
}

/// The caches that a line cleans: `!` before those that are emptied whole; `None` when it does anything else.
fn cleans(line: &str) -> Option<Vec<String>> {
    let cleaned = Toolbox::builtin().cleans(&words(line))?;
    let show = |whole: bool| if whole { "!" } else { "" };
    Some(
        cleaned
            .iter()
            .map(|one| format!("{}{}: {}", show(one.whole), one.tool.name, one.cache.name))
            .collect(),
    )
}

#[test]
fn a_path_is_a_tool_only_in_a_folder_of_programs() {
    assert_eq!(action("/usr/bin/apt-get update").as_deref(), Some("apt-get update"));
    assert_eq!(action("/opt/venv/bin/pip3.12 install flask").as_deref(), Some("pip install"));
    for line in [
        "./install -d x",
        "bin/test -f x",
        "/app/bin/install -d x",
        "/app/pip install x",
        "./npm ci",
        "pip.exe install x",
    ] {
        assert_eq!(action(line), None, "{line}");
    }
}

#[test]
fn unknown_words_are_not_guessed() {
    assert_eq!(action("$ install x"), None);
    assert_eq!(action("apt-get $ install x").as_deref(), Some("apt-get ?"));
    assert_eq!(action("npm install $").as_deref(), Some("npm ?"), "it may be `-g`");
    assert_eq!(action("sed -n $ x").as_deref(), Some("text ?"));
    let line = words("apt-get install -y -- $");
    assert!(Toolbox::builtin().recognize(&line).unwrap().complete, "after `--` there are no options");
}

#[test]
fn what_is_not_known_may_touch_everything() {
    let toolbox = Toolbox::builtin();
    for line in [
        "npm run build",
        "go generate ./...",
        "apt-get install --download-only x",
        "find / -delete",
        "cp -t /x a",
        "sed -i -f x y",
    ] {
        let line = words(line);
        let invocation = toolbox.recognize(&line).unwrap();
        assert_eq!(invocation.writes(&line), [Reach::Place(&Place::Everything)], "{line:?}");
    }
}

#[test]
fn utilities_do_not_read_a_package_index() {
    let toolbox = Toolbox::builtin();
    for line in [
        "echo $",
        "mkdir -p \"/opt/",
        "rm -rf $",
        "curl -fsSL https://example.org/x -o /tmp/x",
        "useradd -m app",
        "ln -s /a /b",
        "chmod +x /b",
        "tar xzf /tmp/x -C /opt",
        "update-ca-certificates",
        "pip install flask",
        "[ \" = x ]",
        "set -eux",
        "docker-php-ext-install gd",
    ] {
        let line = words(line);
        let invocation = toolbox.recognize(&line).unwrap();
        for reach in invocation.reads(&line) {
            assert!(!matches!(reach, Reach::Place(Place::Index | Place::Everything)), "{line:?}: {reach:?}");
        }
    }
}

#[test]
fn paths_are_those_that_the_words_name() {
    let toolbox = Toolbox::builtin();
    let line = words("apt-get install -y ./tool.deb git");
    let invocation = toolbox.recognize(&line).unwrap();
    assert!(invocation.reads(&line).contains(&Reach::Path(PathRef::Word(3))));
    assert!(!invocation.reads(&line).contains(&Reach::Path(PathRef::Word(4))));
    let line = words("pip install -r requirements.txt -t /app/lib");
    let invocation = toolbox.recognize(&line).unwrap();
    let trees = |reaches: Vec<Reach<'_>>| -> Vec<String> {
        reaches
            .iter()
            .filter_map(|reach| match reach {
                Reach::Tree(PathRef::Value(value)) => value.text(&line).map(str::to_owned),
                _ => None,
            })
            .collect()
    };
    assert_eq!(trees(invocation.reads(&line)), ["requirements.txt", "/app/lib"]);
    assert_eq!(trees(invocation.writes(&line)), ["/app/lib"]);
    let line = words("cp -r a b /c");
    assert_eq!(toolbox.recognize(&line).unwrap().writes(&line), [Reach::Tree(PathRef::Word(4))]);
    let line = words("ln -s /x/y");
    assert_eq!(toolbox.recognize(&line).unwrap().writes(&line), [Reach::Place(&Place::Cwd)]);
}

#[test]
fn wrappers_say_what_they_change() {
    let toolbox = Toolbox::builtin();
    let line = words("sudo -E env DEBIAN_FRONTEND=noninteractive apt-get install -y x");
    let invocation = toolbox.recognize(&line).unwrap();
    assert_eq!(invocation.command, 4..5);
    assert_eq!(invocation.wrappers.len(), 2);
    assert_eq!(invocation.wrappers[1].assignments, [3]);
    assert!(invocation.wrapper_changes(Change::User) && !invocation.wrapper_changes(Change::Shell));
    assert!(toolbox.recognize(&words("exec npm ci")).unwrap().wrapper_changes(Change::Shell));
    assert_eq!(action("sudo $ npm ci").as_deref(), Some("sudo ?"));
}

#[test]
fn cleaning_is_seen() {
    let seen = |line| cleans(line).unwrap_or_else(|| panic!("{line}"));
    assert_eq!(seen("rm -rf /var/lib/apt/lists/*"), ["!apt-get: package lists"]);
    assert_eq!(seen("rm -r -f /var/lib/apt/lists/"), ["!apt-get: package lists"]);
    assert_eq!(seen("rm -rf /var/lib/apt/lists/partial"), ["apt-get: package lists"]);
    assert_eq!(seen("rm -rf /var/cache/apt/archives/*.deb"), ["apt-get: package archives"]);
    assert_eq!(
        seen("rm -rf /var/lib/apt/lists/* /var/cache/apt/*"),
        ["!apt-get: package lists", "!apt-get: package archives"]
    );
    assert_eq!(seen("sudo rm -rf /root/.cache/pip"), ["!pip: download cache"]);
    assert_eq!(seen("rm -rf ~/.npm/*"), ["!npm: download cache"]);
    assert_eq!(seen("rm -rf /home/node/.npm"), ["!npm: download cache"]);
    assert_eq!(seen("rm /var/cache/apk/*"), ["apk: package index"]);
    assert_eq!(seen("npm cache clean --force"), ["!npm: download cache"]);
    assert_eq!(seen("zypper clean"), ["zypper: package cache"]);
    assert_eq!(seen("rm -rf /var/cache/dnf").len(), 3, "three tools keep a part of their cache there");
}

#[test]
fn other_removals_are_no_cleaning() {
    for line in [
        "rm -rf /var/lib/apt/lists/* /tmp/*",
        "rm -rf /var/lib/apt",
        "rm -rf /var/cache/*",
        "rm -rf /root/.cache",
        "rm -rf ~/.cache/*",
        "rm -rf /var/lib/apt/lists/../../dpkg",
        "rm -rf /var/lib/apt/lists/.*",
        "rm -rf /var/lib/apt/*/x",
        "rm -rf /var/lib/apt/lists*",
        "rm -rf var/lib/apt/lists",
        "rm -rf $ /var/lib/apt/lists/*",
        "rm -rf \"/var/lib/apt/lists/",
        "rm -rf /home/.npm",
        "rm -rf /rootfs/.npm",
        "rm -rf",
        "exec rm -rf /var/lib/apt/lists/*",
        "apt-get autoremove -y",
        "mv /var/lib/apt/lists /x",
    ] {
        assert_eq!(cleans(line), None, "{line}");
    }
    let toolbox = Toolbox::builtin();
    assert!(
        toolbox.cleans(&[Arg::Literal("rm"), Arg::Literal("-rf"), Arg::Literal("~/.npm")]).is_none(),
        "quoted"
    );
    let line = words("rm -rf /var/lib/apt/lists/* /tmp/*");
    let cleaning = toolbox.cleaning(&line).unwrap();
    assert!(!cleaning.only && cleaning.caches.len() == 1 && cleaning.caches[0].whole);
    let line = words("rm -rf /root/*");
    let cleaning = toolbox.cleaning(&line).unwrap();
    assert!(!cleaning.only);
    let tools: Vec<&str> = cleaning.caches.iter().map(|cleaned| cleaned.tool.name.as_str()).collect();
    assert_eq!(tools, ["go"], "~/go; a wildcard passes over dotted names");
}

#[test]
fn the_users_tools_win() {
    let text = r#"
        [corp]
        kind = "language"
        commands = ["corp-pip", "pip"]
        [[corp.action]]
        name = "install"
        verbs = ["install"]
        role = "install"
        operands = "packages"
    "#;
    let toolbox = Toolbox::builtin().with_user_tools(toml::from_str(text).unwrap()).unwrap();
    let of = |line: &str| toolbox.recognize(&words(line)).map(|invocation| invocation.tool.name.clone());
    assert_eq!(of("pip install x").as_deref(), Some("corp"));
    assert_eq!(of("corp-pip install x").as_deref(), Some("corp"));
    assert_eq!(of("python3 -m pip install x").as_deref(), Some("pip"));
    assert_eq!(toolbox.tool("corp").unwrap().title, "corp");
    let faulty = BTreeMap::from([("x".to_owned(), toml::from_str("kind = 'build'").unwrap())]);
    assert!(
        Toolbox::builtin()
            .with_user_tools(faulty)
            .unwrap_err()
            .to_string()
            .contains("`x`: it has no commands")
    );
}

/// Words that are likely to meet each other's rules.
const VOCABULARY: [&str; 24] = [
    "apt-get",
    "install",
    "-y",
    "-",
    "--",
    "-o",
    "-é",
    "npm",
    "sudo",
    "env",
    "A=b",
    "tar",
    "xzf",
    "rm",
    "-rf",
    "/root",
    "/home/",
    "/var/lib/apt/lists/*",
    "~/.npm",
    "sed",
    "s/é/x/",
    "-e",
    "test",
    "]",
];

proptest::proptest! {
    /// No words make it panic, and what it says is about the words that there are.
    #[test]
    fn any_words_are_borne(
        picks in proptest::collection::vec((0..VOCABULARY.len(), 0..4_u8), 0..8), odd in "\\PC{0,8}",
    ) {
        let line: Vec<Arg<'_>> = picks
            .iter()
            .map(|&(pick, sort)| match sort {
                0 => Arg::Glob(VOCABULARY[pick]),
                1 => Arg::Prefix(if pick % 2 == 0 { &odd } else { VOCABULARY[pick] }),
                2 if pick % 3 == 0 => Arg::Dynamic,
                2 => Arg::Literal(&odd),
                _ => Arg::Literal(VOCABULARY[pick]),
            })
            .collect();
        let toolbox = Toolbox::builtin();
        toolbox.cleaning(&line);
        if let Some(invocation) = toolbox.recognize(&line) {
            invocation.reads(&line);
            invocation.writes(&line);
            assert!(invocation.operands.iter().all(|&index| index >= invocation.command.end && index < line.len()));
            assert!(invocation.flags.iter().all(|flag| flag.word < line.len()));
            let ends_early = invocation.action.is_some_and(|action| action.operands == Operands::Commands);
            if line.contains(&Arg::Dynamic) && !line.contains(&Arg::Literal("--")) && !ends_early {
                assert!(!invocation.complete, "{line:?}");
            }
        }
    }
}

#[test]
fn options_are_found_as_they_are_written() {
    let says = |line: &str, options: &str| {
        let words = words(line);
        Toolbox::builtin().recognize(&words).unwrap().says(options, &words)
    };
    assert!(says("apt-get -qq install curl", "-q -q") && says("apt-get -q install -q curl", "-q -q"));
    assert!(!says("apt-get -q install curl", "-q -q"));
    assert!(says("apt-get -q=2 install curl", "-q=2") && !says("apt-get -q=1 install curl", "-q=2"));
    assert!(says("apt-get install -o APT::Get::Assume-Yes=true curl", "-o=APT::Get::Assume-Yes=*"));
    assert!(says("dnf install --setopt=install_weak_deps=False curl", "--setopt=install_weak_deps=False"));
    assert!(!says("dnf install --setopt=tsflags=nodocs curl", "--setopt=install_weak_deps=False"));
}
