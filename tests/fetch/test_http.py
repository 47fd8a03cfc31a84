"""The client: who it says it is, how long it waits, when it tries again, where it does not go."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest
import requests

from pipelines.errors import Fault, together
from pipelines.fetch.http import client, whole_answer
from tests.fetch.publisher import Answer, publishing


def test_says_who_asks_and_whom_to_write_to(publisher, policy, monkeypatch):
    monkeypatch.setenv("IMPACT_CONTACT", "warehouse@example.org")
    url = publisher.serve("/file", b"data")
    assert requests.get(url, timeout=5).status_code == 403
    assert client(policy).get(url).content == b"data"
    assert publisher.asked[-1].headers["User-Agent"].startswith("NHS-IMPACT-Warehouse/")
    assert "warehouse@example.org" in publisher.asked[-1].headers["User-Agent"]


def test_503_twice_then_an_answer(publisher, policy, slept):
    url = publisher.serve("/file", Answer(status=503), Answer(status=503), b"data")
    assert client(policy).get(url).content == b"data"
    assert slept == [1, 2]


def test_429_waits_as_long_as_the_server_asks(publisher, policy, slept):
    url = publisher.serve("/file", Answer(status=429, headers={"Retry-After": "17"}), b"data")
    assert client(policy).get(url).content == b"data"
    assert slept == [17]


def test_an_absurd_retry_after_is_cut_to_the_longest_wait(publisher, policy, slept):
    url = publisher.serve("/file", Answer(status=429, headers={"Retry-After": "86400"}), b"data")
    client(replace(policy, longest_wait=300)).get(url)
    assert slept == [300]


def test_gives_the_last_answer_after_all_attempts(publisher, policy):
    url = publisher.serve("/file", Answer(status=503))
    assert client(policy).get(url).status_code == 503
    assert publisher.paths() == ["/file"] * policy.attempts


def test_what_is_not_found_is_not_asked_for_again(publisher, policy, slept):
    assert client(policy).get(publisher.url + "/nothing").status_code == 404
    assert (len(publisher.asked), slept) == (1, [])


def test_a_server_that_is_not_there_is_tried_again(policy, slept):
    with publishing() as gone:
        url = gone.url
    with pytest.raises(requests.ConnectionError):
        client(policy).get(url)
    assert slept == [1, 2]


def test_a_host_that_could_not_be_reached_is_not_tried_again(publisher, policy, slept):
    with publishing() as gone:
        url = gone.url
    web, faults = client(policy), []
    for place, path in (("one", "/a"), ("two", "/b")):
        with pytest.raises(Fault) as refused:
            whole_answer(web, place, url + path, lambda path=path: web.get(url + path))
        faults.append(refused.value)
    assert slept == [1, 2]
    (told,) = together(faults)
    assert told.where == "one; two" and told.found.startswith(f"no answer from {url}: ")
    assert web.get(publisher.serve("/file", b"data")).content == b"data"


def test_a_host_whose_name_is_not_known_is_not_tried_again(policy, slept, monkeypatch):
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    web = client(policy)
    for path in ("/a", "/b"):
        with pytest.raises(requests.ConnectionError, match="somewhere.invalid"):
            web.get(f"http://somewhere.invalid{path}")
    assert slept == [1, 2]


def test_only_the_host_that_a_redirect_leads_to_is_given_up(publisher, policy, slept):
    with publishing() as gone:
        publisher.serve("/old", Answer(status=302, headers={"Location": f"{gone.url}/new"}))
    web = client(policy)
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            web.get(f"{publisher.url}/old")
    assert (publisher.paths(), slept) == (["/old"] * 2, [1, 2])


def test_jitter_lies_on_top_and_back_off_doubles(policy):
    pauses = [replace(policy, jitter=0.5).pause(failures) for failures in (1, 2, 3)]
    assert all(least <= pause <= least + 0.5 for least, pause in zip((1, 2, 4), pauses, strict=True))


def test_requests_to_one_host_keep_their_distance(publisher, policy, slept):
    url, now = publisher.serve("/file", b"data"), [100.0]
    web = client(replace(policy, between=2.0, clock=lambda: now[0]))
    web.get(url)
    now[0] += 0.5
    web.get(url)
    assert slept == [1.5]
    now[0] += 2.5
    web.get(url)
    assert slept == [1.5]


def test_a_source_may_ask_for_a_longer_distance(publisher, policy, slept):
    url = publisher.serve("/file", b"data")
    web = client(replace(policy, between=1.0))
    web.keep_apart(url, 6.0)
    web.get(url)
    web.get(url)
    assert slept == [6.0]


def test_the_distance_can_be_set(publisher, policy, slept, monkeypatch):
    monkeypatch.setenv("IMPACT_SECONDS_BETWEEN_REQUESTS", "4")
    url, web = publisher.serve("/file", b"data"), client(replace(policy, between=None))
    web.get(url)
    web.get(url)
    assert slept == [4.0]


def test_follows_a_redirect_and_waits_for_the_host_it_leads_to(publisher, policy, slept):
    publisher.serve("/new", b"data")
    url = publisher.serve("/old", Answer(status=302, headers={"Location": "/new"}))
    assert client(replace(policy, between=1.0)).get(url).content == b"data"
    assert slept == [1.0]


def test_refuses_a_redirect_to_a_file_of_this_machine(publisher, policy):
    url = publisher.serve("/old", Answer(status=302, headers={"Location": "file:///etc/hostname"}))
    with pytest.raises(Fault, match="file:///etc/hostname"):
        client(policy).get(url)


def test_uses_the_proxy_of_the_settings_before_that_of_the_environment(publisher, policy, monkeypatch):
    with publishing() as proxy:
        monkeypatch.setenv("HTTP_PROXY", publisher.url)
        monkeypatch.setenv("IMPACT_PROXY", proxy.url)
        proxy.serve("/file", b"through the proxy")
        assert client(policy).get("http://somewhere.invalid/file").content == b"through the proxy"
    assert publisher.asked == []


def test_the_proxy_of_the_environment_counts_without_one_in_the_settings(publisher, policy, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", publisher.url)
    publisher.serve("/file", b"through the proxy")
    assert client(policy).get("http://somewhere.invalid/file").content == b"through the proxy"
