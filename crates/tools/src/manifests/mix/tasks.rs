//! The command line of Mix: its tasks, with their options, and the variables that matter to them. Looks at no file.

use super::super::paths::within;
use super::super::{Call, Unclear};
use super::DATA;

/// A task with its options.
#[derive(Debug)]
pub(super) struct Task<'c> {
    pub(super) name: &'c str,
    pub(super) words: Vec<&'c str>,
}

/// The tasks of a command line; `mix do` has several, with `+` or a comma between them.
pub(super) fn tasks<'c>(call: &'c Call<'_>) -> Result<Vec<Task<'c>>, Unclear> {
    let mut tasks = Vec::new();
    if call.action == "do" {
        if let Some((flag, _)) = call.flags.first() {
            return Err(Unclear::new(format!("it is not known what `{flag}` does to `mix do`")));
        }
        let mut words: Vec<&str> = Vec::new();
        let mut end = |words: &mut Vec<&'c str>| {
            let mut words = std::mem::take(words).into_iter();
            tasks.extend(words.next().map(|name| Task { name, words: words.collect() }));
        };
        for word in call.operands {
            let (word, is_last) = match word.strip_suffix(',') {
                Some(word) => (word, true),
                None => (word.as_str(), word == "+"),
            };
            if !word.is_empty() && word != "+" {
                words.push(word);
            }
            if is_last {
                end(&mut words);
            }
        }
        end(&mut words);
    } else {
        let flags = call.flags.iter().map(|(flag, _)| flag.as_str());
        let words = flags.chain(call.operands.iter().map(String::as_str)).collect();
        tasks.push(Task { name: call.action, words });
    }
    for task in &tasks {
        let known = match task.name {
            "deps.get" | "local.hex" | "local.rebar" | "deps.compile" => true,
            _ => return Err(Unclear::new(format!("`mix {}` reads the sources", task.name))),
        };
        // The value of an option follows it in `mix do`.
        let mut words = task.words.iter().copied();
        while let Some(word) = words.next() {
            let flag = word.split('=').next().unwrap_or(word);
            let has_value = matches!(flag, "--only" | "--target" | "--sha512");
            if has_value && call.action == "do" && !word.contains('=') {
                words.next();
            }
            let is_known = known
                && (DATA.flags.contains(flag) || (!flag.starts_with('-') && task.name != "local.rebar"));
            if !is_known {
                return Err(Unclear::new(format!(
                    "it is not known what `{word}` does to `mix {}`",
                    task.name
                )));
            }
        }
    }
    Ok(tasks)
}

/// Variables that may move or add what is read.
pub(super) fn environment(call: &Call<'_>) -> Result<(), Unclear> {
    for (variable, value) in call.env {
        let is_of_the_tool =
            ["MIX_", "HEX_", "ERL_", "ELIXIR_", "REBAR"].iter().any(|start| variable.starts_with(start));
        if !is_of_the_tool || DATA.variables.contains(variable) {
            continue;
        }
        let value = value.as_deref();
        let is_outside = value.is_some_and(|value| {
            value.starts_with('/') && !within(value, call.cwd) && !within(call.cwd, value)
        });
        let is_emulator_flag = value
            .is_some_and(|value| value.split_whitespace().step_by(2).all(|word| word.starts_with('+')))
            && value.is_some_and(|value| !value.contains('/'));
        let is_harmless = (DATA.places.contains(variable) && is_outside)
            || (["ERL_FLAGS", "ERL_AFLAGS", "ERL_ZFLAGS", "ELIXIR_ERL_OPTIONS"].contains(&variable.as_str())
                && is_emulator_flag);
        if !is_harmless {
            return Err(Unclear::new(format!("`{variable}` may make Mix read or write other files")));
        }
    }
    Ok(())
}
