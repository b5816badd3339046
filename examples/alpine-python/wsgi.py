"""Says how long the machine has been up, asking the C library directly."""

import json

from cffi import FFI

ffi = FFI()
ffi.cdef("""
    struct timespec { long tv_sec; long tv_nsec; };
    int clock_gettime(int clock, struct timespec *now);
""")
libc = ffi.dlopen(None)

CLOCK_MONOTONIC = 1


def uptime() -> float:
    now = ffi.new("struct timespec *")
    if libc.clock_gettime(CLOCK_MONOTONIC, now) != 0:
        raise OSError("clock_gettime failed")
    return now.tv_sec + now.tv_nsec / 1e9


def application(environ, start_response):
    if environ["PATH_INFO"] != "/":
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"not found\n"]
    body = json.dumps({"uptime_seconds": round(uptime(), 3)}).encode() + b"\n"
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
