from flask import Blueprint, abort

blueprint = Blueprint("orders", __name__, url_prefix="/orders")

ORDERS = {
    1: {"id": 1, "item": "tea", "quantity": 2, "sent": True},
    2: {"id": 2, "item": "kettle", "quantity": 1, "sent": False},
}


@blueprint.get("/")
def index():
    return {"orders": list(ORDERS.values())}


@blueprint.get("/<int:order_id>")
def show(order_id: int):
    return ORDERS.get(order_id) or abort(404)
