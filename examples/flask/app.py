"""A guest book that forgets everything when it stops."""

from flask import Flask, redirect, render_template, request, url_for

app = Flask(__name__)
entries: list[dict[str, str]] = []


@app.get("/")
def index():
    return render_template("index.html", entries=reversed(entries))


@app.post("/sign")
def sign():
    name = request.form.get("name", "").strip()
    message = request.form.get("message", "").strip()
    if not name or not message:
        return render_template("index.html", entries=reversed(entries), error="Name and message, please."), 400
    entries.append({"name": name[:40], "message": message[:500]})
    return redirect(url_for("index"))


@app.get("/healthz")
def healthz():
    return {"status": "ok", "entries": len(entries)}
