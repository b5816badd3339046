"""Reads Dockerfiles on standard input, each as a 4-byte little-endian length and its bytes; writes one JSON line for each."""
import json
import sys

import dockerfile


def reading(text):
    try:
        commands = dockerfile.parse_string(text)
    except dockerfile.GoParseError as error:
        return {"error": str(error) or "refused"}
    return {"commands": [
        {
            "cmd": command.cmd or "", "sub": command.sub_cmd, "json": command.json, "original": command.original or "",
            "start": command.start_line, "end": command.end_line, "flags": command.flags, "value": command.value,
            "heredocs": [
                {"name": heredoc.name, "content": heredoc.content, "fd": heredoc.file_descriptor}
                for heredoc in command.heredocs
            ],
        }
        for command in commands
    ]}


while length := sys.stdin.buffer.read(4):
    text = sys.stdin.buffer.read(int.from_bytes(length, "little")).decode()
    try:
        answer = reading(text)
    except UnicodeDecodeError:
        answer = {"unreadable": True}  # the parser cut a character in two, so that Python cannot take its answer
    sys.stdout.write(json.dumps(answer) + "\n")
