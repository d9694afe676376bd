"""The stand-in's file host: signed URLs that expire, ranges, and the ways a download goes wrong."""

from __future__ import annotations

import io
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from PIL import Image

from tests.support.simulator_client import Caller

PIECE = 1024


def fetch(url: str, method: str = "GET", **headers: str) -> requests.Response:
    return requests.request(
        method, url, headers={name.replace("_", "-"): value for name, value in headers.items()}, timeout=60
    )


@pytest.fixture
def url(service: Caller) -> str:
    return service.model_url(service.generate()[0])


def test_the_model_and_its_picture(service: Caller, url: str) -> None:
    answer = fetch(url)
    assert answer.content[:4] == b"glTF"
    assert (
        int.from_bytes(answer.content[8:12], "little") == len(answer.content) == int(answer.headers["Content-Length"])
    )
    assert answer.headers["Content-Type"] == "model/gltf-binary"
    uuid = urlsplit(url).path.removeprefix("/").removesuffix("_0.glb")
    picture = Image.open(io.BytesIO(fetch(service.call("retrieveModel", {"uuid": uuid})["imageUrl"]).content))
    assert [picture.format, picture.size] == ["JPEG", (512, 512)]
    # The model stands out against the backdrop: a picture of nothing has few colours.
    assert len(set(picture.resize((64, 64)).get_flattened_data())) > 200


def test_head_range_and_etag(url: str) -> None:
    whole = fetch(url)
    head = fetch(url, "HEAD")
    assert [head.content, head.headers["Content-Length"]] == [b"", str(len(whole.content))]
    assert head.headers["ETag"] == whole.headers["ETag"]
    assert head.headers["Accept-Ranges"] == "bytes"
    part = fetch(url, Range="bytes=100-199")
    assert [part.status_code, part.content] == [206, whole.content[100:200]]
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.content)}"
    assert fetch(url, Range="bytes=1000-").content == whole.content[1000:]
    assert fetch(url, Range="bytes=-50").content == whole.content[-50:]
    assert fetch(url, Range="bytes=1000-", If_Range=whole.headers["ETag"]).status_code == 206
    assert fetch(url, Range="bytes=1000-", If_Range='"other"').content == whole.content
    beyond = fetch(url, Range=f"bytes={len(whole.content)}-")
    assert [beyond.status_code, beyond.headers["Content-Range"]] == [416, f"bytes */{len(whole.content)}"]


def test_a_token_is_refused_and_flagged(service: Caller, url: str) -> None:
    assert fetch(url).status_code == 200
    assert fetch(url, Authorization=f"Bearer {service.sim.token}").status_code == 400
    assert fetch(url, X_Api_Key=service.sim.token).status_code == 400
    assert fetch(f"{url}&token={service.sim.token}").status_code == 400
    entries = service.sim.requests("file")
    assert [entry["has_token"] for entry in entries] == [False, True, True, True]
    assert service.sim.token not in str(entries)
    assert "Signature" not in str(entries)


def test_urls_expire(service: Caller) -> None:
    uuid = service.generate()[0]
    service.sim.configure(url_seconds=-1)
    assert fetch(service.model_url(uuid)).status_code == 403
    service.sim.configure(url_seconds=600)
    url = service.model_url(uuid)
    assert fetch(url).status_code == 200
    service.sim.expire_urls()
    gone = fetch(url)
    assert gone.status_code == 403
    assert "Request has expired" in gone.text
    assert fetch(service.model_url(uuid)).status_code == 200


def test_only_signed_urls_open(service: Caller, url: str) -> None:
    parts = urlsplit(url)
    expires = parse_qs(parts.query)["Expires"][0]
    assert fetch(url.split("?")[0]).status_code == 403
    assert fetch(url.replace(expires, str(int(expires) + 9999))).status_code == 403
    other = service.model_url(service.generate()[0])
    assert fetch(f"{other.split('?')[0]}?{parts.query}").status_code == 403
    assert fetch(url, "POST").status_code == 405


def test_a_signed_url_of_nothing(service: Caller, url: str) -> None:
    service.sim.reset()
    assert fetch(url).status_code == 403


def test_truncated(service: Caller, url: str) -> None:
    whole = fetch(url).content
    service.sim.set_fault("file", "truncated_body", fraction=0.25)
    with requests.get(url, stream=True, timeout=60) as answer:
        assert answer.headers["Content-Length"] == str(len(whole))
        got = _all(answer)
        # requests drops the last piece where the connection ended within it.
        assert 0 <= len(whole) // 4 - len(got) < PIECE
        assert whole.startswith(got)


def _all(answer: requests.Response) -> bytes:
    """What came before the connection ended."""
    got = b""
    try:
        for piece in answer.iter_content(PIECE):
            got += piece
    except requests.exceptions.ChunkedEncodingError:
        return got
    pytest.fail("the connection did not end early")


def test_reset_in_the_middle(service: Caller, url: str) -> None:
    whole = fetch(url).content
    service.sim.set_fault("file", "reset_after")
    with requests.get(url, stream=True, timeout=60) as answer, pytest.raises(requests.exceptions.ChunkedEncodingError):
        for _ in answer.iter_content(len(whole)):
            pass


@pytest.mark.parametrize("where", ["body", "header"])
def test_broken_glb(service: Caller, url: str, where: str) -> None:
    whole = fetch(url).content
    service.sim.set_fault("file", "broken_glb", where=where)
    broken = fetch(url).content
    assert len(broken) == len(whole)
    assert (broken[:4] == b"glTF") == (where == "body")
    assert broken != whole
    assert fetch(url).content == whole


def test_other_faults_of_a_download(service: Caller, url: str) -> None:
    whole = fetch(url).content
    service.sim.set_fault("file", "html_instead")
    html = fetch(url)
    assert [html.status_code, html.headers["Content-Type"], b"<html" in html.content] == [200, "text/html", True]
    service.sim.set_fault("file", "expired_url")
    assert fetch(url).status_code == 403
    service.sim.set_fault("file", "http_404")
    assert fetch(url).status_code == 404
    service.sim.set_fault("file", "no_length")
    chunked = fetch(url)
    assert "Content-Length" not in chunked.headers
    assert chunked.content == whole
    service.sim.set_fault("file", "slow_drip", chunk=200_000, delay=0.001)
    assert fetch(url).content == whole
    service.sim.set_fault("file", "wrong_content_type", content_type="text/plain")
    assert fetch(url).headers["Content-Type"] == "text/plain"
    service.sim.set_fault("file", "hang")
    with pytest.raises(requests.ReadTimeout):
        requests.get(url, timeout=0.5)


def test_a_fault_for_one_kind_of_file(service: Caller, url: str) -> None:
    service.sim.set_fault("file", "http_500", match=".jpg")
    assert fetch(url).status_code == 200
    uuid = service.generate()[0]
    assert fetch(service.call("retrieveModel", {"uuid": uuid})["imageUrl"]).status_code == 500


def test_cut_outs(service: Caller) -> None:
    matted = service.call("getMattedResult", {"requestId": service.mat()["requestId"]})
    for link in matted["mattedImageUrls"]:
        image = Image.open(io.BytesIO(fetch(link).content))
        assert [image.format, image.mode, image.size] == ["PNG", "RGBA", (320, 300)]
        alpha = image.getchannel("A")
        assert [alpha.getpixel((2, 2)), alpha.getpixel((160, 150))] == [0, 255]
