"""What a browser may not be used for."""

import pytest


@pytest.mark.parametrize(("site", "status"), [("cross-site", 403), ("same-origin", 201), ("none", 201)])
def test_other_sites_may_not_decide_through_a_browser(product, features, site, status):
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "cors"}
    assert product.post("/v1/decisions", json=features, headers=headers).status_code == status


def test_a_refusal_has_the_headers_too(product):
    answer = product.post("/v1/decisions", content=b"x" * 20_000)
    assert answer.status_code == 413
    assert answer.headers["x-content-type-options"] == "nosniff"
