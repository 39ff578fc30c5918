#!/usr/bin/python3
"""Hold what a running server answered against the OpenAPI document that it serves.

    openapi_check.py SERVED ROUTES EXCHANGES

SERVED     the document, as it was fetched
ROUTES     a line "METHOD pattern" for each route of the server
EXCHANGES  a JSON object a line: method, target, sent (text), status, type, body (text)

Every route is documented; every exchange fits: its path and status are documented, its answer has the documented type
and nothing but documented members, and what was accepted was a documented request. Every merchant's operation was
tried, and succeeded.
"""
import json
import re
import sys

import jsonschema
import yaml

# Succeed in flows of their own: here their refusals are looked at.
ELSEWHERE = {"/gateway": "flow/interop", "/gateway/json": "flow/interop",
             "/v3/pay/transactions/h5": "flow/cashier",
             "/v3/merchant-service/apiv3-key": "flow/certificates",
             "/v3/merchant-service/apiv3-key/activate": "flow/certificates",
             "/v3/papay/contracts/pre-entrust-sign": "flow/deductions",
             "/v3/papay/contracts/id/{contract_id}": "flow/deductions",
             "/v3/papay/contracts/out-contract-code/{out_contract_code}": "flow/deductions",
             "/v3/papay/contracts/{contract_id}/notify": "flow/deductions",
             "/v3/papay/contracts/{contract_id}/terminate": "flow/deductions",
             "/v3/papay/pay/transactions/apply": "flow/deductions"}
METHODS = ("get", "post", "put", "delete", "patch")


def template_of(pattern):
    """/a/*/b and /a/{x}/b alike."""
    return re.sub(r"\{[^}]*\}|\*", "{}", pattern)


def resolve(document, node):
    while isinstance(node, dict) and "$ref" in node:
        found = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def shut(document, node):
    """The schema with its references resolved, and closed: what is not documented is not there."""
    node = resolve(document, node)
    if not isinstance(node, dict):
        return node
    shut_node = {}
    for key, value in node.items():
        if key == "properties":
            shut_node[key] = {name: shut(document, part) for name, part in value.items()}
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            shut_node[key] = shut(document, value)
        elif key in ("allOf", "anyOf", "oneOf"):
            shut_node[key] = [shut(document, part) for part in value]
        else:
            shut_node[key] = value
    if "properties" in node and not any(key in node for key in ("allOf", "anyOf", "oneOf")):
        shut_node.setdefault("additionalProperties", False)
    return shut_node


def problems_of(document, schema, text):
    validator = jsonschema.Draft4Validator(shut(document, schema))
    return [f"{'/'.join(str(p) for p in e.absolute_path)}: {e.message}" for e in validator.iter_errors(json.loads(text))]


class Document:
    def __init__(self, text):
        self.tree = yaml.safe_load(text)
        self.operations = {(method.upper(), path): item[method] for path, item in self.tree["paths"].items()
                           for method in METHODS if method in item}

    def find(self, method, target):
        path = target.split("?", 1)[0]
        fits = [(key, operation) for key, operation in self.operations.items()
                if key[0] == method and re.fullmatch(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(key[1])), path)]
        exact = [fit for fit in fits if fit[0][1] == path]
        return (exact or fits or [(None, None)])[0]

    def judge(self, exchange):
        """What is wrong with it, in words."""
        key, operation = self.find(exchange["method"], exchange["target"])
        if operation is None:
            return None, ["not documented"]
        status = str(exchange["status"])
        answer = resolve(self.tree, operation["responses"].get(status))
        if answer is None:
            return key, [f"the status {status} is not documented"]
        return key, self.judge_answer(answer, exchange) + self.judge_request(operation, exchange)

    def judge_answer(self, answer, exchange):
        kind = exchange["type"].split(";")[0]
        content = answer.get("content")
        if content is None:
            return ["a body that is not documented"] if exchange["body"] else []
        if kind not in content:
            return [f"the type {kind} is not documented"]
        if kind != "application/json":
            return []
        return problems_of(self.tree, content[kind]["schema"], exchange["body"])

    def judge_request(self, operation, exchange):
        body = resolve(self.tree, operation.get("requestBody"))
        if exchange["status"] >= 300 or not exchange["sent"]:
            return []
        if body is None:
            return ["the request has a body that is not documented"]
        found = problems_of(self.tree, body["content"]["application/json"]["schema"], exchange["sent"])
        return [f"request: {problem}" for problem in found]


def main(served, routes, exchanges):
    with open(served, encoding="utf-8") as file:
        document = Document(file.read())
    wrong = 0
    known = {(method, template_of(path)) for method, path in document.operations}
    with open(routes, encoding="utf-8") as file:
        for line in file.read().splitlines():
            method, pattern = line.split(" ", 1)
            if (method, template_of(pattern)) not in known:
                print(f"undocumented route: {line}")
                wrong += 1
    succeeded = set()
    count = 0
    with open(exchanges, encoding="utf-8") as file:
        for line in file:
            exchange = json.loads(line)
            key, found = document.judge(exchange)
            for problem in found:
                print(f"{exchange['method']} {exchange['target']} {exchange['status']}: {problem}")
            wrong += bool(found)
            count += 1
            if key and exchange["status"] < 300:
                succeeded.add(key)
    for key, operation in sorted(document.operations.items()):
        if "merchant" in operation["tags"] and key not in succeeded and key[1] not in ELSEWHERE:
            print(f"not tried: {key[0]} {key[1]}")
            wrong += 1
    print(f"{count} exchanges, {len(document.operations)} operations, {wrong} wrong")
    return wrong != 0 or count == 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
