"""Makes requests from a description with schemathesis, sends them, and writes one JSON line for each.

`part DESCRIPTION MOST` writes the description with at most so many operations, and without its security, because who calls is not what is tried.
`send URL EXAMPLES DESCRIPTION…` makes so many requests that fit, and so many that do not, for each operation, and sends them to the host `NAME.test`.
Nothing is judged here: a line says what schemathesis takes a request for, what it broke in it, and how it was answered.
"""

import json
import pathlib
import sys

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def part(path, most):
    import yaml

    with open(path, encoding="utf-8") as file:
        document = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    document.pop("security", None)
    document.pop("webhooks", None)
    document.get("components", {}).pop("securitySchemes", None)
    found = [(path, method) for path, item in document["paths"].items() for method in item if method in METHODS]
    kept = set(found[:: max(1, -(-len(found) // int(most)))])
    for path, method in found:
        if (path, method) in kept:
            document["paths"][path][method].pop("security", None)
        else:
            del document["paths"][path][method]
    json.dump(document, sys.stdout, default=str)


def broken(meta):
    """What was broken, as places and words: `query type`, `body maximum`."""
    data = meta.phase.data if meta else None
    kinds = set()
    for mutation in getattr(data, "mutations", ()) or ():
        place = mutation.parameter_location.value if mutation.parameter_location else "request"
        for word in mutation.keywords or (mutation.operator.value,):
            kinds.add(f"{place} {word}")
    return sorted(kinds)


def send(url, examples, *paths):
    import requests
    import schemathesis

    session = requests.Session()
    session.trust_env = False
    for path in paths:
        name = pathlib.Path(path).stem
        for result in schemathesis.openapi.from_path(path).get_all_operations():
            for mode in schemathesis.GenerationMode:
                one(session, url, name, result.ok(), mode, int(examples))


def one(session, url, name, operation, mode, examples):
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from hypothesis.errors import HypothesisException
    from requests import Request, RequestException

    about = {"description": name, "operation": operation.label, "wanted": mode.name.lower()}

    @seed(1)
    @settings(max_examples=examples, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=mode))
    def run(case):
        request = case.as_transport_kwargs(base_url=url)
        request["headers"]["Host"] = f"{name}.test"
        line = {**about, "broken": broken(case.meta), "why": getattr(case.meta.phase.data, "description", None)}
        try:
            prepared = session.prepare_request(Request(**{k: v for k, v in request.items() if k in SENT}))
            answer = session.send(prepared, timeout=10, allow_redirects=False)
        except (RequestException, UnicodeError, ValueError) as error:
            line["unsent"] = type(error).__name__
        else:
            line["status"] = answer.status_code
            body = prepared.body
            line["request"] = [prepared.method, prepared.path_url, dict(prepared.headers), body.decode("latin-1") if isinstance(body, bytes) else body]
            if answer.headers.get("content-type") == "application/problem+json":
                line["problem"] = answer.json()
        print(json.dumps(line, default=str))

    try:
        run()
    except HypothesisException:
        # Nothing can be broken here: an operation without parameters and body.
        print(json.dumps({**about, "none": True}))


SENT = ("method", "url", "headers", "params", "data", "json", "files", "cookies")

{"part": part, "send": send}[sys.argv[1]](*sys.argv[2:])
