//! What a COPY means to the digest: when a `chown` or `chmod` after it is the same as its flags, and when it is not.

use dockopt_model::Model;
use dockopt_tools::Toolbox;

use crate::support::Project;

/// Whether two stages mean the same, over one small project.
fn same(one: &str, other: &str) -> bool {
    let files = [("app/main.py", "print(1)\n"), ("app/static/a.css", ""), ("start.sh", "#!/bin/sh\n")];
    let project = Project::of("", &files);
    let context = project.context();
    let parses = [one, other].map(dockopt_syntax::parse);
    assert!(parses.iter().all(|parse| parse.errors.is_empty()), "{one}{other}");
    let [one, other] =
        parses.each_ref().map(|parse| Model::new(&parse.tree, Toolbox::builtin(), Some(&context)));
    one.digest() == other.digest()
}

#[test]
fn a_change_of_what_copies_bring_is_their_flag() {
    let debian = "FROM debian:12\nRUN useradd app\n";
    for (before, after) in [
        ("COPY app /srv/app\nRUN chown -R app:app /srv/app\n", "COPY --chown=app:app app /srv/app\n"),
        ("COPY app /srv/app\nRUN chown -R app: /srv/app\n", "COPY --chown=app app /srv/app\n"),
        ("COPY app /srv/app\nRUN chown -R 7 /srv/app\n", "COPY --chown=7:root app /srv/app\n"),
        (
            "WORKDIR /srv/app\nCOPY app .\nRUN chown -R app:app .\n",
            "WORKDIR /srv/app\nCOPY --chown=app:app app .\nRUN chown app:app .\n",
        ),
        (
            "RUN mkdir -p /srv/app\nCOPY app /srv/app\nRUN chmod -R 750 /srv/app\n",
            "RUN mkdir -p /srv/app\nCOPY --chmod=750 app /srv/app\nRUN chmod 750 /srv/app\n",
        ),
        ("COPY start.sh /\nRUN chmod +x /start.sh\n", "COPY --chmod=0755 start.sh /\n"),
        ("COPY start.sh /\nRUN chmod u+x /start.sh\n", "COPY --chmod=744 start.sh /\n"),
        ("COPY start.sh /\nRUN chown root: /start.sh\n", "COPY start.sh /\n"),
        (
            "COPY start.sh /\nRUN chmod 700 /start.sh && chown 7:8 /start.sh && useradd b\n",
            "COPY --chown=7:8 --chmod=700 start.sh /\nRUN useradd b\n",
        ),
    ] {
        assert!(same(&format!("{debian}{before}"), &format!("{debian}{after}")), "{before}{after}");
    }
}

#[test]
fn a_change_of_anything_else_is_not() {
    for (before, after) in [
        // The base image may have something there.
        (
            "FROM corp.example/base\nCOPY app /app\nRUN chown -R 7:7 /app\n",
            "FROM corp.example/base\nCOPY --chown=7:7 app /app\n",
        ),
        (
            "FROM php:8.3\nCOPY app /var/www\nRUN chown -R 7:7 /var/www\n",
            "FROM php:8.3\nCOPY --chown=7:7 app /var/www\n",
        ),
        (
            "FROM node:22\nCOPY app /home/node/app\nRUN chown -R 7:7 /home/node\n",
            "FROM node:22\nCOPY --chown=7:7 app /home/node/app\n",
        ),
        // Something else puts files there.
        (
            "FROM debian:12\nCOPY app /app\nRUN touch /app/log\nRUN chown -R 7:7 /app\n",
            "FROM debian:12\nCOPY --chown=7:7 app /app\nRUN touch /app/log\n",
        ),
        (
            "FROM debian:12\nRUN ln -s /opt /app\nCOPY app /app/\nRUN chown -R 7:7 /app\n",
            "FROM debian:12\nRUN ln -s /opt /app\nCOPY --chown=7:7 app /app/\nRUN chown 7:7 /app\n",
        ),
        (
            "FROM debian:12 AS a\nRUN touch /app\nFROM a\nCOPY app /app\nRUN chown -R 7:7 /app\n",
            "FROM debian:12 AS a\nRUN touch /app\nFROM a\nCOPY --chown=7:7 app /app\n",
        ),
        // Somebody looks before.
        (
            "FROM debian:12\nCOPY app /app\nRUN python3 /app/main.py\nRUN chown -R 7:7 /app\n",
            "FROM debian:12\nCOPY --chown=7:7 app /app\nRUN python3 /app/main.py\n",
        ),
        (
            "FROM debian:12\nCOPY start.sh /\nRUN cp /start.sh /run.sh && chmod 700 /start.sh\n",
            "FROM debian:12\nCOPY --chmod=700 start.sh /\nRUN cp /start.sh /run.sh\n",
        ),
        // The user is made in between.
        (
            "FROM debian:12\nCOPY start.sh /\nRUN useradd app && chown app:app /start.sh\n",
            "FROM debian:12\nCOPY --chown=app:app start.sh /\nRUN useradd app\n",
        ),
        // The folder that is made by something else is left out.
        (
            "FROM debian:12\nWORKDIR /app\nCOPY app .\nRUN chown -R 7:7 /app\n",
            "FROM debian:12\nWORKDIR /app\nCOPY --chown=7:7 app .\n",
        ),
        // COPY means another group.
        ("FROM debian:12\nCOPY app /app\nRUN chown -R 7 /app\n", "FROM debian:12\nCOPY --chown=7 app /app\n"),
        // The COPY brings more, or makes folders on the way.
        (
            "FROM debian:12\nCOPY start.sh app/main.py /\nRUN chmod +x /start.sh\n",
            "FROM debian:12\nCOPY --chmod=755 start.sh app/main.py /\n",
        ),
        (
            "FROM debian:12\nCOPY start.sh /etc/app/\nRUN chmod 600 /etc/app/start.sh\n",
            "FROM debian:12\nCOPY --chmod=600 start.sh /etc/app/\n",
        ),
        (
            "FROM debian:12\nCOPY app /data/app\nRUN chown -R 7:7 /data/app\n",
            "FROM debian:12\nCOPY --chown=7:7 app /data/app\n",
        ),
        // The command may not run, or not like this.
        (
            "FROM debian:12\nCOPY start.sh /\nRUN chmod 700 /start.sh || true\n",
            "FROM debian:12\nCOPY --chmod=700 start.sh /\n",
        ),
        (
            "FROM debian:12\nCOPY start.sh /\nRUN umask 077 && chmod +x /start.sh\n",
            "FROM debian:12\nCOPY --chmod=755 start.sh /\n",
        ),
        (
            "FROM debian:12\nCOPY app /app\nRUN --mount=type=tmpfs,target=/app chown -R 7:7 /app\n",
            "FROM debian:12\nCOPY --chown=7:7 app /app\n",
        ),
    ] {
        assert!(!same(before, after), "{before}{after}");
    }
}

#[test]
fn a_link_is_nothing_where_nothing_is_on_the_way() {
    for (stage, is_same) in [
        ("FROM debian:12\nCOPY LINK app /app\n", true),
        ("FROM debian:12\nWORKDIR /app\nCOPY LINK app .\n", true),
        ("FROM debian:12\nCOPY LINK start.sh /opt/tool/\n", true),
        ("FROM debian:12\nCOPY LINK --chown=7:7 app /app\n", true),
        ("FROM scratch\nCOPY LINK start.sh /usr/bin/\n", true),
        // Folders that are there already, or may be, get the attributes of the layer.
        ("FROM debian:12\nRUN mkdir -m 700 /app\nCOPY LINK app /app\n", false),
        ("FROM debian:12\nUSER 7\nWORKDIR /app\nCOPY LINK app .\n", false),
        ("FROM debian:12\nCOPY --chown=7:7 start.sh /app/\nCOPY LINK app /app\n", false),
        ("FROM debian:12\nCOPY --chown=7:7 start.sh /app/sub/\nCOPY LINK app /app\n", false),
        ("FROM debian:12\nWORKDIR /app\nCOPY LINK --chown=7:7 app .\n", false),
        ("FROM debian:12\nCOPY LINK --chown=7:7 app /opt/app\n", false),
        ("FROM debian:12\nCOPY LINK start.sh /tmp/\n", false),
        (
            "FROM busybox AS b\nFROM debian:12\nCOPY --from=b --chown=7:7 /bin/sh /app/sub/sh\nCOPY LINK start.sh /app/\n",
            false,
        ),
        // Links become folders.
        ("FROM debian:12\nCOPY LINK start.sh /bin/\n", false),
        ("FROM debian:12\nRUN ln -s /srv /app\nCOPY LINK start.sh /app/\n", false),
        ("FROM corp.example/base\nCOPY LINK app /app\n", false),
        ("FROM debian:12 AS a\nRUN ln -s /srv /app\nFROM a\nCOPY LINK app /app/\n", false),
        // A folder is not seen, and neither are accounts.
        ("FROM debian:12\nWORKDIR /start.sh\nCOPY LINK start.sh /start.sh\n", false),
        ("FROM debian:12\nCOPY LINK --chown=daemon start.sh /app/\n", false),
    ] {
        let [with, without] = ["--link ", ""].map(|flag| stage.replace("LINK ", flag));
        assert_eq!(same(&with, &without), is_same, "{stage}");
    }
}
