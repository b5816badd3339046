//! Examples and fixtures are built before and after their rewrites, compared, edited and built again, through the library call of
//! `dockopt verify`. Must not know any of them but the pair that the project began with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dockopt::discover::{Found, Target};
use dockopt::engine::{Build, Built, Cache};
use dockopt::verify::{self, Edits, Plan, Verdict};
use dockopt::work::{Done, Session, Wanted};
use dockopt_model::{Known, Model, Parent};
use dockopt_transforms::Class;
use indicatif::DecimalBytes;

use crate::page::{Page, code};
use crate::stand::{self, NETWORK, Stand};

/// A folder with a Dockerfile, and which rewrites it gets.
struct Pair {
    /// Where it lies in the repository.
    name: String,
    folder: PathBuf,
    wanted: Wanted,
}

/// Why a pair is left out.
enum Left {
    /// No rewrite changes it.
    Unchanged,
    /// It cannot be built here, before any rewrite.
    Unbuildable(String),
}

#[test]
fn examples_are_the_same_image_and_rebuild_from_the_cache() {
    let Some(stand) = Stand::find("examples, built before and after") else { return };
    let pairs = folders(&root().join("examples"))
        .into_iter()
        .map(|folder| Pair { name: relative(&folder), folder, wanted: Wanted::default() })
        .collect();
    let rows = verified(&stand, pairs, &Edits::Chosen)
        .into_iter()
        .flat_map(|(name, verdict)| effects(&name, &verdict));
    let page = Page {
        path: "docs/effects.md",
        title: "Measured effects",
        about: "Every example that can be built without images from a registry, built before and after `dockopt fix`, compared, and \
                built again after an edit of one file. The base images are look-alikes that `tests/engine` makes from Debian's \
                packages, and their layers and sizes are counted too. Sizes and times are those of one run: they depend on the \
                machine and the network, and `dockopt verify` shows them for yours.",
        columns: [
            "example",
            "edited file",
            "steps cached before",
            "after",
            "rebuild before",
            "after",
            "times faster",
            "size before",
            "after",
            "image",
        ],
        rows: rows.collect(),
        varying: &[4, 5, 6, 7, 8],
    };
    page.check(&stand);
}

/// Set to a number, it lets one fixture of so many be built, too.
const FIXTURES: &str = "DOCKOPT_BUILD_FIXTURES";

#[test]
fn fixtures_are_the_same_image() {
    let Some(one_of) = std::env::var(FIXTURES).ok().and_then(|number| number.parse::<usize>().ok()) else {
        stand::say(&format!(
            "skipped: fixtures, built before and after: it takes long; {FIXTURES}=1 asks for all of them"
        ));
        return;
    };
    let Some(stand) = Stand::find("fixtures, built before and after") else { return };
    let pairs = dockopt_transforms::PASSES.iter().flat_map(|pass| {
        let cases = folders(&root().join("tests/fixtures").join(pass.name));
        cases.into_iter().map(|folder| Pair {
            name: relative(&folder),
            folder,
            wanted: Wanted { select: Some(vec![pass.name.to_owned()]), ignore: None, include_unsafe: true },
        })
    });
    let pairs = pairs.filter(|pair| !pair.name.contains("/keeps-"));
    let verified = verified(&stand, pairs.step_by(one_of.max(1)).collect(), &Edits::Nothing).len();
    stand::say(&format!("built before and after: {verified} fixtures"));
}

#[test]
fn the_flask_pair_goes_from_one_cached_step_to_three() {
    let Some(stand) = Stand::find("the Flask pair") else { return };
    let folder = root().join("examples/flask");
    let done = optimized(&folder, Wanted::default()).expect("it is rewritten");
    let verdict =
        verify::verify(&stand.engine, &done, &plan(Edits::Named(vec!["app.py".to_owned()])), &mut |_| {})
            .unwrap();
    assert!(verdict.holds(), "{:?}", verdict.images);
    assert!(verdict.images.config.is_empty(), "{:?}", verdict.images.config);
    assert!(verdict.images.files.unexpected.is_empty(), "{:?}", verdict.images.files.unexpected);
    let [rebuild] = verdict.rebuilds.as_slice() else { panic!("one edit is one rebuild") };
    assert_eq!((rebuild.before.cached(), rebuild.after.cached()), (1, 3));
}

#[test]
fn a_wrong_rewrite_is_caught_and_its_file_named() {
    let Some(stand) = Stand::find("a wrong rewrite") else { return };
    let folder = tempfile::tempdir().unwrap();
    let text = "FROM busybox:1.36\nRUN echo one > /etc/first.conf\nRUN echo two > /etc/second.conf\n\
                LABEL tier=web\n";
    fs::write(folder.path().join("Dockerfile"), text).unwrap();
    let mut done = prepared(folder.path(), Wanted::default());
    done.outcome.text = text.replace("RUN echo two > /etc/second.conf\n", "").replace("web", "worker");
    let verdict = verify::verify(&stand.engine, &done, &plan(Edits::Nothing), &mut |_| {}).unwrap();
    assert!(!verdict.holds());
    let unexpected: Vec<&str> =
        verdict.images.files.unexpected.iter().map(|difference| difference.path.as_str()).collect();
    assert_eq!(unexpected, ["/etc/second.conf"]);
    let fields: Vec<String> = verdict.images.config.iter().map(ToString::to_string).collect();
    assert!(matches!(fields.as_slice(), [label] if label.contains("tier")), "{fields:?}");
}

/// Builds all that can be built. Fails with what differs in any of them.
fn verified(stand: &Stand, pairs: Vec<Pair>, edits: &Edits) -> Vec<(String, Verdict)> {
    let only = std::env::var("DOCKOPT_PAIRS").unwrap_or_default();
    let pairs = pairs.into_iter().filter(|pair| pair.name.contains(&only)).collect();
    let results = stand::each(pairs, |pair| {
        let verdict = match verdict(stand, &pair, edits) {
            Ok(verdict) => verdict,
            Err(Left::Unchanged) => return Ok(None),
            Err(Left::Unbuildable(why)) => {
                stand::say(&format!("skipped: {}: {why}", pair.name));
                return Ok(None);
            }
        };
        if verdict.images.on_purpose.is_empty() && !verdict.holds() {
            let files = verdict.images.files.unexpected.iter().map(|difference| format!("  {difference}\n"));
            let fields = verdict.images.config.iter().map(|difference| format!("  {difference}\n"));
            return Err(format!(
                "{}: another image\n{}",
                pair.name,
                files.chain(fields).take(20).collect::<String>()
            ));
        }
        Ok(Some((pair.name, verdict)))
    });
    results.into_iter().flatten().collect()
}

fn verdict(stand: &Stand, pair: &Pair, edits: &Edits) -> Result<Verdict, Left> {
    let done = optimized(&pair.folder, pair.wanted.clone()).ok_or(Left::Unchanged)?;
    if let Some(image) = missing_base(&done) {
        return Err(Left::Unbuildable(format!("there is no {image} here")));
    }
    let is_unsafe = done.outcome.applied.iter().any(|note| note.class != Some(Class::Safe));
    verify::verify(&stand.engine, &done, &plan(edits.clone()), &mut |_| {}).map_err(|problem| {
        // A file that does not build before its rewrite tells nothing about the rewrite.
        match original_fails(stand, &done) {
            Some(why) => Left::Unbuildable(why),
            // An unsafe rewrite may fail a build; its reason says when.
            None if is_unsafe => Left::Unbuildable("its unsafe rewrite fails the build".to_owned()),
            None => panic!("{}: {problem:?}", pair.name),
        }
    })
}

/// Why the file does not build without its rewrites; none if it does.
fn original_fails(stand: &Stand, done: &Done) -> Option<String> {
    let context = done.file.context.as_ref().expect("it was built");
    let image = stand.image("original");
    let arguments = NETWORK.map(Into::into);
    let build = Build {
        dockerfile: done.file.path.as_deref().expect("it is a file"),
        context: context.folder.root(),
        tag: &image.name,
        cache: Cache::Use,
        arguments: &arguments,
    };
    let failure = stand.engine.build(&build, &mut |_| {}).err()?.to_string();
    let line = failure.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    Some(format!("it does not build here: {line}"))
}

/// A base image that is not on this machine.
fn missing_base(done: &Done) -> Option<String> {
    let model = Model::new(&done.file.tree, done.file.config.toolbox(), None);
    model.stages.iter().find_map(|stage| match &stage.parent {
        Parent::Image { name: Known::Is(name), .. } if is_here(name) => None,
        Parent::Image { name: Known::Is(name), .. } => Some(name.clone()),
        Parent::Image { .. } => Some("base image of a known name".to_owned()),
        Parent::Scratch | Parent::Stage(_) => None,
    })
}

fn is_here(image: &str) -> bool {
    let inspect = Command::new("docker")
        .args(["image", "inspect", image])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    inspect.is_ok_and(|status| status.success())
}

fn optimized(folder: &Path, wanted: Wanted) -> Option<Done> {
    Some(prepared(folder, wanted)).filter(Done::is_changed)
}

fn prepared(folder: &Path, wanted: Wanted) -> Done {
    let session = Session::new(wanted, Some(folder)).unwrap();
    let target = Target { path: folder.join("Dockerfile"), found: Found::Named };
    let file = session.prepare(&target).unwrap().expect("nothing leaves it out");
    session.optimize(file).unwrap()
}

fn plan(edits: Edits) -> Plan {
    Plan { edits, arguments: NETWORK.map(Into::into).to_vec(), ..Plan::default() }
}

/// The rows of one example, one for each edit.
fn effects(name: &str, verdict: &Verdict) -> Vec<[String; 10]> {
    let cached = |built: &Built| format!("{} of {}", built.cached(), built.own_steps().count());
    let seconds = |built: &Built| format!("{:.2} s", built.took.as_secs_f64());
    let size = |figures: &verify::Figures| DecimalBytes(figures.size).to_string();
    let image = if verdict.images.on_purpose.is_empty() { "the same" } else { "changed on purpose" };
    verdict
        .rebuilds
        .iter()
        .map(|rebuild| {
            let ratio = rebuild.before.took.as_secs_f64() / rebuild.after.took.as_secs_f64().max(0.001);
            [
                name.to_owned(),
                code(&rebuild.path),
                cached(&rebuild.before),
                cached(&rebuild.after),
                seconds(&rebuild.before),
                seconds(&rebuild.after),
                format!("{ratio:.1}"),
                size(&verdict.before),
                size(&verdict.after),
                image.to_owned(),
            ]
        })
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn relative(folder: &Path) -> String {
    let path = folder.strip_prefix(root()).expect("it is in the repository");
    let path = path.strip_prefix("examples").or_else(|_| path.strip_prefix("tests/fixtures")).unwrap_or(path);
    path.display().to_string()
}

/// The folders below that have a Dockerfile, sorted.
fn folders(top: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    if top.join("Dockerfile").is_file() {
        found.push(top.to_owned());
    }
    let mut inner: Vec<PathBuf> =
        fs::read_dir(top).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    inner.sort();
    for folder in inner.into_iter().filter(|path| path.is_dir() && !path.is_symlink()) {
        found.extend(folders(&folder));
    }
    found
}
