"""Orders: asks users who the customer is, and payments for the money."""

from collections import Counter
from http import HTTPStatus
from uuid import uuid4

from service import Problem, locked


def routes(peers):
    orders = {}

    def own(request):
        order = orders.get(request.path["orderId"])
        # Somebody else's order looks like one that does not exist.
        if order is None or order["customer"] != request.caller:
            raise Problem(HTTPStatus.NOT_FOUND, "There is no such order")
        return order

    def list_orders(request):
        state = request.query.get("state")
        # A copy: another thread may add one meanwhile.
        newest = reversed(list(orders.values()))
        found = [o for o in newest if o["customer"] == request.caller and state in (None, o["state"])]
        return HTTPStatus.OK, {"orders": found[: int(request.query.get("limit", 20))]}

    def create(request):
        customer = peers.call(request, "users", "GET", f"/users/{request.caller}")
        order_id = str(uuid4())
        total = sum(item["quantity"] * item["unitPrice"] for item in request.body["items"])
        payment = peers.call(
            request,
            "payments",
            "POST",
            "/payments",
            {
                "customer": customer["id"],
                "orderId": order_id,
                "amount": total,
                "currency": request.body["currency"],
                "reference": None,
            },
        )
        order = {
            "id": order_id,
            "customer": customer["id"],
            "state": "paid",
            "currency": request.body["currency"],
            "items": request.body["items"],
            "note": request.body.get("note"),
            "total": total,
            "paymentId": payment["id"],
        }
        orders[order_id] = order
        return HTTPStatus.CREATED, order

    def get(request):
        return HTTPStatus.OK, own(request)

    def cancel(request):
        order = own(request)
        if order["state"] != "cancelled":
            peers.call(request, "payments", "POST", f"/payments/{order['paymentId']}/refund")
            order["state"] = "cancelled"
        return HTTPStatus.NO_CONTENT, None

    def stats(_request):
        return HTTPStatus.OK, Counter(order["state"] for order in list(orders.values()))

    return [
        ("GET", "/orders", list_orders),
        ("POST", "/orders", locked(create)),
        ("GET", "/orders/{orderId}", get),
        ("DELETE", "/orders/{orderId}", locked(cancel)),
        ("GET", "/admin/stats", stats),
    ]
