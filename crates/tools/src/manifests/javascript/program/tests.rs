//! Small programs, and what is said of them.

use proptest::prelude::*;

use super::super::super::testing::Memory;
use super::super::super::{Inputs, Look, Project as _};
use super::*;

fn judged(files: &[(&str, &str)]) -> Result<(Inputs, Vec<String>), String> {
    let project = Memory::new(files);
    let mut sources = Sources::new(&project);
    let commands =
        judge(&mut sources, "/app", &Started::File("scripts/setup.js")).map_err(|unclear| unclear.reason)?;
    Ok((sources.inputs, commands))
}

fn alone(program: &str) -> Result<(Inputs, Vec<String>), String> {
    judged(&[("/app/scripts/setup.js", program), ("/app/config/site.json", "{}")])
}

#[test]
fn files_that_are_named() {
    for program in [
        "require('fs').readFileSync('config/site.json')",
        "const fs = require('node:fs'); fs.readFileSync(__dirname + '/../config/site.json', 'utf8');",
        "const { readFileSync: read } = require('fs'); const path = require('path');
         const file = path.join(__dirname, '..', 'config', 'site.json'); console.log(read(file));",
        "import { readFile } from 'fs/promises'; await readFile(new URL('../config/site.json', import.meta.url));",
        "import fs from 'node:fs'; import path from 'path'; import { fileURLToPath } from 'url';
         const __dirname = path.dirname(fileURLToPath(import.meta.url));
         if (fs.existsSync(path.resolve(__dirname, '../config/site.json'))) process.exit(0);",
        "const { promises: fs } = require('fs'); (async () => { await fs.readFile(`${process.cwd()}/config/site.json`); })()",
        "const fs = require('fs').promises; fs.stat('./config/site.json').then(() => {})",
        "const fs = await import('node:fs'); fs.createReadStream('config/site.json').pipe(process.stdout)",
        "import { createRequire } from 'module'; const require = createRequire(import.meta.url); require('../config/site.json');",
        "require('../config/site')",
        "module.exports = require('../config/site.json'); if (require.main === module) console.log('hello');",
    ] {
        let (inputs, commands) = alone(program).unwrap_or_else(|why| panic!("{program}: {why}"));
        assert!(inputs.files.contains("/app/config/site.json"), "{program}: {inputs:?}");
        assert!(inputs.files.contains("/app/scripts/setup.js"), "{program}");
        assert!(inputs.writes.is_empty() && commands.is_empty(), "{program}: {inputs:?}");
    }
}

#[test]
fn other_deeds() {
    let (inputs, _) =
        alone("const fs = require('fs'); fs.copyFileSync('config/site.json', 'site.json')").unwrap();
    assert!(inputs.writes.contains("/app/site.json") && inputs.files.contains("/app/config/site.json"));
    let (inputs, _) = alone("const fs = require('fs'); fs.readdirSync('config')").unwrap();
    assert!(inputs.trees.contains("/app/config"));
    let (inputs, _) =
        alone("const fs = require('fs'); if (!fs.existsSync('.env')) console.log('no settings')").unwrap();
    assert!(inputs.probes.contains("/app/.env"));
    let (inputs, _) = alone("require('fs').writeFileSync('node_modules/left-pad/index.js', '')").unwrap();
    assert!(inputs.writes.is_empty());
    let (_, commands) = alone(
        "const { execSync, spawnSync } = require('child_process');
         if (process.env.CI !== 'true') { execSync('husky install', { stdio: 'inherit' }); }
         spawnSync('echo', ['done'], { stdio: 'inherit' });",
    )
    .unwrap();
    assert_eq!(commands, ["husky install", "echo done"]);
}

#[test]
fn programs_that_load_others() {
    let files = [
        (
            "/app/scripts/setup.js",
            "const { greet } = require('./lib/greet'); greet(require('../package.json').name);",
        ),
        ("/app/scripts/lib/greet.js", "exports.greet = (name) => console.log(`hello ${name}`);"),
        ("/app/package.json", "{}"),
    ];
    let (inputs, _) = judged(&files).unwrap();
    assert!(inputs.files.contains("/app/scripts/lib/greet.js") && inputs.files.contains("/app/package.json"));
    assert!(inputs.probes.contains("/app/scripts/lib/greet"), "{inputs:?}");
    assert!(inputs.probes.contains("/app/scripts/package.json"), "{inputs:?}");
}

#[test]
fn programs_that_may_do_anything() {
    for (program, reason) in [
        (
            "require('fs-extra').copySync('a', 'b')",
            "loads `fs-extra`, which may read any file of the project",
        ),
        ("import 'dotenv/config'", "loads `dotenv/config`, which may read any file of the project"),
        ("require(process.argv[2])", "calls `require` with a name that is only known when it runs"),
        (
            "const fs = require('fs'); for (const f of list()) fs.readFileSync(f); function list() {}",
            "calls `readFileSync` with a path that is only known when it runs",
        ),
        (
            "const fs = require('fs'); ['a'].forEach(fs.unlinkSync)",
            "hands on `unlinkSync` of a module of node",
        ),
        ("const fs = require('fs'); run(fs); function run() {}", "hands on `fs`"),
        ("const { readFileSync } = require('fs'); const read = readFileSync;", "hands on `readFileSync`"),
        (
            "const fs = require('fs'); { const fs = other; } const other = 1;",
            "uses `fs` for different things",
        ),
        ("const fs = require('fs'); fs.cpSync('a', 'b', { recursive: true })", "calls `cpSync`"),
        ("const fs = require('fs'); fs['read' + 'FileSync']('a')", "hands on `fs`"),
        ("eval('1')", "uses `eval`"),
        ("globalThis.process.chdir('..')", "uses `globalThis`"),
        ("process.chdir('..')", "uses `process.chdir`"),
        ("const { chdir } = process; chdir('..')", "uses `process.chdir`"),
        ("(() => {}).constructor('return 1')()", "uses `constructor`"),
        (
            "require('child_process').execSync(`git ${process.argv[2]}`)",
            "runs a program with `execSync` that is not known before it runs",
        ),
        (
            "require('child_process').execSync('husky', { cwd: '..' })",
            "runs a program with `execSync` that is not known before it runs",
        ),
        (
            "let file = 'a'; file = 'b'; require('fs').readFileSync(file)",
            "calls `readFileSync` with a path that is only known when it runs",
        ),
        (
            "const { a: { b } } = require('fs')",
            "takes a module of node apart in a way that dockopt does not read",
        ),
        ("require('vm').runInThisContext('1')", "loads `vm`, which may read any file of the project"),
        ("not a program", "is written in a way that dockopt does not read"),
        ("require('fs').readdirSync('.')", "lists `/app`, in which the whole project lies"),
    ] {
        assert_eq!(alone(program).unwrap_err(), format!("`/app/scripts/setup.js` {reason}"), "{program}");
    }
    assert_eq!(
        judged(&[]).unwrap_err(),
        "`/app/scripts/setup` is no program of the project".replace("setup", "setup.js")
    );
    let packaged = Memory::new(&[("/app/node_modules/x/install.js", "")]);
    let mut sources = Sources::new(&packaged);
    assert!(judge(&mut sources, "/app", &Started::File("node_modules/x/install.js")).is_err());
    assert_eq!(packaged.look("/app/node_modules/x/install.js"), Look::File);
}

#[test]
fn typescript() {
    let of = |text: &str| deeds::of(text, "/app/setup.ts", "/app");
    let plain = "import { readFile } from 'node:fs/promises';\nimport type { Site } from './site';\nconst path: string = 'site.json';\nconst site: Site = JSON.parse(await readFile(path, 'utf8'));\n";
    assert_eq!(of(plain), Ok(vec![Deed::Read("site.json".to_owned())]));
    assert_eq!(
        of("import fs = require('fs'); fs.readFileSync(name);").unwrap_err(),
        "takes a module by `import … =`"
    );
}

#[test]
fn what_node_is_told() {
    let started_by = |words: &str| {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        started(&words).map(|started| format!("{started:?}"))
    };
    assert_eq!(started_by("setup.js --quiet").as_deref(), Some("File(\"setup.js\")"));
    assert_eq!(started_by("--no-warnings setup.js").as_deref(), Some("File(\"setup.js\")"));
    assert_eq!(started_by("-e 1").as_deref(), Some("Text(\"1\")"));
    for words in ["-r dotenv/config setup.js", "--import tsx setup.ts", "--env-file=.env setup.js", "-e 1 2"]
    {
        assert_eq!(started_by(words), None, "{words}");
    }
}

#[test]
fn the_data_are_read() {
    assert!(NODE.fs.reads.contains("readFile"));
}

proptest! {
    #[test]
    fn never_panics(program in ".{0,60}", tail in "[a-z(){}'/.;= ]{0,40}") {
        let _ = alone(&program);
        let _ = alone(&format!("const fs = require('fs'); {tail}"));
    }
}
