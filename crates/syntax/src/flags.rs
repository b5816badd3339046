//! Which flags an instruction takes, and which values they may have. Reports; it never changes the tree. What `BuildKit`
//! decides only after variables are expanded is left to it, but for the type of a mount.

use crate::body::Reader;
use crate::{Flag, Healthcheck, Instruction, Keyword, SyntaxError, csv, tree::Body};

/// How a flag is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Once, with a value.
    Value,
    /// Any number of times, with a value.
    Values,
    /// Once, bare or with `true` or `false`.
    Switch,
}

use Kind::{Switch, Value, Values};

fn known_flags(keyword: Keyword) -> &'static [(&'static str, Kind)] {
    match keyword {
        Keyword::From => &[("platform", Value)],
        Keyword::Run => &[("mount", Values), ("network", Value), ("security", Value), ("device", Values)],
        Keyword::Copy => &[
            ("from", Value),
            ("chown", Value),
            ("chmod", Value),
            ("link", Switch),
            ("parents", Switch),
            ("exclude", Values),
        ],
        Keyword::Add => &[
            ("chown", Value),
            ("chmod", Value),
            ("link", Switch),
            ("keep-git-dir", Switch),
            ("checksum", Value),
            ("unpack", Switch),
            ("exclude", Values),
        ],
        Keyword::Healthcheck => &[
            ("interval", Value),
            ("timeout", Value),
            ("start-period", Value),
            ("start-interval", Value),
            ("retries", Value),
        ],
        _ => &[],
    }
}

/// The mount types of RUN.
const MOUNT_TYPES: [&str; 5] = ["bind", "cache", "tmpfs", "secret", "ssh"];

/// What is wrong, and what to do about it.
type Problem = (String, String);

/// Checks the flags of one instruction.
pub(crate) fn check(reader: &mut Reader<'_>, instruction: &Instruction) {
    // ARG, STOPSIGNAL and HEALTHCHECK NONE never look at their flags.
    if matches!(instruction.keyword, Keyword::Arg | Keyword::Stopsignal)
        || matches!(instruction.body, Body::Healthcheck(Healthcheck::None))
    {
        return;
    }
    for (index, flag) in instruction.flags.iter().enumerate() {
        let problem = presence(instruction.keyword, flag, &instruction.flags[..index])
            .or_else(|| value(instruction.keyword, flag));
        if let Some((message, help)) = problem {
            reader.errors.push(SyntaxError::new(flag.span, message, help));
        }
    }
}

/// Whether the instruction takes this flag, here, with or without a value.
fn presence(keyword: Keyword, flag: &Flag, earlier: &[Flag]) -> Option<Problem> {
    let (known, name) = (known_flags(keyword), &flag.name);
    let Some(&(_, kind)) = known.iter().find(|known| known.0 == name) else {
        let help = if known.is_empty() {
            "drop the flag".to_owned()
        } else {
            let names: Vec<_> = known.iter().map(|known| format!("--{}", known.0)).collect();
            format!("its flags are {}", names.join(", "))
        };
        return Some((format!("{} takes no flag `--{name}`", keyword.name()), help));
    };
    if kind != Values && earlier.iter().any(|other| other.name == *name) {
        return Some((format!("`--{name}` stands here twice"), "keep one of them".to_owned()));
    }
    match (kind, flag.value.as_deref()) {
        (Value | Values, None) => {
            Some((format!("`--{name}` needs a value"), format!("write --{name}=<value>")))
        }
        (Switch, Some(text)) if !text.eq_ignore_ascii_case("true") && !text.eq_ignore_ascii_case("false") => {
            Some((format!("`--{name}` cannot be `{text}`"), "write true or false".to_owned()))
        }
        _ => None,
    }
}

/// Whether the value can be read.
fn value(keyword: Keyword, flag: &Flag) -> Option<Problem> {
    let text = flag.value.as_deref()?;
    let help = match (keyword, flag.name.as_str()) {
        (Keyword::Run, "mount") => return mount(flag, text),
        (Keyword::Run, "device") if !is_device(text) => "write --device=<name>[,required]",
        (Keyword::Run, "network") if !["default", "none", "host"].contains(&text) => {
            "write default, none or host"
        }
        (Keyword::Run, "security") if !["sandbox", "insecure"].contains(&text) => "write sandbox or insecure",
        (Keyword::Healthcheck, "retries")
            if !(text.is_empty() || text.parse::<i32>().is_ok_and(|n| n >= 0)) =>
        {
            "write a number of tries"
        }
        (Keyword::Healthcheck, "interval" | "timeout" | "start-period" | "start-interval")
            if !(text.is_empty() || nanoseconds(text).is_some_and(|time| time == 0 || time >= 1_000_000)) =>
        {
            "write a time of at least 1ms such as 30s or 1m30s"
        }
        _ => return None,
    };
    Some((format!("`--{}` cannot be `{text}`", flag.name), help.to_owned()))
}

fn mount(flag: &Flag, text: &str) -> Option<Problem> {
    if csv::fields(text).is_none() {
        let message = format!("the mount `{text}` is no list of fields");
        return Some((message, "put double quotes around whole fields, or none".to_owned()));
    }
    let mount = crate::Mount::read(flag);
    for option in mount.options.iter().filter(|option| option.key == "from") {
        let value = option.value.as_deref().unwrap_or_default();
        if value.find('$').is_some_and(|at| at + 1 < value.len()) {
            let help = "name the stage with FROM … AS <name> and write that name here";
            return Some(("`from` of a mount takes no variable".to_owned(), help.to_owned()));
        }
    }
    let kind = mount.kind();
    if !MOUNT_TYPES.contains(&kind) && !kind.contains('$') {
        return Some((
            format!("there is no mount type `{kind}`"),
            format!("the types are {}", MOUNT_TYPES.join(", ")),
        ));
    }
    None
}

/// Whether it is `name`, `name=<name>`, `required` and `required=<bool>` in any order, with at most one name.
fn is_device(text: &str) -> bool {
    let Some(fields) = csv::fields(text) else { return false };
    let mut named = false;
    let mut name_once = |is_name: bool| {
        let first = !named;
        named |= is_name;
        first
    };
    fields.iter().all(|field| {
        let (key, value) =
            field.split_once('=').map_or((field.as_str(), None), |(key, value)| (key, Some(value)));
        match (key.to_ascii_lowercase().as_str(), value) {
            ("required", None) => true,
            // Go's `strconv.ParseBool`.
            ("required", Some(value)) => matches!(
                value,
                "1" | "t" | "T" | "TRUE" | "true" | "True" | "0" | "f" | "F" | "FALSE" | "false" | "False"
            ),
            // An empty name counts as none.
            ("name", Some(value)) => name_once(!value.is_empty()),
            _ => name_once(!field.is_empty()),
        }
    })
}

/// A Go duration such as `1m30s`, in nanoseconds; `None` where it is none or beyond 64 bits.
fn nanoseconds(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total = 0.0;
    loop {
        let number = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let amount: f64 = rest[..number].parse().ok()?;
        rest = &rest[number..];
        let unit = rest.len() - rest.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '.').len();
        total += amount
            * match &rest[..unit] {
                "ns" => 1.0,
                "us" | "µs" | "μs" => 1e3,
                "ms" => 1e6,
                "s" => 1e9,
                "m" => 60e9,
                "h" => 3600e9,
                _ => return None,
            };
        rest = &rest[unit..];
        if rest.is_empty() {
            return (total < 9.2e18).then_some((sign * total) as i64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_go() {
        for (text, time) in [
            ("30s", 30_000_000_000),
            ("1m30s", 90_000_000_000),
            ("1.5h", 5_400_000_000_000),
            ("-1s", -1_000_000_000),
        ] {
            assert_eq!(nanoseconds(text), Some(time), "{text}");
        }
        assert_eq!(nanoseconds("0"), Some(0));
        assert_eq!(nanoseconds("0s"), Some(0));
        for text in ["", "30", "s", "1.s.", "3x", "1 s", ".s", "-", "1e3s", "9999999999h"] {
            assert_eq!(nanoseconds(text), None, "{text}");
        }
    }
}
