"""Users: the accounts of the shop."""

from datetime import datetime, timezone
from http import HTTPStatus

from service import Problem, locked


def routes(_peers):
    users = {
        name: {"id": name, "name": name.title(), "email": f"{name}@shop.example", "since": "2026-01-15"}
        for name in ("anna", "ben", "cleo")
    }

    def account(name):
        if name not in users:
            raise Problem(HTTPStatus.NOT_FOUND, "There is no such account")
        return users[name]

    def sign_up(request):
        name = request.body["id"]
        if name in users:
            raise Problem(HTTPStatus.CONFLICT, "The name is taken")
        users[name] = {**request.body, "since": datetime.now(timezone.utc).date().isoformat()}
        return HTTPStatus.CREATED, users[name]

    def me(request):
        return HTTPStatus.OK, account(request.caller)

    def change_me(request):
        account(request.caller).update(request.body)
        return HTTPStatus.OK, account(request.caller)

    def export_me(request):
        # The bug of the demo: this must never leave the service.
        return HTTPStatus.OK, {**account(request.caller), "passwordHash": "$argon2id$demo"}

    def get(request):
        return HTTPStatus.OK, account(request.path["userId"])

    return [
        ("POST", "/users", locked(sign_up)),
        ("GET", "/users/me", me),
        ("PATCH", "/users/me", locked(change_me)),
        ("GET", "/users/me/export", export_me),
        ("GET", "/users/{userId}", get),
    ]
