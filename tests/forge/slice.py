#!/usr/bin/env python3
"""Cuts what the bot uses out of GitHub's OpenAPI description: slice.py DESCRIPTION > github.json

The description is GitHub's own (repository github/rest-api-description, MIT licence, © GitHub). What people read is left out, one
example of each answer stays, and `nullable`, which JSON Schema does not know, is written as a type.
"""
import json
import sys

WANTED = {
    "/repos/{owner}/{repo}": ["get"],
    "/repos/{owner}/{repo}/git/ref/{ref}": ["get"],
    "/repos/{owner}/{repo}/git/commits/{commit_sha}": ["get"],
    "/repos/{owner}/{repo}/git/trees": ["post"],
    "/repos/{owner}/{repo}/git/commits": ["post"],
    "/repos/{owner}/{repo}/pulls": ["get", "post"],
    "/repos/{owner}/{repo}/pulls/{pull_number}": ["get", "patch"],
    "/repos/{owner}/{repo}/pulls/{pull_number}/files": ["get"],
    "/repos/{owner}/{repo}/pulls/{pull_number}/comments": ["get"],
    "/repos/{owner}/{repo}/pulls/{pull_number}/reviews": ["get", "post"],
    "/repos/{owner}/{repo}/issues/{issue_number}/labels": ["post"],
    "/repos/{owner}/{repo}/installation": ["get"],
    "/orgs/{org}/repos": ["get"],
    "/orgs/{org}/installation": ["get"],
    "/users/{username}/repos": ["get"],
    "/app/installations/{installation_id}/access_tokens": ["post"],
}
# What people read.
PROSE = {"description", "summary", "tags", "externalDocs", "x-github", "operationId", "x-multi-segment", "title"}


def main(path):
    whole = json.load(open(path))
    cut = {"openapi": whole["openapi"], "info": whole["info"] | {"description": ""}, "paths": {}, "components": {}}
    for name, methods in WANTED.items():
        item = whole["paths"][name]
        cut["paths"][name] = {method: item[method] for method in methods}
    queue, seen = [cut["paths"]], set()
    while queue:
        for reference in references(queue.pop()):
            if reference in seen:
                continue
            seen.add(reference)
            _, _, kind, key = reference.split("/")
            value = whole["components"][kind][key]
            cut["components"].setdefault(kind, {})[key] = value
            queue.append(value)
    cut["paths"] = {name: {method: operation(one) for method, one in item.items()} for name, item in cut["paths"].items()}
    for kind, values in cut["components"].items():
        cut["components"][kind] = {key: one if kind == "examples" else plain(one) for key, one in sorted(values.items())}
    drop_unused(cut)
    write(cut)


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def operation(one):
    kept = {key: plain(one[key]) for key in ("parameters", "requestBody") if key in one}
    kept["responses"] = {}
    for status, answer in one["responses"].items():
        if "$ref" in answer:
            kept["responses"][status] = answer
            continue
        content = answer.get("content", {}).get("application/json")
        if content is None:
            kept["responses"][status] = {}
            continue
        examples = list(content.get("examples", {}).values())[:1]
        kept["responses"][status] = {"content": {"application/json": {"schema": plain(content.get("schema", {}))}}}
        if examples and status.startswith("2"):
            kept["responses"][status]["content"]["application/json"]["example"] = examples[0]
    if "requestBody" in kept:
        for content in kept["requestBody"].get("content", {}).values():
            content.pop("examples", None)
    return kept


def plain(value):
    """Without prose, and with null as a type."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, one in value.items():
        if key == "properties":
            kept[key] = {name: plain(schema) for name, schema in one.items()}
        elif key not in PROSE and key not in ("nullable", "example", "examples", "default", "deprecated"):
            kept[key] = plain(one)
    if value.get("nullable"):
        if "enum" in kept and None not in kept["enum"]:
            kept["enum"] = kept["enum"] + [None]
        if isinstance(kept.get("type"), str):
            kept["type"] = [kept["type"], "null"]
        elif "$ref" in kept or "allOf" in kept or "anyOf" in kept or "oneOf" in kept:
            kept = {"anyOf": [kept, {"type": "null"}]}
    return kept


def drop_unused(cut):
    while True:
        used = set(references(cut["paths"]))
        for kind in cut["components"].values():
            for one in kind.values():
                used |= set(references(one))
        unused = [(kind, key) for kind, values in cut["components"].items() for key in values if f"#/components/{kind}/{key}" not in used]
        if not unused:
            return
        for kind, key in unused:
            del cut["components"][kind][key]


def write(cut):
    """One line for each path and component, so that a newer description shows what changed."""
    def short(value):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    print("{")
    print(f'"openapi": {short(cut["openapi"])}, "info": {short(cut["info"])},')
    print('"paths": {')
    print(",\n".join(f"{short(name)}: {short(item)}" for name, item in cut["paths"].items()))
    print('},\n"components": {')
    kinds = [f"{short(kind)}: {{\n" + ",\n".join(f"{short(key)}: {short(one)}" for key, one in values.items()) + "\n}" for kind, values in cut["components"].items()]
    print(",\n".join(kinds))
    print("}\n}")


main(sys.argv[1])
