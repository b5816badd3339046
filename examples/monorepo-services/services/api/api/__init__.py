from flask import Flask

from . import orders


def create_app() -> Flask:
    app = Flask(__name__)
    app.register_blueprint(orders.blueprint)
    return app
