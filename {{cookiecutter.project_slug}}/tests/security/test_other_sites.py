"""Cross-site requests (CSRF): a page of another site cannot decide or react through a person's browser."""

import json

import pytest

ATTACKS = {
    "text": {"Content-Type": "text/plain"},
    "navigation": {"Sec-Fetch-Mode": "navigate"},
    "foreign origin": {"Origin": "https://attacker.example"},
    "another port": {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site"},
    "another scheme's port": {"Origin": "http://localhost:80"},
    "null origin": {"Origin": "null"},
    "origin that is no URL": {"Origin": "http://["},
    "origin that is no text": {"Origin": b"http://\xff"},
    "cross-site": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"},
    "form": {
        "Content-Type": "text/plain",
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Origin": "https://attacker.example",
    },
}
OWN = {
    "no browser": {},
    "own page": {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"},
    "old browser": {"Origin": "http://localhost"},
    "own page behind a proxy that changes the host": {
        "Origin": "https://desk.example",
        "Sec-Fetch-Site": "same-origin",
        "Sec-Fetch-Mode": "cors",
    },
}


def send(product, path, body, headers):
    return product.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"} | headers)


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS)
def test_cross_site_decision_is_refused_and_not_recorded(product, features, attack):
    for path, body in {"/v1/decisions": features, "/v1/decisions/batch": [features]}.items():
        answer = send(product, path, body, ATTACKS[attack])
        assert answer.status_code == (415 if attack == "text" else 403), path
    assert product.get("/v1/decisions").json() == []


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS)
def test_cross_site_reaction_is_refused_and_not_recorded(product, features, attack):
    decision = product.post("/v1/decisions", json=features).json()
    path = f"/v1/decisions/{decision['id']}/reaction"
    answer = send(product, path, {"verdict": "accept"}, ATTACKS[attack])
    assert answer.status_code == (415 if attack == "text" else 403)
    assert product.get("/v1/decisions").json()[0]["verdict"] is None


@pytest.mark.parametrize("case", OWN)
def test_own_page_and_programs_may_decide(product, features, case):
    assert send(product, "/v1/decisions", features, OWN[case]).status_code == 201


def test_origin_with_the_port_of_the_product_is_its_own(product, features):
    headers = {"Host": "127.0.0.1:8000", "Origin": "http://127.0.0.1:8000"}
    assert send(product, "/v1/decisions", features, headers).status_code == 201


@pytest.mark.parametrize(("mode", "method", "status"), [("navigate", "GET", 200), ("cors", "GET", 403)])
def test_link_of_another_site_is_followed_and_a_script_is_refused(product, mode, method, status):
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode}
    assert product.request(method, "/", headers=headers).status_code == status


def test_refusal_has_the_security_headers(product):
    answer = send(product, "/v1/decisions", {}, ATTACKS["form"])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
