//! Each kind of difference is found and named; what is no difference is not; a damaged archive is an error.

use dockopt::image::archive::Tar;
use dockopt::image::{Entry, Error, Source, compare};
use proptest::prelude::*;

use super::trees::{Archive, Meta, What, compared, differences};

#[test]
fn equal_trees_do_not_differ() {
    let tree = || {
        Archive::new()
            .folder("./")
            .folder("./srv")
            .file("./srv/app.py", "print()\n")
            .symlink("./srv/latest", "app.py")
            .hard_link("./srv/copy.py", "./srv/app.py")
            .add("./srv/pipe", &Meta::of_mode(0o600), &What::Pipe)
            .add("./srv/null", &Meta::of_mode(0o666), &What::Device(1, 3))
    };
    let found = compared(&tree().bytes(), &tree().bytes()).unwrap();
    assert_eq!(found.differences, []);
    assert_eq!((found.paths, found.identical, found.retimed, found.bytes), (7, 7, 0, [16, 16]));
}

#[test]
fn each_kind_of_difference_is_named() {
    let one = |meta: &Meta, what: &What| Archive::new().add("./x", meta, what);
    let file = |bytes: &str| What::File(bytes.into());
    let plain = Meta::of_mode(0o644);
    let with = |change: fn(&mut Meta)| {
        let mut meta = plain.clone();
        change(&mut meta);
        meta
    };
    let capability =
        with(|meta| meta.attributes = vec![("security.capability".to_owned(), vec![1, 0, 0, 2])]);
    let same = file("a");
    for ((meta, what), (other_meta, other), expected) in [
        ((&plain, &same), (&plain, &file("b")), "other bytes, 1 as before"),
        ((&plain, &same), (&plain, &file("ab")), "1 bytes became 2 others"),
        ((&plain, &same), (&with(|meta| meta.mode = 0o4755), &same), "mode 0644 became 4755"),
        ((&plain, &same), (&with(|meta| meta.uid = 1000), &same), "owner 0:0 became 1000:0"),
        ((&plain, &same), (&with(|meta| meta.gid = 33), &same), "owner 0:0 became 0:33"),
        ((&plain, &same), (&capability, &same), "extended attributes security.capability differ"),
        ((&plain, &What::Symlink("a".into())), (&plain, &What::Symlink("b".into())), "target a became b"),
        ((&plain, &What::Device(1, 3)), (&plain, &What::Device(1, 5)), "device 1:3 became 1:5"),
        ((&plain, &What::Pipe), (&plain, &same), "a named pipe became a file"),
        ((&plain, &What::Folder), (&plain, &same), "a folder became a file"),
    ] {
        let found = differences(one(meta, what), one(other_meta, other));
        assert_eq!(found, [format!("/x: {expected}")]);
    }
}

#[test]
fn what_one_has_and_the_other_has_not() {
    let before = Archive::new().folder("etc").file("etc/a", "aaa").symlink("etc/b", "a");
    let after = Archive::new().folder("etc").folder("etc/c");
    assert_eq!(
        differences(before, after),
        ["/etc/a: gone, a file of 3 bytes", "/etc/b: gone, a symbolic link to a", "/etc/c: new, a folder"]
    );
}

#[test]
fn times_are_counted_apart() {
    let at =
        |mtime: u64| Archive::new().add("x", &Meta { mtime, ..Meta::of_mode(0o644) }, &What::File(vec![1]));
    let found = compared(&at(1).bytes(), &at(2).bytes()).unwrap();
    assert_eq!((found.differences.len(), found.identical, found.retimed), (0, 1, 1));
}

#[test]
fn the_stamp_of_byte_code_is_told_from_its_code() {
    let code = |stamp: u8, code: &str| {
        let mut bytes = vec![0xcb, 0x0d, b'\r', b'\n', 0, 0, 0, 0, stamp, 0, 0, 0, 9, 0, 0, 0];
        bytes.extend(code.bytes());
        Archive::new().add("x.pyc", &Meta::of_mode(0o644), &What::File(bytes))
    };
    assert_eq!(differences(code(1, "a"), code(2, "a")), ["/x.pyc: another time stamp in Python's byte code"]);
    assert_eq!(differences(code(1, "a"), code(2, "b")), ["/x.pyc: other bytes, 17 as before"]);
}

#[test]
fn a_hard_link_is_the_file_that_it_links_to() {
    let linked = Archive::new().file("a", "same").hard_link("b", "a").hard_link("c", "./a");
    let other_first = Archive::new().file("c", "same").hard_link("a", "c").hard_link("b", "/c");
    assert_eq!(differences(linked, other_first), [""; 0]);
    let linked = Archive::new().file("a", "same").hard_link("b", "a");
    let apart = Archive::new().file("a", "same").file("b", "other");
    assert_eq!(differences(linked, apart), ["/b: 4 bytes became 5 others"]);
}

#[test]
fn long_names_and_names_that_are_not_unicode_are_told_apart() {
    let long = format!("{}/{}", "folder".repeat(30), "name".repeat(40));
    let other = format!("{}s", &long[..long.len() - 1]);
    let found = differences(Archive::new().file(&long, "x"), Archive::new().file(&other, "x"));
    assert_eq!(
        found,
        [format!("/{long}: gone, a file of 1 bytes"), format!("/{other}: new, a file of 1 bytes")]
    );
}

#[test]
fn what_the_engine_makes_is_left_out() {
    let image = Archive::new().folder("etc").file("etc/hosts", "10.0.0.1 db\n");
    let exported = Archive::new()
        .file(".dockerenv", "")
        .folder("dev")
        .file("dev/console", "")
        .folder("etc")
        .file("etc/hosts", "10.0.0.1 db\n")
        .file("etc/hostname", "")
        .file("etc/resolv.conf", "")
        .symlink("etc/mtab", "/proc/mounts")
        .folder("proc")
        .folder("sys");
    assert_eq!(differences(image, exported), [""; 0]);
    let own = |hosts: &str| Archive::new().file("etc/hosts", hosts).folder("devices");
    assert_eq!(differences(own("1"), own("2")), ["/etc/hosts: other bytes, 1 as before"]);
    assert_eq!(differences(own("1"), Archive::new().file("etc/hosts", "1")), ["/devices: gone, a folder"]);
}

#[test]
fn a_damaged_archive_is_an_error() {
    let whole = Archive::new().folder("etc").file("etc/a", &"a".repeat(2000)).file("etc/b", "b").bytes();
    assert!(compared(&whole, &whole).is_ok());
    let says = |bytes: &[u8]| {
        let error = compared(&whole, bytes).unwrap_err();
        assert_eq!(error, Error { image: "after".to_owned(), message: error.message.clone() });
        error.message
    };
    assert_eq!(says(b""), "the archive is cut short after /");
    // The end of an archive is two blocks of zeros, and entries are whole blocks before it.
    for cut in (0..whole.len() - 1024).step_by(64) {
        let message = says(&whole[..cut]);
        assert!(!message.is_empty(), "{cut}");
    }
    assert_eq!(says(&whole[..512 + 512 + 700]), "/etc/a: the archive is cut short after 700 of 2000 bytes");
    assert_eq!(says(&whole[..whole.len() - 1024]), "the archive is cut short after /etc/b");
    let mut other = whole.clone();
    other[512 + 20] ^= 1;
    assert_eq!(says(&other), "after /etc: archive header checksum mismatch");
}

#[test]
fn what_no_engine_writes_is_an_error() {
    let says = |archive: Archive| compared(&archive.bytes(), &Archive::new().bytes()).unwrap_err().message;
    assert_eq!(says(Archive::new().file("a", "").file("./a", "")), "/a is there twice");
    assert_eq!(
        says(Archive::new().hard_link("b", "a")),
        "/b: a hard link to /a, which is not in the archive before it"
    );
    assert_eq!(
        says(Archive::new().folder("a").hard_link("b", "a")),
        "/b: a hard link to /a, which is no file"
    );
}

#[test]
fn an_error_of_one_ends_the_other() {
    struct Endless;
    impl Source for Endless {
        fn read(self, each: &mut dyn FnMut(Entry) -> Result<(), Error>) -> Result<(), Error> {
            let bytes = Archive::new().file("x", "").bytes();
            for number in 0_u64.. {
                Tar::new("endless", bytes.as_slice()).read(&mut |mut entry| {
                    entry.path = format!("/{number}");
                    each(entry)
                })?;
            }
            Ok(())
        }
    }
    let error = compare(Endless, Tar::new("cut", &b"short"[..])).unwrap_err();
    assert_eq!(error.image, "cut");
}

/// A tree of few names, so that files meet.
fn trees() -> impl Strategy<Value = Vec<(String, Meta, What)>> {
    let meta = (prop::sample::select(vec![0o644, 0o755, 0o4711]), 0_u64..3, 0_u64..3, 0_u64..9)
        .prop_map(|(mode, uid, gid, mtime)| Meta { mode, uid, gid, mtime, attributes: Vec::new() });
    let what = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..1500).prop_map(What::File),
        Just(What::Folder),
        "[a-c]{1,3}".prop_map(What::Symlink),
        (0_u32..300, 0_u32..300).prop_map(|(major, minor)| What::Device(major, minor)),
    ];
    prop::collection::btree_map("[a-d]{1,2}(/[a-d]{1,2}){0,3}", (meta, what), 1..40)
        .prop_map(|tree| tree.into_iter().map(|(path, (meta, what))| (path, meta, what)).collect())
}

fn archive<'t>(tree: impl IntoIterator<Item = &'t (String, Meta, What)>) -> Vec<u8> {
    tree.into_iter().fold(Archive::new(), |archive, (path, meta, what)| archive.add(path, meta, what)).bytes()
}

/// Changes one attribute of an entry to a value that it did not have.
fn mutated(meta: &mut Meta, what: &mut What, choice: usize) {
    match choice {
        0 if !matches!(what, What::Symlink(_)) => meta.mode ^= 0o100,
        1 => meta.uid += 1,
        2 => meta.gid += 1,
        3 => meta.attributes.push(("user.note".to_owned(), vec![7, 0, 9])),
        _ => match what {
            What::File(bytes) if choice == 4 => bytes.push(0),
            What::File(bytes) if !bytes.is_empty() => bytes[choice % 2] ^= 4,
            What::Symlink(target) => target.push('x'),
            What::Device(major, _) => *major += 1,
            other => *other = What::Pipe,
        },
    }
}

proptest! {
    #[test]
    fn the_order_of_entries_does_not_matter(
        (tree, shuffled) in trees().prop_flat_map(|tree| (Just(tree.clone()), Just(tree).prop_shuffle())),
    ) {
        let found = compared(&archive(&tree), &archive(&shuffled)).unwrap();
        prop_assert_eq!(found.differences, vec![]);
        prop_assert_eq!((found.paths, found.identical), (tree.len() as u64, tree.len() as u64));
    }

    #[test]
    fn one_mutation_is_the_one_difference(
        (tree, shuffled) in trees().prop_flat_map(|tree| (Just(tree.clone()), Just(tree).prop_shuffle())),
        at in any::<prop::sample::Index>(),
        choice in 0_usize..7,
    ) {
        let mut other = shuffled;
        let at = at.index(other.len());
        let path = format!("/{}", other[at].0);
        let (_, meta, what) = &mut other[at];
        if choice == 6 {
            other.remove(at);
        } else {
            // A byte of a file of one byte has no second one.
            if let What::File(bytes) = what && bytes.len() == 1 { bytes.push(1); }
            mutated(meta, what, choice);
        }
        for (before, after) in [(&tree, &other), (&other, &tree)] {
            let found = compared(&archive(before), &archive(after)).unwrap();
            let paths: Vec<&str> = found.differences.iter().map(|one| one.path.as_str()).collect();
            prop_assert_eq!(paths, [path.as_str()]);
            prop_assert_eq!(found.identical, tree.len() as u64 - 1);
        }
    }
}
