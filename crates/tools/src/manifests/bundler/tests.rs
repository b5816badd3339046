//! Tests of the reader of Bundler's inputs.

use super::super::testing::{Line, Memory};

const GEMFILE: &str =
    "source \"https://gems.example.org\"\nruby file: \".ruby-version\"\ngem \"rails\", \"~> 7.1\"\n";
const LOCK: &str = "GEM\n  remote: https://gems.example.org/\n  specs:\n    rails (7.1.3)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  rails (~> 7.1)\n";

fn line(words: &'static str) -> Line {
    Line::new("bundler", words)
}

fn frozen() -> Line {
    Line { env: &[("BUNDLE_FROZEN", Some("1"))], ..line("install") }
}

fn memory(gemfile: &str, more: &[(&str, &str)]) -> Memory {
    let mut files = vec![
        ("/app/Gemfile", gemfile),
        ("/app/Gemfile.lock", LOCK),
        ("/app/.ruby-version", "3.3.0"),
        ("/app/app/models/user.rb", ""),
    ];
    files.extend(more);
    Memory::new(&files)
}

#[test]
fn the_usual_project() {
    let found = frozen().reads(&memory(GEMFILE, &[]));
    assert!(
        found.files.iter().eq(["/app/.ruby-version", "/app/Gemfile", "/app/Gemfile.lock"]),
        "{:?}",
        found.files
    );
    assert!(found.trees.is_empty() && found.writes.is_empty() && found.write_trees.is_empty());
    assert!(found.probes.contains("/app/.bundle/config") && found.probes.contains("/app/vendor/cache"));
}

#[test]
fn deployment_fills_a_folder_of_the_project() {
    let call = Line {
        env: &[("BUNDLE_DEPLOYMENT", Some("true")), ("BUNDLE_WITHOUT", Some("development"))],
        ..line("install")
    };
    let found = call.reads(&memory(GEMFILE, &[("/app/vendor/cache/rails.gem", "")]));
    assert!(found.write_trees.iter().eq(["/app/vendor/bundle"]), "{:?}", found.write_trees);
    assert!(found.trees.iter().eq(["/app/vendor/cache"]), "{:?}", found.trees);
    let found = line("install --deployment --path=gems").reads(&memory(GEMFILE, &[]));
    assert!(
        found.write_trees.iter().eq(["/app/.bundle", "/app/gems", "/app/vendor/bundle"]),
        "{:?}",
        found.write_trees
    );
}

#[test]
fn an_unlocked_install_may_write_the_lock_file() {
    let found = line("install").reads(&memory(GEMFILE, &[]));
    assert!(found.writes.iter().eq(["/app/Gemfile.lock"]), "{:?}", found.writes);
    let config = [("/app/.bundle/config", "---\nBUNDLE_FROZEN: \"true\"\nBUNDLE_JOBS: \"4\"\n")];
    assert!(line("install").reads(&memory(GEMFILE, &config)).writes.is_empty());
    let both = Line { env: &[("BUNDLE_DEPLOYMENT", Some("0"))], ..line("install") };
    assert!(!both.reads(&memory(GEMFILE, &config)).writes.is_empty());
}

#[test]
fn path_gems_are_read_whole() {
    let gemfile = format!("{GEMFILE}gem \"blog\", path: \"engines/blog\"\n");
    let spec = "$LOAD = 1\nrequire_relative \"lib/blog/version\"\nGem::Specification.new do |spec|\n  spec.version = Blog::VERSION\n  spec.files = Dir[\"lib/**/*\"]\nend\n";
    let engine = [
        ("/app/engines/blog/blog.gemspec", spec),
        ("/app/engines/blog/lib/blog/version.rb", "module Blog; VERSION = '1'; end"),
    ];
    let found = frozen().reads(&memory(&gemfile, &engine));
    assert!(found.trees.iter().eq(["/app/engines/blog"]), "{:?}", found.trees);
    for (path, text, told) in [
        ("/app/engines/blog/blog.gemspec", "spec.files = `git ls-files`.split", "commands in backticks"),
        (
            "/app/engines/blog/blog.gemspec",
            "version = File.read(File.expand_path('../VERSION', __dir__))",
            "with `..` it may read",
        ),
        ("/app/engines/blog/README.md", "", "no gemspec"),
    ] {
        let reason = frozen().unclear(&memory(&gemfile, &[(path, text)]));
        assert!(reason.contains(told), "{text}: {reason}");
    }
    let loads = [
        ("/app/engines/blog/blog.gemspec", spec),
        ("/app/engines/blog/lib/blog/version.rb", "VERSION = File.read('../../VERSION')"),
    ];
    assert!(frozen().unclear(&memory(&gemfile, &loads)).contains("version.rb"));
}

#[test]
fn what_is_not_known_is_refused() {
    for (gemfile, more, told) in [
        ("gemspec\n", ("", ""), "line 1 of `/app/Gemfile`: `gemspec`"),
        ("gem 'x', path: '.'\n", ("", ""), "the project itself"),
        ("require 'yaml'\n", ("", ""), "`require`"),
        (
            GEMFILE,
            ("/app/.bundle/config", "---\nBUNDLE_GEMS__EXAMPLE__ORG: \"user:secret\"\n"),
            "credentials",
        ),
        (GEMFILE, ("/app/.bundle/config", "---\nBUNDLE_LOCAL__RACK: \"../rack\"\n"), "local override"),
        (GEMFILE, ("/app/.bundle/config", "---\nBUNDLE_CACHE_PATH: \"gems\"\n"), "BUNDLE_CACHE_PATH"),
        (GEMFILE, ("/app/Gemfile.lock", "GIT\n  remote: ../rack\n"), "another machine"),
        (GEMFILE, ("/app/gems.rb", ""), "gems.rb"),
    ] {
        let more: Vec<(&str, &str)> = [more].into_iter().filter(|(path, _)| !path.is_empty()).collect();
        let reason = frozen().unclear(&memory(gemfile, &more));
        assert!(reason.contains(told), "{gemfile}: {reason}");
    }
    let call = Line { env: &[("RUBYOPT", Some("-r./boot"))], ..line("install") };
    assert!(call.unclear(&memory(GEMFILE, &[])).contains("RUBYOPT"));
}

#[test]
fn another_gemfile_and_those_it_evaluates() {
    let call = Line {
        env: &[("BUNDLE_GEMFILE", Some("gemfiles/ci.rb")), ("BUNDLE_FROZEN", Some("true"))],
        ..line("install")
    };
    let project = Memory::new(&[
        ("/app/gemfiles/ci.rb", "eval_gemfile \"../Gemfile\"\n"),
        ("/app/gemfiles/ci.rb.lock", LOCK),
        ("/app/Gemfile", "source \"https://gems.example.org\"\n"),
    ]);
    let found = call.reads(&project);
    assert!(
        found.files.iter().eq(["/app/Gemfile", "/app/gemfiles/ci.rb", "/app/gemfiles/ci.rb.lock"]),
        "{:?}",
        found.files
    );
}
