"""Payments: charges and refunds whatever it is asked to. Who may ask is decided before."""

from http import HTTPStatus
from uuid import uuid4

from service import Problem


def routes(_peers):
    payments = {}

    def known(request):
        payment = payments.get(request.path["paymentId"])
        if payment is None:
            raise Problem(HTTPStatus.NOT_FOUND, "There is no such payment")
        return payment

    def create(request):
        payment = {"id": str(uuid4()), **request.body, "state": "charged"}
        payments[payment["id"]] = payment
        return HTTPStatus.CREATED, payment

    def get(request):
        return HTTPStatus.OK, known(request)

    def refund(request):
        payment = known(request)
        payment["state"] = "refunded"
        return HTTPStatus.OK, payment

    return [
        ("POST", "/payments", create),
        ("GET", "/payments/{paymentId}", get),
        ("POST", "/payments/{paymentId}/refund", refund),
    ]
