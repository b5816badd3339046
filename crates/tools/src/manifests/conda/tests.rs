//! What the reader of environment files answers, by small projects.

use super::super::testing::{Line, Memory};

const ENVIRONMENT: &str = "name: shop\nchannels:\n  - conda-forge\n  - https://example.org/conda\ndependencies:\n  - python=3.12\n  - conda-forge::numpy\n  - pip\n  - pip:\n      - flask==3.0.3\n      - -r requirements.txt\n";

fn conda(words: &'static str) -> Line {
    Line::new("conda", words)
}

fn files(line: &Line, project: &Memory) -> Vec<String> {
    line.reads(project).files.into_iter().collect()
}

#[test]
fn environment_files_and_what_pip_reads_by_them() {
    let project = Memory::new(&[
        ("/app/environment.yml", ENVIRONMENT),
        ("/app/requirements.txt", "six\n"),
        ("/app/conda/env.yaml", ENVIRONMENT),
        ("/app/conda/requirements.txt", "six\n-c ../pins.txt\n"),
        ("/app/pins.txt", "six==1.17.0\n"),
        (
            "/app/packages.txt",
            "# exported\n@EXPLICIT\nhttps://example.org/noarch/six-1.17.0.conda\nnumpy=2\n",
        ),
        ("/app/conda-lock.yml", "version: 1\npackage:\n- url: https://example.org/six.conda\n"),
        ("/app/main.py", ""),
    ]);
    assert_eq!(files(&conda("env"), &project), ["/app/environment.yml", "/app/requirements.txt"]);
    assert_eq!(
        files(&conda("env -n=base -f=conda/env.yaml"), &project),
        ["/app/conda/env.yaml", "/app/conda/requirements.txt", "/app/pins.txt"]
    );
    assert_eq!(files(&conda("install --file=packages.txt"), &project), ["/app/packages.txt"]);
    assert_eq!(files(&conda("install -f=conda-lock.yml"), &project), ["/app/conda-lock.yml"]);
    assert!(files(&conda("install numpy=2 conda-forge::six"), &project).is_empty());
    let placed = conda("env -p=./env").reads(&project);
    assert!(placed.write_trees.contains("/app/env"));
}

#[test]
fn what_stands_in_the_way() {
    for (from, to, why) in [
        ("-r requirements.txt", "-e .", "`.` is built from its sources"),
        ("-r requirements.txt", "./rules", "`./rules` is built from its sources"),
        ("- -r requirements.txt", "- -r missing.txt", "`/app/missing.txt` is missing"),
        ("- conda-forge\n", "- ./channel\n", "the channel `./channel`"),
        ("- conda-forge\n", "- file:///srv/channel\n", "the channel `file:"),
        ("python=3.12", "./six.tar.bz2", "the package `./six.tar.bz2`"),
        ("- pip\n", "- sel(linux): numpy\n", "neither a package nor a list for pip"),
        ("name: shop", "includes: shop", "the key `includes`"),
        ("name: shop", "prefix: ./conda", "which comes from the project"),
    ] {
        let text = ENVIRONMENT.replace(from, to);
        let project = Memory::new(&[
            ("/app/environment.yml", &text),
            ("/app/requirements.txt", "six\n"),
            ("/app/rules/setup.py", ""),
            ("/app/conda/x", ""),
        ]);
        let answer = conda("env").unclear(&project);
        assert!(answer.contains(why), "{answer}");
    }
    let project = Memory::new(&[
        ("/app/environment.yml", ENVIRONMENT),
        ("/app/requirements.txt", "six\n"),
        ("/app/settings/condarc", ""),
        ("/app/local.txt", "-e .\n"),
    ]);
    let told = Line { env: &[("CONDARC", Some("settings/condarc"))], ..conda("env") };
    assert!(told.unclear(&project).contains("`CONDARC` names come from the project"));
    let moved = Line { env: &[("CONDA_PKGS_DIRS", Some("/pkgs"))], ..conda("env") };
    assert!(moved.unclear(&project).contains("`CONDA_PKGS_DIRS` changes"));
    assert!(conda("install --file=local.txt").unclear(&project).contains("has an option"));
    assert!(conda("install ./six.conda").unclear(&project).contains("is a file"));
    assert!(conda("env -f=https://example.org/env.yml").unclear(&project).contains("cannot follow"));
    assert!(conda("install").unclear(&project).contains("not told what to install"));
}
